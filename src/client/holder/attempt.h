// One attempt of a HolderSession to answer one of its requests: an answer, or "not yet" until the next change. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/holder/service.h"

namespace sims::client {

// Made for one call; the session and its request outlive it.
class HolderAttempt {
 public:
  HolderAttempt(HolderSession& session, HolderSession::Pending& pending);
  bool run();  // true: answered

  // Answers, which they return as true. `next`: where the next page of the answer starts, if there is one.
  bool ok(std::string_view next = {});
  bool error(Trouble trouble, std::string_view words);

  // A request that was taken: its text or texts settled, the relay keeps them, or they cannot be sent. Only while
  // there is a core.
  bool arrived(Delivery delivery);  // delivered or mailed: the answer
  void resent(const Line& text);
  bool call_refused();
  bool waits_elsewhere();

  // The functions of client/holder/request_table.cc: true: answered.
  bool list();
  bool find_out();
  bool send();
  bool give_up();
  bool fingerprint();
  bool verify();
  bool accept();
  bool decline();
  bool block();
  bool forget();
  bool resend();
  bool discard();
  bool erase();
  bool watch();
  bool tell_link();
  bool history();
  bool requests();
  bool mail();

 private:
  enum class Step { on, waits, answered };
  Step wanted();
  Step online();
  Step target();
  Step receiver();
  Step met();
  Step same_key(const Peer& peer);
  Step remembered();
  Step ask_server();
  Step missing();
  Step send_again();
  bool accepts(const Id& key) const { return request_.accept_new || request_.accept == key.text(); }
  bool ask_for_key(const std::string& name, const Id& key);
  bool kept();
  bool stuck(const Line& text);
  bool all_kept();
  bool outcome(const Result<void>& done);
  std::optional<Id> stored_server();

  const Model& model() const { return core_->model(); }
  const Peer* find(const std::string& name) const;  // nullptr: unknown
  const Line* own_line() const;  // the text that the request names; nullptr: not in its window

  HolderSession& session_;
  HolderSession::Pending& pending_;
  const HolderRequest& request_;
  const Greeting& self_;
  HolderHost& host_;
  ClientCore* const
      core_;  // nullptr: there is none yet; a request that needs a connection is answered before
  std::string& output_;
};

}  // namespace sims::client
