// A disk that fails and loses power, under SQLite: a VFS in front of the usual one, for both stores.
//
// It passes everything through to a real folder, and remembers what no fsync has made safe yet. A
// test chooses a fault for each operation. after_power_cut() is one of the states that a file
// system may come back with:
//   - of each sector (512 bytes, written whole or not at all) any version since the last fsync;
//   - any length that each file had since then;
//   - with or without a file that was made or removed since the folder was synced.
// Writes that a failed fsync did not make safe stay in doubt until they are written again and synced, as on Linux,
// which reports such an error once. For one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/fixed_rng.h"

struct sqlite3_file;

namespace sims::test {

class FaultyDisk {
 public:
  static constexpr std::size_t sector = 512;
  using Image = std::map<std::string, std::string>;  // names below a folder, contents

  enum class Operation { open, read, write, truncate, sync, remove };
  enum class Fault {
    none,
    full,   // ENOSPC: nothing is written
    torn,   // ENOSPC after a part of the write
    error,  // EIO: nothing is done; of a sync: its writes may be on the disk or not
    lie,    // of a sync: says that it is done, and does nothing
  };

  // Becomes SQLite's default for files below `folder` until it dies. One at a time; it outlives the
  // databases. `seed` decides where a write is torn.
  explicit FaultyDisk(std::string folder, std::uint64_t seed = 1);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  const std::string& folder() const { return folder_; }
  Image after_power_cut(FixedRng& random) { return after_power_cut(random, folder_); }
  Image after_power_cut(FixedRng& random, const std::string& below);
  void forget(const std::string& below);  // the files of a folder that is removed

  // Asked before each operation on a file of the disk.
  std::function<Fault(Operation, std::string_view path)> fault = [](Operation, std::string_view) {
    return Fault::none;
  };
  void always(Operation operation, Fault what) {
    fault = [=](Operation asked, std::string_view) { return asked == operation ? what : Fault::none; };
  }
  void mend() {
    fault = [](Operation, std::string_view) { return Fault::none; };
  }
  std::function<void()> changed = [] {};  // after each write, truncation, removal and fsync

  // --- what the VFS calls
  struct Content {
    std::string now, safe;                                     // safe: as of the last fsync
    std::map<std::size_t, std::vector<std::string>> sectors;   // versions since then
    std::map<std::size_t, std::vector<std::string>> doubtful;  // versions that a failed fsync left in doubt
    std::vector<std::size_t> sizes;                            // lengths since the last fsync that worked
    void write(std::size_t at, std::string_view bytes);
    void truncate(std::size_t size);
    void sync();
    void fail_to_sync();
    std::string after_power_cut(FixedRng& random) const;
  };

  bool holds(const char* path) const;
  std::shared_ptr<Content> open(const std::string& path);  // made when it is missing
  void remove(const std::string& path, bool sync_folder);
  void sync_folder() { safe_ = now_; }
  std::size_t part_of(std::size_t size) { return random_.pick(size); }

 private:
  void forget_moved();

  std::string folder_;
  FixedRng random_;
  std::map<std::string, std::shared_ptr<Content>> now_, safe_;
};

}  // namespace sims::test
