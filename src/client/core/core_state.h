// The core's inside: its parts and what goes between them. Included by core*.cc only: core.cc and
// core_people.cc (intents), core_state.cc (the connection's host, the Memory), core_list.cc (who is there,
// whose message this is), core/find.cc (who has a name), core_work.cc (threads and time).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "client/conversation/conversation.h"
#include "client/core/connection.h"
#include "client/core/core.h"
#include "client/core/due_times.h"
#include "client/state/catch_up.h"
#include "client/state/roster.h"

namespace sims::client {

struct ClientCore::State final : Context, Connection::Host {
  State(CoreOptions options, Memory& trust, crypto::EphemeralSource& source, Effects& out);

  // --- Context
  std::uint64_t send(std::string_view message, Now now) override { return connection.send(message, now); }
  void send_ack(std::string_view message, Now now) override { connection.send_unanswered(message, now); }
  bool start(std::unique_ptr<PeerWork> work) override;
  void start(std::unique_ptr<RekeyWork> work) override;

  // --- Context, Connection::Host
  Result<void> write_down(Now now, const std::function<Result<void>()>& writes) override;

  // --- Connection::Host
  void online(Now now) override;
  void message(std::string_view plaintext, Now now) override;
  void lost() override;
  void leaving(Now now) override;

  // --- for ClientCore
  void finish();
  Result<void> commit(Now now);
  void work_done(Work& work, Now now);
  void tick(Now now);
  std::int64_t next_tick();
  Result<void> outbox_is_read(Now now);  // else no text may be queued
  Load load() const { return {conversations_.size(), looked_at_}; }
  // Who is known there, before we are online; `elsewhere`: what the model shows is another server's.
  void show_known(const std::string& host_port, bool elsewhere, Now now);
  Result<Peer*> find(const std::string& name);
  // These two note that it is used: index_touched() looks at it again.
  Conversation& conversation(const std::string& name);  // of a peer in the model
  Conversation* talking(const std::string& name);       // nullptr: none yet
  Result<void> pin(const std::string& name, const PinnedPeer& peer, Now now);
  PinnedPeer pin_of(const Peer& peer, Now now) const;  // the one that it has, or would get
  void look_alike(Peer& peer);
  Result<void> ask_who(const std::string& asked, std::optional<std::string> window, Now now);
  void shut(Peer& peer, bool forget);  // declined or blocked; `forget`: also what was said

  CoreOptions owned_options;
  Model shown;
  Memory& store;
  Windows window_lines;
  Pins pinned;
  History past;
  Roster roster;
  Connection connection;
  Summary summary;
  Now clock;  // as of the last event or intent

 private:
  struct Parked {
    Id src;
    PeerFrame frame;
    std::int64_t until_ms;
  };

  Result<void> commit_past(Now now);
  void index_touched();
  void drop(const std::string& name);
  void drop_all();
  bool room_for_caller(const Peer& peer);
  void use_server(const Id& server, Now now);
  void restore_outbox(Now now);
  void restore_waiting(std::int64_t wait_ms, Now now);
  void restore_again(Now now);  // what could not be read
  void could_not_read(std::int64_t& again_ms, const std::string& what, const std::string& why, Now now);
  void read_pins_again();
  bool blocked(const std::string& name, const Id& src) const;
  void forget_gone(const std::string& name);
  void hop(proto::FromServer& message, Now now);
  void ask_page(Now now);
  void receive_list(const proto::List& list, Now now);
  void receive_error(const proto::Error& error, Now now);
  void receive_found(const proto::Found& found, Now now);
  bool find_failed(const proto::Error& error, Now now);
  void answer_finds(const std::string& asked, const FindAnswer& answer, Now now);
  void roster_changed(const Roster::Change& change, Now now);
  void forwarded(const Id& src, const Id& dst, PeerFrame frame, Now now);
  const std::string* name_of(const Id& src) const;
  void park(const Id& src, PeerFrame frame, Now now);
  void unpark(Now now);
  void next_costly();

  Id server_;                 // whose peers the model shows
  bool been_online_ = false;  // there
  bool told_restored_ = false;
  // When to read again what could not be read; INT64_MAX: it was read.
  std::int64_t outbox_again_ms_ = INT64_MAX, waiting_again_ms_ = INT64_MAX;
  std::string buffer_;  // a sub-message being parsed in place
  proto::JsonTape tape_;
  std::optional<Id> page_after_;            // the last id of the snapshot so far
  std::uint64_t page_seq_ = 0;              // of the request for the next page
  std::int64_t page_again_ms_ = INT64_MAX;  // when to say it again: the server refused it
  bool snapshot_ = false;                   // it is coming, page by page
  struct Asked {
    std::string what;                   // a name or an id
    std::optional<std::string> window;  // where the answer is shown
  };
  std::map<std::uint64_t, Asked> finds_;               // by seq: those that wait for their answer
  std::map<std::string, Conversation> conversations_;  // by name; those with nothing left are dropped
  // Of the conversations: what a turn must look at. Touched ones are indexed again before the index is asked.
  std::set<std::string> touched_;
  DueTimes due_;                     // whose tick() is due
  DueTimes idle_;                    // nothing is left of them: when they are dropped
  std::set<std::string> in_flight_;  // whose texts are on their way
  std::uint64_t looked_at_ = 0;
  std::deque<Parked> parked_;         // calls of ids that the list has not shown yet
  bool costly_out_ = false;           // work that makes a costly key for a contact runs
  bool strangers_out_ = false;        // likewise for a stranger, in spare time: it may take long
  Ration strangers_keys_{2, 60'000};  // costly ones: nobody has proved who he is by then
  std::deque<std::unique_ptr<PeerWork>> costly_calls_;
  std::deque<std::unique_ptr<RekeyWork>> costly_rekeys_;
};

}  // namespace sims::client
