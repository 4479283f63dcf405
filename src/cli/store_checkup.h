// The check of the store beside a command; it is due weekly and after an unclean end. Damage is
// reported as soon as it is found, and the exit status shows it.
#pragma once

#include <memory>
#include <thread>

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

class StoreCheckup {
 public:
  explicit StoreCheckup(Store& store);  // starts the check if it is due; the store outlives it
  StoreCheckup(const StoreCheckup&) = delete;
  StoreCheckup& operator=(const StoreCheckup&) = delete;
  ~StoreCheckup();
  Exit finish(Exit of_command);  // waits for the check

 private:
  Store& store_;
  std::unique_ptr<StoreCheck> check_;
  std::thread thread_;
};

}  // namespace sims::client::cli
