// Runs a due check of the store on a thread beside the command.
#include "cli/store_checkup.h"

#include <system_error>

#include "base/clock.h"
#include "cli/output.h"

namespace sims::client::cli {

StoreCheckup::StoreCheckup(Store& store) : store_(store) {
  if (!store.check_due(read_clocks().unix_ms)) return;
  check_ = store.check();
  const auto look = [check = check_.get()] {
    check->run();
    if (!check->problem().empty()) tell(check->problem());
  };
  try {
    thread_ = std::thread(look);
  } catch (const std::system_error&) {  // the system has no thread left
    look();
  }
}

StoreCheckup::~StoreCheckup() {
  if (thread_.joinable()) thread_.join();
}

Exit StoreCheckup::finish(Exit of_command) {
  if (!check_) return of_command;
  if (thread_.joinable()) thread_.join();
  store_.checked(*check_, read_clocks().unix_ms);
  return of_command == Exit::ok && !check_->problem().empty() ? Exit::failure : of_command;
}

}  // namespace sims::client::cli
