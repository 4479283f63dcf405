// Asks the person at the terminal, without holding up the loop: through /dev/tty, opened anew, so that
// nothing that shares standard input becomes non-blocking.
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
  // nullptr when standard input or standard error is not a terminal. on_line gets each line without its end,
  // nothing more after the terminal's end (on_line("no")); the prompt may die inside it.
  static std::unique_ptr<Prompt> open(net::Loop& loop, std::function<void(const std::string& line)> on_line);
  ~Prompt();
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;
  void say(std::string_view text);  // our own words: written as they are

 private:
  Prompt(net::Loop& loop, int fd, std::function<void(const std::string& line)> on_line);
  void readable();

  int fd_;
  std::string line_;
  std::function<void(const std::string& line)> on_line_;
  std::optional<net::Readable> reader_;
};

// One question at a time, whose answer is yes, no or a fingerprint.
class Asker {
 public:
  explicit Asker(net::Loop& loop) : loop_(loop) {}
  // False: nobody can be asked.
  bool ask(const std::string& words, const proto::Id& id, std::function<void(bool accept)> decided);
  bool asking() const { return prompt_ != nullptr; }
  void stop() { prompt_.reset(); }

 private:
  net::Loop& loop_;
  std::unique_ptr<Prompt> prompt_;
};

}  // namespace sims::client::cli
