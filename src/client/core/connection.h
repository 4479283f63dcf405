// The connection with the server: connecting, the handshake, pins and questions, reconnecting, ping. Pure;
// owned by the core, which is its Host. It owns model.link and the model's description of the connection.
//
//   offline, waiting ----- connect(), retry timer, check_link() -----> connecting
//   connecting ----- opened() ---------------------------------------> handshaking
//   handshaking ----- phase 6 ---------------------------------------> online
//   handshaking ----- first or changed server key -------------------> asking (answer() goes on)
//   connecting, handshaking, online ----- lost ----------------------> waiting
//   any ----- refused, replaced, disconnect() -----------------------> offline
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
    virtual void lost() = 0;                                        // the connection ended; it was online
    virtual void leaving(Now now) = 0;  // before disconnect: the last messages to peers
    // The same as CoreServices'.
    virtual Result<void> write_down(Now now, const std::function<Result<void>()>& writes) = 0;
  };
  Connection(const CoreOptions& options, Model& model, Memory& memory, crypto::EphemeralSource& ephemerals,
             Effects& effects, Windows& windows, Host& host);
  ~Connection();

  void connect(const std::string& host_port, Now now);
  void invite(std::string_view code);  // redeemed after the next handshake, then wiped
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
  void check_link(Now now);                       // the user is here: checks the link, or reconnects
  void abandon(const std::string& why, Now now);  // ends it at once, discards the output, retries

  // While online only.
  std::uint64_t send(std::string_view message, Now now);    // returns its seq; written by flush()
  void send_unanswered(std::string_view message, Now now);  // likewise, for messages without an ack
  std::uint64_t received() const;                           // sub-messages; the last one's seq is one less
  void owe_ack();
  // The server broke the protocol: reports it to the server, ends the connection and retries.
  void fail(const proto::Fault& fault, Now now);
  void acked(std::uint64_t seq, Now now);
  void server_error(const proto::Error& error, Now now);  // an error about no peer and no text
  void server_left(Now now);                              // its `disconnect`
  std::uint64_t sent() const;

  void flush();  // writes the sealed messages; called at the end of each core function

 private:
  void open(Now now);
  void poll(ByteView input, Now now);
  void became_online(Now now);
  void secured(Now now);  // the handshake is done
  void redeem_ended(const proto::Error& error, Now now);
  void handshake_failed(const proto::HandshakeFailure& failure, Now now);
  void drop_link(bool flush);
  void stop(const std::string& problem);  // offline; no retry
  // Waiting, or offline without `reconnect`. The wait grows from `low` to `high`.
  void retry(const std::string& problem, Now now, std::int64_t low_ms = 1'000, std::int64_t high_ms = 15'000);
  void probe(std::int64_t deadline_ms, Now now);
  std::int64_t ping_at() const;
  std::int64_t dead_at() const;
  std::optional<Id> expected() const;  // the key that the server must prove; nullopt: unknown
  Result<void> remember(const Id& proved, Now now);

  const CoreOptions& options_;
  Model& model_;
  Memory& memory_;
  crypto::EphemeralSource& ephemerals_;
  Effects& effects_;
  Windows& windows_;
  Host& host_;

  std::optional<proto::Transport> transport_;
  proto::Scratch scratch_;
  std::string out_;
  bool link_ = false;             // the edge has a link, open or opening
  std::uint64_t number_ = 0;      // of this connection; tells late work items apart
  SecretBytes invitation_;        // of size 0: none, or no longer needed
  bool redeeming_ = false;        // `register` is out; the link is `handshaking` until its ack
  std::int64_t deadline_ms_ = 0;  // connecting, handshaking
  int failures_ = 0;
  std::int64_t online_since_ms_ = 0;  // 0: not online since the last loss
  std::optional<Id> accepted_key_;    // accepted by the user, not proved yet
  std::int64_t heard_ms_ = 0, heard_unix_ms_ = 0;
  std::int64_t user_seen_ms_ = INT64_MIN / 2;
  std::optional<std::int64_t> probe_ms_;  // when the ping (or first message) without an answer was sent
  std::int64_t probe_deadline_ms_ = 0;    // how long its answer may take
  std::uint64_t probe_seq_ = 0;
  std::uint64_t asked_ = 0, acked_ = 0;       // one more than the seq of the last sent, and of the last acked
  std::int64_t asked_ms_ = 0, acked_ms_ = 0;  // when the first unacked one was sent; when the last ack came
  TokenBucket early_retries_{2, 5'000};       // reconnects caused by check_link()
  std::string parting_;                       // the server's text before it ends the connection
};

}  // namespace sims::client
