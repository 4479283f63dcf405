// Context: what the core's parts share, and what they ask of the core. Lives as long as the core. Also the work
// that they send to other threads. Each work item carries its peer's name and a number, so that one that comes
// back late is recognised.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/model/core_options.h"
#include "client/model/effects.h"
#include "client/model/memory.h"
#include "client/model/rate.h"
#include "client/state/history.h"
#include "client/state/pins.h"
#include "client/state/windows.h"
#include "proto/channel/transport.h"

namespace sims::client {

// A heavy step of the handshake with the server.
struct ServerWork final : Work {
  ServerWork(std::uint64_t connection, std::unique_ptr<proto::HandshakeWork> step)
      : number(connection), handshake(std::move(step)) {}
  void run() override { handshake->run(); }

  std::uint64_t number;
  std::unique_ptr<proto::HandshakeWork> handshake;
};

// A heavy step of a handshake with a peer.
struct PeerWork final : Work {
  PeerWork(std::uint64_t call, proto::Handshake running, std::string next)
      : number(call), handshake(std::move(running)), frame(std::move(next)) {}
  void run() override { outcome = handshake.receive(frame); }
  bool in_spare_time() const override { return makes_costly_key && of_stranger; }

  std::string peer;  // name
  std::uint64_t number;
  bool makes_costly_key = false;  // the responder's of a suite like RSA: up to a second
  bool of_stranger = false;
  proto::Handshake handshake;
  std::string frame;
  Result<std::string, proto::HandshakeFailure> outcome;
};

// A fresh responder key for the re-key of a session.
struct RekeyWork final : Work {
  RekeyWork(std::string name, std::uint64_t session, const crypto::Suite& which,
            crypto::EphemeralSource& from)
      : peer(std::move(name)), number(session), suite(which), source(from) {}
  void run() override { key = suite.make_responder_key(source); }

  std::string peer;
  std::uint64_t number;
  const crypto::Suite& suite;
  crypto::EphemeralSource& source;
  std::unique_ptr<crypto::ResponderKey> key;
};

// The operations that conversations ask of the core. The core implements them.
class CoreServices {
 public:
  virtual ~CoreServices() = default;
  // Seals a sub-message for the server and returns its seq in the connection. Only while online().
  virtual std::uint64_t send(std::string_view message, Now now) = 0;
  virtual void send_ack(std::string_view message, Now now) = 0;  // the server answers nothing to it
  // Work that makes a costly key runs one at a time; for strangers it is rationed, and runs beside that of
  // contacts, in spare time. false: there is no room for this one, and it is dropped.
  virtual bool start(std::unique_ptr<PeerWork> work) = 0;
  virtual void start(std::unique_ptr<RekeyWork> work) = 0;
  // Carries out `writes` to the Memory and commits them: all of it lasts, or nothing and the error.
  virtual Result<void> write_down(Now now, const std::function<Result<void>()>& writes) = 0;
};

// The core's parts, by reference, and the few values that all conversations share.
struct Context {
  const CoreOptions& options;
  Model& model;
  crypto::EphemeralSource& ephemerals;
  Effects& effects;
  Windows& windows;
  Pins& pins;
  History& history;
  CoreServices& core;

  ReceiptSettings receipt_settings;  // as they are now
  Pace pace{};                       // of the texts of all conversations
  std::size_t waiting_bytes = 0;     // of all conversations' WaitingFrames
  // Of calls and sessions, no two alike: work that comes back late is not taken for a later one's.
  std::uint64_t last_number = 0;

  bool online() const { return model.link == LinkState::online; }
};

}  // namespace sims::client
