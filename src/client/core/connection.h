// The connection with the server: connecting, the handshake, pins and questions, reconnecting, ping. Pure;
// owned by the core, which is its Host. It owns model.link and what describes the connection there.
//
//   offline --connect()--> connecting --opened()--> handshaking --phase 6--> online
//      ^                      ^                          |                      |
//      |                      '-retry- waiting <---------+---- lost ------------'
//      '------ refused, replaced, disconnect() ----------+-----------------------'
//                                        asking <--------' first or changed server key; answer() goes on
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/secret.h"
#include "client/conversation/context.h"
#include "client/model/rate.h"
#include "proto/channel/transport.h"

namespace sims::client {

class Connection {
 public:
  class Host {
   public:
    virtual ~Host() = default;
    virtual void online(Now now) = 0;
    virtual void message(std::string_view plaintext, Now now) = 0;  // a sub-message; may end the connection
    virtual void lost() = 0;                                        // was online
    virtual void leaving(Now now) = 0;  // about to say disconnect: last words to peers
    // As Context's.
    virtual Result<void> write_down(Now now, const std::function<Result<void>()>& writes) = 0;
  };
  Connection(const CoreOptions& options, Model& model, Memory& trust, crypto::EphemeralSource& ephemerals,
             Effects& effects, Windows& windows, Host& host);
  ~Connection();

  void connect(const std::string& host_port, Now now);
  void invite(std::string_view code);  // redeemed after the next handshake; kept until it was, then wiped
  void disconnect(Now now);
  void answer(bool accept, Now now);
  void ask_later(Now now);
  Result<void> accept_changed(std::string_view fingerprint, Now now);

  void opened(Now now);
  void read(ByteView bytes, Now now);
  void closed(const std::string& reason, Now now);
  void work_done(ServerWork& work, Now now);
  void tick(Now now);
  std::int64_t next_tick() const;
  void poke(Now now);                             // the user is here: is the link?
  void abandon(const std::string& why, Now now);  // ends it at once, nothing more goes out; tries again

  // While online only.
  std::uint64_t send(std::string_view message, Now now);    // its seq; written by flush()
  void send_unanswered(std::string_view message, Now now);  // likewise, but the server says nothing to it
  std::uint64_t received() const;                           // sub-messages; the last one's seq is one less
  void owe_ack();
  void fail(const proto::Fault& fault, Now now);  // the server broke the protocol: says so, ends, tries again
  void acked(std::uint64_t seq, Now now);
  void server_error(const proto::Error& error, Now now);  // one that no peer and no text is the cause of
  void server_left(Now now);                              // its `disconnect`
  std::uint64_t sent() const;

  void flush();  // writes what was sealed since the last time: at the end of each of the core's functions

 private:
  void open(Now now);
  void poll(ByteView input, Now now);
  void became_online(Now now);
  void secured(Now now);  // the handshake is over
  void redeem_ended(const proto::Error& error, Now now);
  void handshake_failed(const proto::HandshakeFailure& failure, Now now);
  void drop_link(bool flush);
  void stop(const std::string& problem);  // offline, for good
  // Waiting, or offline without `reconnect`. The wait grows from `low` to `high`.
  void retry(const std::string& problem, Now now, std::int64_t low_ms = 1'000, std::int64_t high_ms = 15'000);
  void probe(std::int64_t deadline_ms, Now now);
  std::int64_t ping_at() const;
  std::int64_t dead_at() const;
  std::optional<Id> expected() const;  // the key that the server must prove; nullopt: none is known
  Result<void> remember(const Id& proved, Now now);

  const CoreOptions& options_;
  Model& model_;
  Memory& trust_;
  crypto::EphemeralSource& ephemerals_;
  Effects& effects_;
  Windows& windows_;
  Host& host_;

  std::optional<proto::Transport> transport_;
  proto::Scratch scratch_;
  std::string out_;
  bool link_ = false;             // the edge has a link, open or opening
  std::uint64_t number_ = 0;      // of this connection, for work that comes back late
  SecretBytes invitation_;        // of size 0: none, or no longer needed
  bool redeeming_ = false;        // `register` is out; the link is `handshaking` until its ack
  std::int64_t deadline_ms_ = 0;  // connecting, handshaking
  int failures_ = 0;
  std::int64_t online_since_ms_ = 0;  // 0: not online since the last loss
  std::optional<Id> accepted_key_;    // that the user took for this server's; not proved yet
  std::int64_t heard_ms_ = 0, heard_unix_ms_ = 0;
  std::int64_t poked_ms_ = INT64_MIN / 2;
  std::optional<std::int64_t> probe_ms_;  // a ping (or the first message) is out since then
  std::int64_t probe_deadline_ms_ = 0;    // how long its answer may take
  std::uint64_t probe_seq_ = 0;
  std::uint64_t asked_ = 0, acked_ = 0;  // one more than the seq of: what was sent last, what was acked last
  std::int64_t asked_ms_ = 0, acked_ms_ = 0;  // since when all of it waits; of the last ack
  TokenBucket pokes_{2, 5'000};               // attempts to connect that a poke begins
  std::string parting_;                       // the server's words before it ends the connection
};

}  // namespace sims::client
