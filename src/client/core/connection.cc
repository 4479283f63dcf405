// Connection: its intents, its link and its timers. Errors and refusals are in
// connection_errors.cc.
#include "client/core/connection.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

// After this long online, the next loss starts with short waits again.
constexpr std::int64_t settled_ms = 20'000;
constexpr std::int64_t connect_deadline_ms = 30'000;
// The silence before a ping. Short while the user is there or something of ours is unanswered; long
// otherwise, so that idling costs little.
constexpr std::int64_t silence_ms = 5'000, idle_silence_ms = 15'000;
constexpr std::int64_t there_ms = 60'000;  // the user counts as there after check_link()
// The wait for an answer to a ping before the link counts as dead. Shorter while the user waits for
// it.
constexpr std::int64_t ping_deadline_ms = 5'000, check_deadline_ms = 3'000;
// The link is dead if data arrives but nothing of ours is acked for this long.
constexpr std::int64_t stuck_ms = 30'000;

}  // namespace

Connection::Connection(const CoreOptions& options, Model& model, Memory& memory,
                       crypto::EphemeralSource& ephemerals, Effects& effects, Windows& windows, Host& host)
    : options_(options),
      model_(model),
      memory_(memory),
      ephemerals_(ephemerals),
      effects_(effects),
      windows_(windows),
      host_(host) {}

Connection::~Connection() = default;

std::optional<Id> Connection::expected() const {
  if (accepted_key_) return accepted_key_;
  auto known = memory_.server(model_.server);
  if (!known) return std::nullopt;
  return known->id;
}

// --- intents -------------------------------------------------------------------------------------

void Connection::connect(const std::string& host_port, Now now) {
  disconnect(now);
  flush();
  model_.server = host_port;
  failures_ = 0;
  accepted_key_.reset();
  model_.server_was.reset();
  open(now);
}

void Connection::invite(std::string_view code) {
  invitation_ = SecretBytes(bytes_of(code));
}

void Connection::open(Now now) {
  model_.link = LinkState::connecting;
  model_.progress = "connecting to " + model_.server;
  model_.problem.clear();
  model_.refusal.reset();
  deadline_ms_ = now.steady_ms + connect_deadline_ms;
  ++number_;
  link_ = true;
  effects_.open_link(model_.server);
}

void Connection::disconnect(Now now) {
  if (model_.link == LinkState::online) {
    host_.leaving(now);
    // `disconnect` gets its own seq, the last one that we use.
    send(proto::encode(proto::Disconnect{options_.name, transport_->sent()}), now);
  }
  flush();
  drop_link(true);
  stop({});
}

void Connection::answer(bool accept, Now now) {
  if (!model_.question) return;
  const Question question = *model_.question;
  // A changed key needs its fingerprint, not a yes.
  if (accept && question.kind == Question::Kind::server_changed) return;
  model_.question.reset();
  if (!accept) return stop("the server's key was not accepted");
  accepted_key_ = question.shown;  // proved already: the handshake had reached phase 4
  if (auto stored = remember(question.shown, now); !stored) return stop(stored.error());
  open(now);
}

Result<void> Connection::accept_changed(std::string_view fingerprint, Now now) {
  if (!model_.question || model_.question->kind != Question::Kind::server_changed)
    return sims::fail("there is no changed server key to accept");
  const Id shown = model_.question->shown;
  if (!proto::fingerprint_matches(fingerprint, shown))
    return sims::fail("this is not the fingerprint of the server's new key");
  model_.question.reset();
  accepted_key_ = shown;
  open(now);
  return {};
}

// A changed key is shown on phase 2's claim, so it is stored only after it was proved.
Result<void> Connection::remember(const Id& proved, Now now) {
  const auto known = memory_.server(model_.server);
  const bool asked = std::exchange(accepted_key_, std::nullopt).has_value();
  if (known && known->id == proved) return {};
  bool along = true;
  // Commits pending writes first: they belong to the old id.
  auto stored = host_.write_down(now, [] { return Result<void>(); });
  if (stored) {
    stored = host_.write_down(now, [&]() -> Result<void> {
      const PinnedServer server{proved, now.unix_ms};
      if (!known) return memory_.pin_server(model_.server, server);
      const auto replaced = memory_.replace_server(model_.server, server);
      if (!replaced) return sims::fail(replaced.error());
      along = *replaced;
      return {};
    });
  }
  if (!stored) {
    const std::string words = "the server's key could not be stored: " + stored.error();
    windows_.alarm(nullptr, "Not connected: " + words, now);
    return sims::fail(words);
  }
  if (known && along) model_.server_was = known->id;
  if (!asked)
    windows_.notice(nullptr, "First contact with " + model_.server + ": its key is now remembered.", now);
  if (!along)
    windows_.alarm(nullptr,
                   "Contacts, history and unsent texts stay with the server's old key: it is known under "
                   "another address too, or its new key was known already.",
                   now);
  return {};
}

// --- the link ------------------------------------------------------------------------------------

void Connection::opened(Now now) {
  if (!link_ || model_.link != LinkState::connecting) return;
  model_.link = LinkState::handshaking;
  model_.progress = "agreeing on keys with " + model_.server;
  deadline_ms_ = now.steady_ms + proto::handshake_deadline_ms;
  proto::HandshakeOptions options;
  options.kind = proto::HandshakeKind::client_server;
  options.role = proto::Role::initiator;
  options.identity = options_.identity;
  options.name = options_.name;
  options.suites = options_.suites;
  options.peer = expected();
  options.accept_unknown = options_.accept_new;
  transport_.emplace(std::move(options), ephemerals_);
  transport_->start(out_);
}

void Connection::read(ByteView bytes, Now now) {
  if (!link_ || !transport_) return;
  heard_ms_ = now.steady_ms;
  heard_unix_ms_ = now.unix_ms;
  poll(bytes, now);
  if (transport_ && transport_->connected()) transport_->flush_ack(now, out_);
}

void Connection::poll(ByteView input, Now now) {
  const std::uint64_t number = number_;
  while (transport_ && number_ == number) {
    auto event = transport_->poll(input, scratch_, now, out_);
    using Kind = proto::Transport::Event::Kind;
    if (transport_->connected() && model_.link == LinkState::handshaking) secured(now);
    if (number_ != number) return;
    switch (event.kind) {
      case Kind::need_input:
        return;
      case Kind::work:
        effects_.start_work(std::make_unique<ServerWork>(number_, std::move(event.work)));
        break;
      case Kind::failed:
        return handshake_failed(event.failure, now);
      case Kind::message:
        host_.message(event.message, now);
        break;
    }
  }
}

void Connection::work_done(ServerWork& work, Now now) {
  if (work.number != number_ || !transport_) return;
  auto event = transport_->complete(std::move(work.handshake), now, out_);
  if (event.kind == proto::Transport::Event::Kind::failed) return handshake_failed(event.failure, now);
  poll({}, now);
  if (transport_ && transport_->connected()) transport_->flush_ack(now, out_);
}

// Until the invitation is redeemed nothing else is sent: the server would answer `not-registered`.
void Connection::secured(Now now) {
  if (redeeming_) return;
  if (invitation_.size() == 0) return became_online(now);
  redeeming_ = true;
  model_.progress = "redeeming the invitation";
  deadline_ms_ = now.steady_ms + proto::handshake_deadline_ms;
  std::string message = proto::encode(proto::Register{std::string(text_of(invitation_.view()))});
  transport_->send(message, now, out_);
  wipe(message);
}

void Connection::became_online(Now now) {
  if (auto stored = remember(transport_->peer_id(), now); !stored) {
    drop_link(false);
    return stop(stored.error());
  }
  online_since_ms_ = now.steady_ms;
  parting_.clear();
  model_.server_id = transport_->peer_id();
  model_.server_name = transport_->peer_name();
  model_.suite = std::string(transport_->suite()->name);
  model_.link = LinkState::online;
  model_.progress.clear();
  model_.round_trip_ms = -1;
  heard_ms_ = acked_ms_ = now.steady_ms;
  heard_unix_ms_ = now.unix_ms;
  asked_ = acked_ = 0;
  host_.online(now);
  if (model_.link == LinkState::online && !probe_ms_ && transport_->sent() > 0) {
    probe_ms_ = now.steady_ms;  // the first message measures the round trip too
    probe_deadline_ms_ = ping_deadline_ms;
    probe_seq_ = transport_->sent() - 1;
  }
}

void Connection::closed(const std::string& reason, Now now) {
  if (!link_) return;
  link_ = false;
  drop_link(false);
  if (!parting_.empty()) return retry(std::exchange(parting_, {}), now);
  retry(reason.empty() ? "the server ended the connection" : reason, now);
}

// Forgets the connection. The edge closes its link if it still has one.
void Connection::drop_link(bool flush_first) {
  const bool was_online = model_.link == LinkState::online;
  if (link_) {
    flush();
    effects_.close_link(flush_first);
  }
  link_ = false;
  ++number_;
  transport_.reset();
  redeeming_ = false;
  out_.clear();
  probe_ms_.reset();
  model_.link = LinkState::offline;
  model_.progress.clear();
  model_.round_trip_ms = -1;
  if (was_online) host_.lost();
}

void Connection::stop(const std::string& problem) {
  model_.question.reset();
  model_.link = LinkState::offline;
  model_.progress.clear();
  model_.problem = problem;
}

void Connection::retry(const std::string& problem, Now now, std::int64_t low_ms, std::int64_t high_ms) {
  if (!options_.reconnect) return stop(problem);
  if (online_since_ms_ > 0 && now.steady_ms - online_since_ms_ >= settled_ms) failures_ = 0;
  online_since_ms_ = 0;
  ++failures_;
  model_.link = LinkState::waiting;
  model_.problem = problem;
  model_.retry_at_ms = now.steady_ms + backoff_ms(failures_, low_ms, high_ms, ephemerals_.rng());
}

// --- time ----------------------------------------------------------------------------------------

void Connection::acked(std::uint64_t seq, Now now) {
  if (redeeming_) {  // nothing else was sent
    redeeming_ = false;
    invitation_ = {};
    return became_online(now);
  }
  acked_ = std::max(acked_, seq + 1);
  acked_ms_ = now.steady_ms;
  if (!probe_ms_ || seq < probe_seq_) return;
  model_.round_trip_ms = now.steady_ms - *probe_ms_;
  probe_ms_.reset();
}

void Connection::probe(std::int64_t deadline_ms, Now now) {
  probe_seq_ = send(proto::encode(proto::Ping{}), now);
  probe_ms_ = now.steady_ms;
  probe_deadline_ms_ = deadline_ms;
}

void Connection::check_link(Now now) {
  user_seen_ms_ = now.steady_ms;
  if (model_.link == LinkState::waiting && early_retries_.take(now.steady_ms)) return open(now);
  if (model_.link != LinkState::online || probe_ms_) return;
  // The steady clock may stand still while the machine sleeps, so the wall clock counts too.
  const std::int64_t silent = std::max(now.steady_ms - heard_ms_, now.unix_ms - heard_unix_ms_);
  if (silent >= silence_ms) probe(check_deadline_ms, now);
}

void Connection::abandon(const std::string& why, Now now) {
  if (model_.link != LinkState::online) return;
  out_.clear();
  drop_link(false);
  retry(why, now);
}

void Connection::tick(Now now) {
  if (now.steady_ms < next_tick()) return;
  switch (model_.link) {
    case LinkState::waiting:
      return open(now);
    case LinkState::connecting:
    case LinkState::handshaking:
      drop_link(false);
      return retry("no answer from the server", now);
    case LinkState::online:
      if (now.steady_ms < dead_at()) return probe(ping_deadline_ms, now);
      drop_link(false);
      return retry("the server stopped answering", now);
    default:
      return;
  }
}

std::int64_t Connection::ping_at() const {
  if (probe_ms_) return INT64_MAX;
  const bool awaited = asked_ > acked_ || heard_ms_ + silence_ms <= user_seen_ms_ + there_ms;
  return heard_ms_ + (awaited ? silence_ms : idle_silence_ms);
}

std::int64_t Connection::dead_at() const {
  const std::int64_t silent = probe_ms_ ? std::max(*probe_ms_, heard_ms_) + probe_deadline_ms_ : INT64_MAX;
  const std::int64_t stuck = asked_ > acked_ ? std::max(asked_ms_, acked_ms_) + stuck_ms : INT64_MAX;
  return std::min(silent, stuck);
}

std::int64_t Connection::next_tick() const {
  switch (model_.link) {
    case LinkState::waiting:
      return model_.retry_at_ms;
    case LinkState::connecting:
    case LinkState::handshaking:
      return deadline_ms_;
    case LinkState::online:
      return std::min(ping_at(), dead_at());
    default:
      return INT64_MAX;
  }
}

// --- writing -------------------------------------------------------------------------------------

std::uint64_t Connection::send(std::string_view message, Now now) {
  transport_->send(message, now, out_);
  if (asked_ <= acked_) asked_ms_ = now.steady_ms;
  asked_ = transport_->sent();
  return asked_ - 1;
}

void Connection::send_unanswered(std::string_view message, Now now) {
  transport_->send(message, now, out_);
}

std::uint64_t Connection::received() const {
  return transport_->received();
}
std::uint64_t Connection::sent() const {
  return transport_->sent();
}
void Connection::owe_ack() {
  transport_->owe_ack();
}

void Connection::flush() {
  if (link_ && !out_.empty()) effects_.write(std::exchange(out_, {}));
}

}  // namespace sims::client
