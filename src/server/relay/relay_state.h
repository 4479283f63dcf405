// The inside of server/core.h, shared by core.cc (the life of a connection), core_login.cc (who comes in),
// core_messages.cc (what is said on it) and core_admin.cc. Include nowhere else.
#pragma once

#include <limits>
#include <map>

#include "server/relay/presence.h"
#include "server/relay/relay.h"
#include "server/relay/router.h"
#include "server/relay/session.h"

namespace sims::server {

// Telling everyone what changed, a few in each turn: the messages of the others must not wait for thousands
// of lists.
struct PresenceBroadcast {
  bool going = false;
  std::size_t next = 0;             // place of who is told next; those before it have been
  std::uint64_t from = 0, to = 0;   // the changes
  std::vector<std::string> events;  // all of them, for those who know none
  std::int64_t began = 0;           // steady ms
};

// What a failure adds to the penalty of its source.
constexpr std::int64_t penalty_left_ms = 1'000;     // gone before it logged in
constexpr std::int64_t penalty_refused_ms = 5'000;  // another's name, not registered
constexpr std::int64_t penalty_fault_ms = 5'000;    // not the protocol, not the owner of its id
constexpr std::int64_t penalty_late_ms = 10'000;    // held a connection without logging in
constexpr std::int64_t penalty_flood_ms = 30'000 - penalty_fault_ms;  // which it is besides
constexpr std::string_view banned_words = "you are banned from this server";

// Pings fall on full seconds, so that the loop wakes up once a second at most for however many are idle.
constexpr std::int64_t full_second(std::int64_t ms) {
  return (ms + 999) / 1'000 * 1'000;
}

struct Relay::State {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t at_once = 0;
  // Log lines that strangers can cause, in all and from one source.
  static constexpr Rate log_rate{10, 50}, log_rate_of_source{2, 10};

  State(CoreOptions o, AccountStore& a, crypto::EphemeralSource& e, Actions& act)
      : options(std::move(o)), accounts(a), ephemerals(e), actions(act), router(presence, a) {
    for (const auto& ban : std::exchange(options.bans, {}))
      bans.add(ban);
  }

  CoreOptions options;
  AccountStore& accounts;
  crypto::EphemeralSource& ephemerals;
  Actions& actions;

  SessionTable sessions;
  std::vector<std::unique_ptr<Session>> graveyard;  // ended in this turn; callers may still hold references
  std::vector<ConnId> dirty;                        // with output, in the order they got it
  // One a session: handshake, then ping.
  std::map<std::int64_t, std::vector<Session*>> deadlines;
  // Acks that wait for output to go with, in the order in which they are due; the first acks_sent are done
  // with.
  std::vector<std::pair<std::int64_t, ConnId>> acks;
  std::size_t acks_sent = 0;
  BanList bans;
  Admission admission{log_rate_of_source};
  Stats stats;
  std::size_t queued = 0, held = 0;  // in all: of Session::stuck and Session::held
  std::size_t queued_most = 0;       // for one client since the gauges were read
  std::vector<ConnId> slow;          // with something stuck, looked at at slow_check
  std::int64_t slow_check = never;
  std::vector<Session*> everyone;  // who is online, each at its `place`
  Presence presence;
  Router router;
  std::int64_t gather_until = never;  // when the next sweep begins
  PresenceBroadcast sweep;
  // Of ids that left a moment ago. With the sessions they are no more than there may be connections.
  std::map<proto::Id, Spending> spendings;
  std::size_t spendings_kept = 0;  // when those that are full again were last left out
  bool going_away = false;

  proto::Scratch scratch;
  proto::JsonTape tape;  // of a sub-message
  std::string copy;      // parsing destroys its text, and the router passes the original on
  LogBudget budget{log_rate};

  Session* find(ConnId conn) {
    const auto at = sessions.find(conn);
    return at == sessions.end() ? nullptr : at->second.get();
  }

  // core.cc: the life of a connection
  void process(Session& s, ByteView input, Now now);
  void mark(Session& s);
  void flush(Session& s, Now now);
  void set_stuck(Session& s, std::size_t bytes, Now now);
  void set_held(Session& s, bool another, Now now);
  bool ends_slow_frame(Session& s, Now now);
  void look_at_slow(Now now);
  void owe_ack(Session& s, Now now);
  void send_acks(Now now);
  std::int64_t next_ack() const { return acks_sent < acks.size() ? acks[acks_sent].first : never; }
  void wake_at(Session& s, std::int64_t steady_ms);
  void let_sleep(Session& s);
  void wake(Session& s, Now now);
  // `text` is told to the client, `detail` goes into the log. Ends the session.
  void fault(Session& s, proto::ErrorCode code, std::string_view text, std::string_view detail, Now now);
  void end(Session& s, bool flush_first, std::string_view why, Now now);
  void forget(Session& s, std::string_view why, Now now);

  // core_login.cc: who comes in
  void refuse(ConnId conn, const Address& from, Refused why, Now now);
  void count_refused(Refused why) { ++stats.refused[static_cast<std::size_t>(why)]; }
  void refuse_login(Session& s, const LoginWork& work, const Refusal& refusal, Refused why, Now now);
  void displace(ConnId conn, Now now);
  void redeem(Session& s, const proto::Register& message, Now now);
  void redeemed(Session& s, const LoginWork& work, Now now);
  bool admit(Session& s, const proto::Handshake& handshake, Now now);
  void start_work(Session& s, std::unique_ptr<proto::HandshakeWork> work, Now now);
  void count_handshake(const Session& s);
  void penalise(Session& s, std::int64_t ms, Now now);
  void failed(Session& s, proto::ErrorCode code, std::string_view why, Now now);
  void log_in(Session& s, Binding binding, Now now);
  void late(Session& s, Now now);
  void keep_spending(Session& s, Now now);
  void take_up_spending(Session& s);

  // core_admin.cc: what an administrator asks
  bool banned(const Session& s, Now now) const;
  std::vector<ConnId> hit_by(const BanList& list, Now now) const;
  void expel(Session& s, proto::ErrorCode code, std::string_view text, std::string_view why, Now now);

  // core_messages.cc: what is said on it
  void on_message(Session& s, std::string_view plaintext, Now now);
  void before_login(Session& s, const proto::FromClient& message, Now now);
  bool within_rate(Session& s, std::size_t size, bool is_ack, std::string_view dst, Now now);
  void answers_call(Session& s, const proto::Forwarded& message);
  bool may_call(Session& s, const proto::JsonValue& root, const proto::Forwarded& message, Now now);
  void forward(Session& s, const proto::Forwarded& message, std::string_view plaintext, Now now);
  void list(Session& s, const proto::ListRequest& request, Now now);
  void find(Session& s, const proto::FindRequest& request, Now now);
  void reply_error(Session& s, proto::ErrorCode code, std::string_view text, std::optional<proto::Id> dst,
                   Now now);
  bool push(Session& s, std::string_view plaintext, Now now);
  void join(Session& s);
  void part(Session& s);
  void gather(std::int64_t steady_ms);
  void begin_sweep(Now now);
  void go_on_with_sweep(Now now);
  bool catch_up(Session& s, std::uint64_t to, Now now);

  template <class... A>
  void note_coming(Source& source, Now now, fmt::format_string<A...> f, A&&... a);
  template <class... A>
  void note(Source& source, log::Level level, Now now, fmt::format_string<A...> f, A&&... a);
};

// A line about something that a stranger from `source` can cause as often as he likes.
template <class... A>
void Relay::State::note(Source& source, log::Level level, Now now, fmt::format_string<A...> f, A&&... a) {
  if (!log::enabled(level)) return;
  std::uint64_t of_source = 0, of_all = 0;
  if (!source.log.spend(now.steady_ms, of_source)) return;
  if (!budget.spend(now.steady_ms, of_all)) return source.log.hold_back(of_source + 1);
  auto line = fmt::format(f, std::forward<A>(a)...);
  if (of_source) line += fmt::format(" lines-held-back-address={}", of_source);
  if (of_all) line += fmt::format(" lines-held-back={}", of_all);
  actions.log(level, std::move(line));
}

// Who logs in and out. All of them from an exempt source, where many may be behind one address; and many at
// once are no reason to leave out any.
template <class... A>
void Relay::State::note_coming(Source& source, Now now, fmt::format_string<A...> f, A&&... a) {
  if (!log::enabled(log::Level::info)) return;
  std::uint64_t of_source = 0;
  if (!source.exempt && !source.comings_log.spend(now.steady_ms, of_source)) return;
  auto line = fmt::format(f, std::forward<A>(a)...);
  if (of_source) line += fmt::format(" lines-held-back-address={}", of_source);
  actions.log(log::Level::info, std::move(line));
}

}  // namespace sims::server
