// One side of a client-server connection as a pure object: bytes in, sub-messages out. Combines framing,
// handshake and SECURE (sims-protocol(7) sections 1, 3, 4).
//
//            start()                 complete(work)                     fail / close
//   idle ---------------> handshake ----------------> secure ---------> closed
//          (responder: begins in handshake)
//
// Public-key work leaves the object as a HandshakeWork that may run on any thread. Until it is back, poll()
// returns nothing and input waits. Not thread-safe itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "proto/channel/handshake.h"
#include "proto/channel/secure.h"
#include "proto/wire/frame.h"
#include "proto/wire/json.h"

namespace sims::proto {

// Buffers that one thread's transports share while they poll: no connection owns them while idle.
struct Scratch {
  FrameRoom frames;
  JsonTape tape;
  std::string text;     // a frame being parsed in place
  std::string message;  // the plaintext that poll() returns
};

// A handshake step on its way through a worker thread. Owns the handshake and the frame; run() touches
// nothing else.
class HandshakeWork {
 public:
  HandshakeWork(Handshake handshake, std::string frame);
  void run();
  // After run():
  bool failed() const { return !outcome_.has_value(); }
  bool completes() const { return outcome_.has_value() && handshake_.done(); }
  const Handshake& handshake() const { return handshake_; }

 private:
  friend class Transport;
  Handshake handshake_;
  std::string frame_;
  Result<std::string, HandshakeFailure> outcome_;
};

class Transport {
 public:
  Transport(HandshakeOptions options, crypto::EphemeralSource& ephemerals);
  Transport(Transport&&) noexcept;
  Transport& operator=(Transport&&) noexcept;
  ~Transport();

  // Initiator, once: appends the phase-1 frame to out.
  void start(std::string& out);

  struct Event {
    enum class Kind {
      need_input,  // no further event in the input so far
      work,        // run `work` on any thread, then complete() it
      message,     // `message` is the plaintext of one sub-message, valid until the next poll() with this
                   // Scratch
      failed,  // `failure`; the `error` frame to send, if any, was appended to out; the transport is closed
    };
    Kind kind = Kind::need_input;
    std::string_view message;
    std::unique_ptr<HandshakeWork> work;
    HandshakeFailure failure;
  };

  // Takes bytes from the front of `input`, which shrinks, until there is an event. An incomplete frame is
  // kept inside, bounded by the frame limit. Call until need_input. Appends answers to light handshake
  // phases to out at once.
  Event poll(ByteView& input, Scratch& scratch, Now now, std::string& out);

  // Takes the finished work back and appends the answer to out. Returns need_input (poll again; check
  // connected()) or failed.
  Event complete(std::unique_ptr<HandshakeWork> work, Now now, std::string& out);
  // Instead of complete(): ends the handshake with the caller's error (name-taken, busy, ...).
  void refuse(ErrorCode code, std::string_view message, Now now, std::string& out);

  bool connected() const;  // in SECURE
  bool closed() const;
  std::size_t buffered() const;  // bytes of input kept inside: an incomplete frame, or input during work
  // Seals one sub-message and appends its frame to out. Only when connected().
  void send(std::string_view plaintext, Now now, std::string& out);
  // Appends an `error`, sealed when connected and in clear before, and closes. `id`: the number of the
  // wrong message, which is not acked.
  void fail(ErrorCode code, std::string_view message, std::optional<std::uint64_t> id, Now now,
            std::string& out);

  // The cumulative ack. Call owe_ack() on accepting a message that is not itself an ack. flush_ack() appends
  // one `ack` up to the last of them, if any is pending; call it at most once per read of the socket. Closing
  // with an `error` sends a pending ack first.
  void owe_ack();
  bool owes_ack() const;  // flush_ack() would append one
  void flush_ack(Now now, std::string& out);
  // Instead of owe_ack(), when the fate of the message received last is not known yet: no ack covers it or a
  // later one before settle(), whatever sends the ack. Returns its seq. Held messages are settled in any order,
  // each once; after the transport has closed settle() does nothing.
  std::uint64_t hold_ack();
  void settle(std::uint64_t seq);
  bool held_before(std::uint64_t seq) const;  // a message with a smaller seq has no fate yet
  std::uint64_t received() const;             // sub-messages received; the last one's seq is one less
  std::uint64_t sent() const;

  // Meaningful from phase 2 on (initiator) or once connected.
  const Id& peer_id() const;
  const std::string& peer_name() const;
  const crypto::Suite* suite() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::proto
