// StoreWatch: runs a due check on a worker thread, and sets the next time.
#include "client/store/check_schedule.h"

#include <utility>

namespace sims::client {

StoreWatch::StoreWatch(net::Loop& loop, Store& store, std::function<void(const StoreCheck&)> done,
                       std::int64_t again_ms)
    : loop_(loop), store_(store), done_(std::move(done)), again_ms_(again_ms), timer_(loop, [this] {
        begin();
      }) {}

void StoreWatch::begin() {
  begin_later();
  if (running_ || !store_.check_due(loop_.now().unix_ms)) return;
  running_ = true;
  std::shared_ptr<StoreCheck> check = store_.check();
  loop_.work([check] { check->run(); },
             [this, check] {
               running_ = false;
               store_.checked(*check, loop_.now().unix_ms);
               done_(*check);
             });
}

}  // namespace sims::client
