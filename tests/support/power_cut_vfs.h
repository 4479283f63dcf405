// A disk that a power cut can take by surprise, under SQLite: a VFS in front of the usual one that passes
// everything through and remembers what a fsync has not made certain yet. after_power_cut() is then one of
// the states that a file system may come back with: of each sector (512 bytes, written whole or not at all)
// some version since the last fsync, in any order; a length from the same time; and files whose making or
// removal the folder has not been synced for may be there or not. For one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/fixed_rng.h"

struct sqlite3_file;

namespace sims::test {

class PowerCutDisk {
 public:
  static constexpr std::size_t sector = 512;
  using Image = std::map<std::string, std::string>;  // names below the folder, contents

  // Becomes SQLite's default for files below `folder`, which is empty, until it dies. One at a time.
  explicit PowerCutDisk(std::string folder);
  ~PowerCutDisk();

  Image after_power_cut(FixedRng& random) const;

  bool lies = false;                      // fsync does nothing, and says that it has
  bool full = false;                      // no write succeeds
  std::function<void()> changed = [] {};  // after each write, truncation, removal and fsync

  // --- what the VFS calls
  struct Content {
    std::string now, safe;                                    // safe: as of the last fsync
    std::map<std::size_t, std::vector<std::string>> sectors;  // versions since then
    std::vector<std::size_t> sizes;                           // likewise
    void write(std::size_t at, std::string_view bytes);
    void truncate(std::size_t size);
    void sync();
    std::string after_power_cut(FixedRng& random) const;
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;

  bool holds(const char* path) const;
  std::shared_ptr<Content> open(const std::string& path);  // made when it is missing
  void remove(const std::string& path, bool sync_folder);
  void sync_folder();

 private:
  std::string folder_;
  Names now_, safe_;
};

}  // namespace sims::test
