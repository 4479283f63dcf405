// The internals of ClientCore: its parts, and the calls between them. Included by core/*.cc only.
#pragma once

#include <deque>
#include <string>

#include "client/core/connection.h"
#include "client/core/conversation_table.h"
#include "client/core/core.h"
#include "client/core/find.h"
#include "client/core/job_queue.h"
#include "client/mail/inbox.h"
#include "client/state/catch_up.h"
#include "client/state/roster.h"

namespace sims::client {

struct ClientCore::State final : CoreServices, Connection::Host, MailHost {
  State(CoreOptions given, Memory& memory, crypto::EphemeralSource& ephemerals, Effects& effects);

  // --- CoreServices
  std::uint64_t send(std::string_view message, Now now) override { return connection.send(message, now); }
  void send_ack(std::string_view message, Now now) override { connection.send_unanswered(message, now); }
  bool start(std::unique_ptr<PeerWork> work) override { return jobs.start(std::move(work), clock); }
  void start(std::unique_ptr<RekeyWork> work) override { jobs.start(std::move(work)); }
  void start(std::unique_ptr<OpeningWork> work) override { jobs.start(std::move(work)); }

  // --- CoreServices, Connection::Host
  Result<void> write_down(Now now, const std::function<Result<void>()>& writes) override;

  Result<void> accept_mail(const Id& from) override { return inbox.accept(from); }
  bool awaits_mail(const Id& from) override;

  // --- MailHost
  const std::string* name_of(const Id& id) const override;
  bool blocked(const std::string& name, const Id& id) const override;
  void look_up(const Id& id, std::function<void(const FindAnswer&, Now)> answered, Now now) override;
  Peer* meet(const std::string& name, const Id& id, Now now) override;
  void drop_if_unused(const std::string& name) override;
  Conversation* conversation(Peer& peer, Now now) override;
  void abandon(const std::string& why, Now now) override { connection.abandon(why, now); }

  // --- Connection::Host
  void online(Now now) override;
  void message(std::string_view plaintext, Now now) override;
  void lost() override;
  void leaving(Now now) override;

  // --- for ClientCore
  Result<void> commit(Now now);
  void tick(Now now);
  void end_turn(Now now);  // of the core: what is done once in it
  std::int64_t next_tick();
  Result<void> outbox_is_read(Now now);  // an error: no text may be queued, sent again or given up
  // Shows a server's peers before we are online. `elsewhere`: the model shows another server's.
  void show_remembered(const std::string& host_port, bool elsewhere, Now now);
  Result<Peer*> find(const std::string& name);
  Result<void> pin(const std::string& name, const PinnedPeer& peer, Now now);
  PinnedPeer pin_of(const Peer& peer, Now now) const;  // the current pin, or the one it would get
  void look_alike(Peer& peer);
  // Ends the session after a peer was declined, blocked or forgotten. The peer is not told.
  void dismiss(Peer& peer, bool erased);

  CoreOptions options;
  Model model;
  Memory& memory;
  Effects& effects;
  Windows windows;
  Pins pins;
  History history;
  Roster roster;
  Connection connection;
  Summary summary;
  Context context;  // of the parts above
  ConversationTable conversations;
  JobQueue jobs;
  Finds finds;
  Inbox inbox;
  Now clock;  // set at the last event or intent

 private:
  struct Parked {
    Id src;
    PeerFrame frame;
    std::int64_t until_ms;
  };

  Result<void> commit_history(Now now);
  void use_server(const Id& server, Now now);
  void restore_outbox(Now now);
  void restore_waiting(std::int64_t wait_ms, Now now);
  void restore_again(Now now);  // retries failed reads
  void could_not_read(std::int64_t& again_ms, const std::string& what, const std::string& why, Now now);
  void read_again();
  void restore_letters(Now now);
  void wake_writers(Now now);
  void mail_is_known();
  void forget_gone(const std::string& name);
  void from_server(proto::FromServer& message, std::string_view raw, Now now);
  // mail.cc; false: not about mail.
  bool mail_from_server(const proto::FromServer& message, std::string_view raw, Now now);
  void receive_status(const proto::PrekeysStatus& status, Now now);
  void count_item(Now now);
  void ask_page(Now now);
  void receive_list(const proto::List& list, Now now);
  void receive_error(const proto::Error& error, Now now);
  void receive_receipt(const proto::ClientReceipt& receipt, Now now);
  void roster_changed(const Roster::Change& change, Now now);
  void key_changed(Peer& peer, Conversation* conversation, Now now);
  void from_peer(const Id& src, const Id& dst, PeerFrame frame, Now now);
  Conversation* conversation_of(const Id& id);  // nullptr: none
  void park(const Id& src, PeerFrame frame, Now now);
  void unpark(Now now);

  Id server_;                 // the server whose peers the model shows
  bool been_online_ = false;  // at server_
  bool told_restored_ = false;
  bool first_waits_ = false;  // some text waits for letters that may be before it
  // When to retry a failed read of the Memory; INT64_MAX: no read failed.
  std::int64_t outbox_again_ms_ = INT64_MAX, waiting_again_ms_ = INT64_MAX;
  std::int64_t traces_ms_ = INT64_MAX;  // when the Memory is to wipe the traces of secrets
  std::string buffer_;                  // a sub-message being parsed in place
  proto::JsonTape tape_;
  std::optional<Id> page_after_;            // the last id of the snapshot so far
  std::uint64_t page_seq_ = 0;              // of the request for the next page
  std::int64_t page_again_ms_ = INT64_MAX;  // when to repeat that request after a refusal
  bool snapshot_ = false;                   // the snapshot is coming, page by page
  std::int64_t mail_by_ms_ = INT64_MAX;     // when a server that has said nothing of letters keeps none
  std::deque<Parked> parked_;               // calls of ids that the list has not shown yet
};

// One public call of ClientCore. Sets the clock. Its end writes the sealed messages and reports a
// changed model, unless nothing_changed() was called.
class ClientCore::Turn {
 public:
  Turn(State& state, Now now) : state_(state) { state_.clock = now; }
  explicit Turn(State& state) : state_(state) {}  // keeps the clock of the last event
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    state_.connection.flush();
    if (changed_) state_.effects.changed();
  }
  State* operator->() const { return &state_; }
  void nothing_changed() { changed_ = false; }

 private:
  State& state_;
  bool changed_ = true;
};

}  // namespace sims::client
