// The check of the store that is due after an unclean end, and weekly, beside a command. Damage is told as
// soon as it is found, and the exit status says so.
#pragma once

#include <memory>
#include <thread>

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

class StoreCheckup {
 public:
  explicit StoreCheckup(Store& store);  // begins it if it is due; the store outlives it
  StoreCheckup(const StoreCheckup&) = delete;
  StoreCheckup& operator=(const StoreCheckup&) = delete;
  ~StoreCheckup();
  Exit finish(Exit of_command);  // waits for it

 private:
  Store& store_;
  std::unique_ptr<StoreCheck> check_;
  std::thread thread_;
};

}  // namespace sims::client::cli
