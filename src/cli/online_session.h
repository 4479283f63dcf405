// One run of a command that needs the server: connects, does it, leaves. See sims(1).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/options.h"
#include "cli/prompt.h"
#include "client/link.h"
#include "client/store.h"

namespace sims::client::cli {

class Session {
 public:
  // `options` and `keys` (held) outlive it. `server` is HOST:PORT.
  Session(const Options& options, Store& keys, std::string server, std::string name);
  Exit run();

 private:
  void look();  // the model changed: what now?
  void look_online();
  void list();
  void find();
  void send();
  void end_if_refused();
  void resend();
  void fingerprint();
  void verify();
  void decide();
  void give_up();
  void received(const std::string& peer, const Line& line);
  void delivery_changed(const Line& line);

  void decide_about_server(const Question& question);
  void decide_about_peer(const Peer& peer);
  // Asks for yes, no or the fingerprint; false: nobody can be asked.
  bool ask(const std::string& words, const Id& id, std::function<void(bool accept)> decided);
  const Peer* target() const;  // who is online under the name that was given; else nullptr
  // The target, or nullptr: not listed yet, or the end was begun with the reason.
  const Peer* await_target();
  // What the server says about the target; nullptr: nothing yet, or the end was begun.
  const FindAnswer* ask_about_target();
  void target_is_missing(const FindAnswer& answer);

  void report_own_words();
  void report_own_words(const std::deque<Line>& lines, bool notices);
  bool print(const std::string& text);
  void interrupted();
  void late();
  void finish(Exit exit, const std::string& why = "");

  const Options& options_;
  Store& keys_;
  std::string server_;
  std::optional<Exit> exit_;
  std::string told_why_;  // the refusal that was said last
  bool was_online_ = false, is_online_ = false, answered_ = false;
  std::optional<Id> accepted_peer_;
  std::optional<std::uint64_t> serial_;  // of the line that is being sent
  std::uint64_t unproved_row_ = 0;       // its row in the history, until the delivery is proved
  std::set<std::uint64_t> resent_;       // rows that are not yet delivered
  bool unproved_left_ = false;           // the server took it
  std::uint64_t last_told_ = 0, newest_told_ = 0;
  std::uint64_t count_ = 0;
  net::Loop loop_;
  net::Timer deadline_;
  net::Signal int_, term_, hup_;
  std::unique_ptr<Prompt> prompt_;
  Link link_;
};

}  // namespace sims::client::cli
