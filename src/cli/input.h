// Standard input without blocking the loop, for any kind (a file, a pipe, a terminal shared with
// other programs): a thread reads, and hands over one piece at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/loop.h"

namespace sims::client::cli {

class Input {
 public:
  // on_piece gets the bytes read, empty at the end; the input may die inside it. The loop outlives
  // it.
  Input(net::Loop& loop, std::function<void(std::string piece)> on_piece);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  void next();  // reads one more piece, unless one is being read

 private:
  struct State;
  net::Loop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace sims::client::cli
