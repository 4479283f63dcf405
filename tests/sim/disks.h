// The disks of a simulation: stores of some users, and the relay's accounts and mailboxes, all on one FaultyDisk.
// A seed decides when a disk begins to fail, how it fails, and which writes survive a power cut.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/store/store.h"
#include "server/accounts/sqlite_accounts.h"
#include "server/mailbox/sqlite_mailbox.h"
#include "sim/system_random.h"
#include "support/faulty_disk.h"
#include "support/server_folder.h"

namespace sims::test {

// How a program ends before it comes back.
enum class Ending { killed, power_cut };

class Disks {
 public:
  explicit Disks(std::uint64_t seed);
  ~Disks();

  // A folder for the files of one program. It gets another path after each ending.
  class Place {
   public:
    Place(Disks& disks, const std::string& name);
    const std::string& path() const { return path_; }
    // Copies the files to a new folder as the ending leaves them. The program still has the old
    // files open: drop it, then call forget_old().
    void end(Ending ending);
    void forget_old();

   private:
    Disks& disks_;
    std::string name_, path_, old_;
    int life_ = 0;
  };

  // The files of one program begin to fail in one way, until mend().
  void begin_failing(const Place& place);
  void lie(const Place& place);
  void mend();
  bool failing() const { return !failing_.empty(); }
  std::uint64_t failures() const { return failures_; }

  // No operation fails while this object lives, so that a test can look at the files.
  class Working {
   public:
    explicit Working(Disks& disks) : disks_(disks), failing_(std::exchange(disks.failing_, {})) {}
    ~Working() { disks_.failing_ = failing_; }
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;

   private:
    Disks& disks_;
    std::string failing_;
  };

  // Opens a store that must be there; `wrong` gets what is wrong. While the disk fails, the first
  // attempts may fail, each with an error text.
  std::unique_ptr<client::Store> open_store(Place& place, std::string& wrong);
  std::unique_ptr<server::SqliteAccounts> open_accounts(Place& place, std::string& wrong);
  std::unique_ptr<server::SqliteMailbox> open_mail(Place& place, std::function<void()> wake,
                                                   std::string& wrong);

  FixedRng random;
  std::function<void(const std::string&)> tell = [](const std::string&) {};  // each fault, in words

 private:
  FaultyDisk::Fault fault(FaultyDisk::Operation operation, std::string_view path);
  template <class Open>
  auto open(Open open, std::string& wrong);

  SeededSystemRandom system_;
  Folder folder_;
  FaultyDisk disk_;
  std::string failing_;  // whose files; empty: none
  FaultyDisk::Operation operation_ = FaultyDisk::Operation::write;
  FaultyDisk::Fault kind_ = FaultyDisk::Fault::none;
  std::size_t one_in_ = 1;
  std::uint64_t failures_ = 0;
};

}  // namespace sims::test
