// The exchange of one command: its request, and its answer as output and exit status. See sims(1).
#pragma once

#include <deque>

#include "cli/talk.h"
#include "client/holder/request.h"
#include "client/model/memory.h"

namespace sims::client::cli {

Exit exit_of(Trouble trouble);

class Exchange final : public Talk {
 public:
  // `options` outlives it. `uid`: of the text of the command `send`.
  Exchange(const Options& options, const proto::Id& self, std::string uid);

  void begin(TalkEdge& edge, bool again) override;
  void answer(std::string line) override;
  void give_up() override;
  bool waits() const override { return giving_up_; }
  void leave() override { edge_ = nullptr; }
  bool was_online() const override { return was_online_; }

 private:
  void say();
  void failed(const proto::JsonValue& answer);
  void row(const proto::JsonValue& row);
  void done(const proto::JsonValue& answer);
  void given_up(bool done, std::string_view why);
  void texts(const proto::JsonValue& row);
  void where(const proto::JsonValue& row);
  void message(const proto::JsonValue& event);
  void entry(const proto::JsonValue& row);
  void history_came(const std::string& next);
  void ask_about_peer(const std::string& name, const proto::Id& key);

  const Options& options_;
  const proto::Id self_;
  HolderRequest request_;
  TalkEdge* edge_ = nullptr;
  proto::JsonTape tape_;
  std::string out_;
  std::deque<HistoryEntry> entries_;  // of history and export, oldest first
  bool was_online_ = false;
  bool waiting_ = false, giving_up_ = false;  // for the answer to the request, to give_up()
  bool mailed_ = false;                       // send: the relay keeps the text
  std::uint64_t count_ = 0;                   // printed by listen
};

}  // namespace sims::client::cli
