// `sims pipe --json`: requests from standard input, one JSON object a line, and answers and events
// to standard output. A line of the caller is a request of client/holder/request.h, except that its
// "id" is repeated as it was.
//
// Memory is limited: one line, and at most max_open requests without an answer. Then no more input
// is read until one is answered. Output is written at once, so an unread output stops everything.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cli/input.h"
#include "cli/talk.h"
#include "client/holder/request.h"

namespace sims::client::cli {

class Pipe final : public Talk {
 public:
  static constexpr std::size_t max_open = 32;
  static constexpr std::size_t max_line = max_holder_line - 512;  // leaves room for added fields
  explicit Pipe(const Options& options) : options_(options) {}

  void begin(TalkEdge& edge, bool again) override;
  void answer(std::string line) override;
  void give_up() override;
  bool waits() const override { return giving_up_ && !open_.empty(); }
  void leave() override;

  void take(const std::string& piece);  // a piece of standard input; empty: its end

 private:
  struct Open {
    std::string echo;  // the caller's id, as JSON; empty: none
    HolderRequest request;
    bool mailed = false;  // send: the relay keeps the text
  };
  void take_line(std::string line);
  void ask(std::string echo, HolderRequest request);
  void go_on();
  bool print(const std::string& line);
  bool complain(const std::string& echo, Trouble trouble, std::string_view words);

  const Options& options_;
  TalkEdge* edge_ = nullptr;
  std::unique_ptr<Input> input_;
  std::string text_;  // input without a whole line yet
  proto::JsonTape tape_;
  std::map<std::uint64_t, Open> open_;
  std::uint64_t last_ = 0;  // id of the last request; 0 is `watch`
  bool skipping_ = false;   // the rest of a line that is too long
  bool ended_ = false;      // standard input has ended
  bool giving_up_ = false, going_ = false;
};

}  // namespace sims::client::cli
