// The core's inside: its parts and what goes between them. Included by core.cc and core_state.cc only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "client/connection.h"
#include "client/conversation.h"
#include "client/core.h"
#include "client/roster.h"

namespace sims::client {

struct Core::State final : Context, Connection::Host {
  State(CoreOptions options, Memory& trust, crypto::EphemeralSource& source, Effects& out);

  // --- Context
  std::uint64_t send(std::string_view message, Now now) override { return connection.send(message, now); }
  void start(std::unique_ptr<PeerWork> work) override;
  void start(std::unique_ptr<RekeyWork> work) override;

  // --- Connection::Host
  void online(Now now) override;
  void message(std::string_view plaintext, Now now) override;
  void lost() override;
  void leaving(Now now) override;

  // --- for Core
  void finish();
  void work_done(Work& work, Now now);
  void tick(Now now);
  std::int64_t next_tick() const;
  // Who is known there, before we are online; `elsewhere`: what the model shows is another server's.
  void show_known(const std::string& host_port, bool elsewhere);
  Result<Peer*> find(const std::string& name);
  Conversation& conversation(const std::string& name);  // of a peer in the model
  Conversation* talking(const std::string& name);       // nullptr: none yet
  Result<void> pin(const std::string& name, const PinnedPeer& peer);

  CoreOptions owned_options;
  Model shown;
  Memory& store;
  Windows window_lines;
  Pins pinned;
  Roster roster;
  Connection connection;

 private:
  struct Parked {
    Id src;
    PeerFrame frame;
    std::int64_t until_ms;
  };

  void use_server(const Id& server);
  void hop(proto::FromServer& message, Now now);
  void receive_list(const proto::List& list, Now now);
  void receive_error(const proto::Error& error, Now now);
  void roster_changed(const Roster::Change& change, Now now);
  void forwarded(const Id& src, const Id& dst, PeerFrame frame, Now now);
  const std::string* name_of(const Id& src) const;
  void park(const Id& src, PeerFrame frame, Now now);
  void unpark(Now now);
  void next_costly();

  Id server_;           // whose peers the model shows
  std::string buffer_;  // a sub-message being parsed in place
  proto::JsonTape tape_;
  std::optional<Id> page_after_;                       // the last id of the snapshot so far
  bool snapshot_ = false;                              // it is coming, page by page
  std::map<std::string, Conversation> conversations_;  // by name
  std::deque<Parked> parked_;                          // calls of ids that the list has not shown yet
  bool costly_out_ = false;                            // work that makes a costly key runs
  std::deque<std::unique_ptr<PeerWork>> costly_calls_;
  std::deque<std::unique_ptr<RekeyWork>> costly_rekeys_;
};

}  // namespace sims::client
