// The client's state as plain data for a screen or a script. Owned and changed by
// client::ClientCore alone. Remote text is raw here: a program must make it safe before it shows it
// (base/text.h).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/error.h"
#include "proto/identity.h"

namespace sims::client {

using proto::Id;

enum class LinkState {
  offline,     // not connected and not trying (never yet, /disconnect, refused, replaced by another login)
  connecting,  // name lookup and TCP
  handshaking,
  asking,  // stopped: `question` waits for the user
  online,
  waiting,  // lost; tries again at `retry_at_ms`
};

enum class Trust {
  unverified,  // first-seen key, pinned, not compared
  verified,    // the user compared the safety number
  changed,     // the server shows another id under this name: nothing is sent
};

// The user's decision about a peer, or that there is none yet.
enum class Standing {
  stranger,  // neither written to nor accepted
  request,   // a stranger who wrote: nothing goes back, no ack either, until ClientCore::accept()
  contact,   // we wrote to them or accepted them: the key is pinned on disk
  blocked,   // nothing of theirs is shown or answered; pinned on disk, too
};

enum class Delivery {
  queued,     // drawn as ·
  sent,       // drawn as -: the server took it, for a peer who is online
  mailed,     // drawn as -, too: the server keeps it for a peer who is away (sims-protocol(7) section 8)
  delivered,  // drawn as +
  failed,     // drawn as x
};
constexpr bool is_settled(Delivery delivery) {
  return delivery == Delivery::delivered || delivery == Delivery::failed;
}

struct Line {
  enum class Kind { text, action, notice, alert } kind = Kind::text;  // notice, alert: our own words
  // Unique in this process; grows within a window. Lines read back from the history get smaller ones.
  std::uint64_t serial = 0;
  std::uint64_t row = 0;  // in the history; 0: our own words, or not stored
  std::string uid;        // of a text or action; never changes (sims-protocol(7) section 6)
  std::int64_t at_unix_ms = 0;
  bool mine = false;
  std::string text;
  Delivery delivery = Delivery::queued;  // of my text and action
  std::string why;                       // the reason of a failed one, or why a queued one waits
  std::int64_t again_unix_ms = 0;        // of a queued one: when it is tried next; 0: no time is set
  // Of a received text: its author's time of sending (model/sent_time.h: when to show it).
  std::int64_t sent_unix_ms = 0;
  bool disordered = false;  // by that time it comes before one shown earlier
  // A received text: the uid of the missing one before it. A notice: of the text that it misses.
  std::string missing;
  // Of our own words: a number in the text still grows, for a minute at most. An output that cannot
  // take back a printed line waits until the number is final.
  bool counting = false;
};

enum class SessionState { none, calling, established };

struct Peer {
  Id id;  // the pinned one
  std::string name;
  Trust trust = Trust::unverified;
  Standing standing = Standing::stranger;
  SessionState session = SessionState::none;
  bool online = false;
  bool typing = false;     // the peer is typing now
  bool older = true;       // the history may hold older lines: ClientCore::load_older()
  bool attention = false;  // tried to contact us and was not looked at yet; drawn red with `!`
  std::size_t unread = 0;
  std::size_t held = 0;       // our waiting texts that were typed for another key
  std::uint64_t since = 0;    // unix s, of this login
  std::uint64_t read_to = 0;  // serial of our last line that they have read; 0: none
  std::int64_t first_seen_unix_ms = 0;
  std::int64_t changed_unix_ms = 0;
  std::optional<Id> changed_to;           // trust == changed: the id that the server shows now
  bool was_verified = false;              // trust == changed: the pinned id had been verified
  std::optional<std::string> looks_like;  // not a contact: the contact whose name looks like this one
  std::string suite;                      // wire name, of the session
  // Why our calls fail until one of the two clients is changed, in words; empty: they need not
  // fail. Cleared by a session, and when the peer logs in.
  std::string call_refused;
  std::uint64_t key_rotations = 0;
  bool known() const { return standing == Standing::contact; }
  std::deque<Line> lines;  // at most ClientCore's max_lines and 4 MiB of text, oldest dropped
};

// A question for the user; the core waits. Answer with ClientCore::answer().
struct Question {
  enum class Kind { server_first, server_changed } kind = Kind::server_first;
  std::string server;                     // host:port
  Id shown;                               // the server's key: proved (server_first), or claimed
  std::optional<Id> pinned;               // server_changed: the one remembered
  std::int64_t pinned_since_unix_ms = 0;  // server_changed
};

// The server's answer to ClientCore::find().
struct FindAnswer {
  enum class Outcome {
    asked,  // no answer yet
    online,
    offline,
    registered,   // this server does not say who is online
    unknown,      // the server has no such user
    too_often,    // rate limit: too many questions in a minute
    unsupported,  // the server knows no `find`
  } outcome = Outcome::asked;
  std::string name;
  Id id;
};

struct Model {
  // Grows when a peer comes, goes or changes. A list of all peers is drawn again only then.
  std::uint64_t people = 0;
  std::uint64_t newest_serial = 0;  // of the lines of all windows

  LinkState link = LinkState::offline;
  std::string progress;          // connecting, handshaking: the current step
  std::string problem;           // offline, waiting: the reason, in our words (remote text inside is raw)
  std::int64_t retry_at_ms = 0;  // steady
  std::optional<proto::ErrorCode> refusal;  // offline, waiting: the server's refusal of the login
  std::string server;                       // host:port
  std::string server_name;
  Id server_id;
  std::optional<Id> server_was;  // its id before this connection; contacts and history were moved
  Id self;
  std::string self_name;
  std::string suite;                // wire name, of the connection
  std::int64_t round_trip_ms = -1;  // -1: not measured yet
  std::optional<Question> question;
  std::map<std::string, Peer> peers;        // by name; activity does not reorder it
  std::map<std::string, FindAnswer> found;  // by the name or id asked for; of this connection
  bool list_complete = false;               // online: the server's whole list has come
  bool mail = false;                        // online: the server keeps letters
  bool mail_known = false;                  // online: it has said so, or had time enough to say so
  bool catching_up =
      false;                // what waited for us is coming in: one notice in the status window will sum it up
  std::deque<Line> status;  // the status window
};

}  // namespace sims::client
