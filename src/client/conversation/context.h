// Context: the state that the core's parts share, the operations that they ask of the core, and the
// work that they send to other threads. Lives as long as the core. Each work item carries its
// peer's name and a number, so that a late one is recognised.
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

struct OpeningWork;  // letter_session.h

// The operations that conversations ask of the core. The core implements them.
class CoreServices {
 public:
  virtual ~CoreServices() = default;
  // Seals a sub-message for the server and returns its seq in the connection. Only while online().
  virtual std::uint64_t send(std::string_view message, Now now) = 0;
  virtual void send_ack(std::string_view message, Now now) = 0;  // the server answers nothing to it
  // Work that makes a costly key runs one at a time. For strangers it is rationed and runs in spare
  // time, beside that of contacts. False: there is no room for this item, and it is dropped.
  virtual bool start(std::unique_ptr<PeerWork> work) = 0;
  virtual void start(std::unique_ptr<RekeyWork> work) = 0;
  virtual void start(std::unique_ptr<OpeningWork> work) = 0;
  // Within the transaction that makes this id a contact: the receipts held for it go out.
  virtual Result<void> accept_mail(const Id& from) = 0;
  // True while letters of this id may be unread: some have not been opened, some mail that waited at the server
  // has not come, or the server has not said yet whether any waits. Then Conversation::start_chain() is called
  // when that ends.
  virtual bool awaits_mail(const Id& from) = 0;
  // Carries out `writes` to the Memory and commits them. All of it lasts, or nothing and the error
  // is returned.
  virtual Result<void> write_down(Now now, const std::function<Result<void>()>& writes) = 0;
};

// The core's parts, by reference, and the values that all conversations share.
struct Context {
  const CoreOptions& options;
  Model& model;
  crypto::EphemeralSource& ephemerals;
  Effects& effects;
  Windows& windows;
  Pins& pins;
  History& history;
  CoreServices& core;

  ReceiptSettings receipt_settings;  // the current ones
  Pace pace{};                       // of the texts of all conversations
  std::size_t waiting_bytes = 0;     // of all conversations' WaitingFrames
  // The last number given to a call or session. No two are alike, so late work cannot match a later
  // call.
  std::uint64_t last_number = 0;

  bool online() const { return model.link == LinkState::online; }
};

}  // namespace sims::client
