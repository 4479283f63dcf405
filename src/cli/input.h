// Standard input without holding up the loop, whatever it is (a file, a pipe, a terminal that other programs
// share): a thread reads, and one piece at a time is handed over.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/loop.h"

namespace sims::client::cli {

class Input {
 public:
  // on_piece gets what was read, empty at the end; the input may die inside it. The loop outlives it.
  Input(net::Loop& loop, std::function<void(std::string piece)> on_piece);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  void next();  // reads one more piece; nothing while one is read

 private:
  struct State;
  net::Loop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace sims::client::cli
