// The relay's state of one connection. The relay's table owns it; find it by number, and never keep
// a pointer across an asynchronous step. There are tens of thousands of sessions, nearly all idle:
// none keeps a buffer.
#pragma once

#include <tsl/robin_map.h>

#include <atomic>
#include <memory>
#include <string>

#include "proto/channel/transport.h"
#include "server/policy/admission.h"
#include "server/policy/stats.h"
#include "server/relay/id_budgets.h"
#include "server/relay/session_mail.h"

namespace sims::server {

// Output: the frames for this client, and how quickly the network takes them.
struct SessionOutput {
  std::string frames;            // not yet handed to the driver; its memory is the relay's, see flush()
  std::size_t unsent_bytes = 0;  // handed to the driver and not taken by the network when last asked
  std::uint64_t written = 0;     // bytes handed to the driver
  std::uint64_t taken = 0;       // of those, the bytes that the network had taken at `taken_ms`
  std::int64_t taken_ms = 0;     // steady; when the network last took some, while bytes are unsent
  bool listed = false;           // on State::with_output
  bool listed_as_slow = false;   // on State::slow_readers
};

// Input: how much of a frame has arrived, and when the client was last heard.
struct SessionInput {
  std::size_t partial_bytes = 0;   // of a frame that has not arrived completely
  std::int64_t partial_since = 0;  // steady ms; when its first byte arrived
  std::int64_t last_heard = 0;     // steady ms
  bool pinged = false;             // and nothing was heard since
  bool reading_little = false;     // the driver was told to read little at a time
};

// Deadline: the session's one entry in Deadlines.
struct SessionDeadline {
  std::int64_t at = 0;      // steady ms; 0: none
  std::uint32_t place = 0;  // among the sessions with the same deadline
};

// Login: the steps before the session is online.
struct SessionLogin {
  std::shared_ptr<std::atomic<bool>> gone;  // cancels the work under way; null before it and after the login
  std::uint64_t Stats::Handshakes::*outcome = &Stats::Handshakes::left;  // counted if the session ended now
  bool redeeming = false;  // its invitation is being checked; until then the client may send nothing else
};

// Rates: what the client may still send.
struct SessionRates {
  IdBudgets budgets;
  std::int64_t refused_until =
      0;                         // steady ms; messages before it are refused, since the client sends too fast
  std::uint32_t ack_credit = 0;  // acks for messages delivered to it; they are not rate-limited
  bool fast = false;             // it has used up some of its burst
};

// Acks that we owe the client.
struct SessionAcks {
  bool at_once = false;  // the ack does not wait for other output
  bool listed = false;   // on the relay's AckQueue
};

// Presence: which changes the client knows, and which one announced it.
struct SessionPresence {
  std::uint64_t own_change = 0;   // number of the change that announced this login
  std::uint64_t seen_change = 0;  // the client knows all changes before this one
  std::uint32_t place = 0;        // in PresenceBroadcast
};

struct Session {
  Session(ConnId number, std::string_view from, const AdmissionSlot& counted, proto::Transport t)
      : conn(number), address(from), slot(counted), transport(std::move(t)) {}

  ConnId conn;
  std::string address;
  AdmissionSlot slot;
  proto::Transport transport;
  SessionOutput output;
  SessionInput input;
  SessionDeadline deadline;
  SessionLogin login;
  SessionRates rates;
  SessionPresence presence;
  std::unique_ptr<SessionMail> mail;     // null, as nearly always: there is nothing in it
  std::uint64_t sent = 0, received = 0;  // messages forwarded from and to this client
  SessionAcks acks;
  bool online = false;  // logged in
  bool ended = false;   // closed; freed at the end of the turn
};

using SessionTable = tsl::robin_map<ConnId, std::unique_ptr<Session>>;

}  // namespace sims::server
