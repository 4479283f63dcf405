// Questions to the person at the terminal, without blocking the loop. They use /dev/tty, which is
// opened again, so that nothing that shares standard input becomes non-blocking.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "proto/identity.h"

namespace sims::client::cli {

class Prompt {
 public:
  // Returns nullptr if standard input or standard error is not a terminal. on_line gets each line
  // without its end, and nothing more after the terminal's end (on_line("no")); the prompt may die
  // inside it.
  static std::unique_ptr<Prompt> open(net::Loop& loop, std::function<void(const std::string& line)> on_line);
  ~Prompt();
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;
  void say(std::string_view text);  // our own text, written unchanged

 private:
  Prompt(net::Loop& loop, int fd, std::function<void(const std::string& line)> on_line);
  void readable();

  int fd_;
  std::string line_;
  std::function<void(const std::string& line)> on_line_;
  std::optional<net::Readable> reader_;
};

// Asks one question at a time; the answer is yes, no or a fingerprint.
class Asker {
 public:
  explicit Asker(net::Loop& loop) : loop_(loop) {}
  // False: there is no terminal.
  bool ask(const std::string& words, const proto::Id& id, std::function<void(bool accept)> decided);
  bool asking() const { return prompt_ != nullptr; }
  void stop() { prompt_.reset(); }

 private:
  net::Loop& loop_;
  std::unique_ptr<Prompt> prompt_;
};

}  // namespace sims::client::cli
