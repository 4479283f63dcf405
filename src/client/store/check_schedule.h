// The schedule of store checks in a program that holds its store for long: starts a due check at
// once and then each day, on another thread, one at a time.
#pragma once

#include <functional>
#include <memory>

#include "client/store/check.h"
#include "client/store/store.h"
#include "net/loop.h"

namespace sims::client {

class StoreWatch {
 public:
  static constexpr std::int64_t daily_ms = std::int64_t{24} * 3'600'000;

  // `done` is called on the loop after each check. The loop and the store outlive this object, and
  // the loop runs nothing after it is gone.
  StoreWatch(net::Loop& loop, Store& store, std::function<void(const StoreCheck&)> done,
             std::int64_t again_ms = daily_ms);
  void begin();
  void begin_later() { timer_.start(again_ms_); }  // the first check is done elsewhere

 private:
  net::Loop& loop_;
  Store& store_;
  std::function<void(const StoreCheck&)> done_;
  std::int64_t again_ms_;
  bool running_ = false;
  net::Timer timer_;
};

}  // namespace sims::client
