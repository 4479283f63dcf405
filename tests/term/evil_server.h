// A server under the control of a test, on loopback: it accepts every login and sends the test's messages.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/channel/transport.h"
#include "term/pump.h"

namespace sims::test {

class EvilServer final : public Pumped {
 public:
  EvilServer();
  ~EvilServer() override;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string refusal;                   // if set, sent as a frame in clear instead of the handshake
  std::vector<proto::ListEntry> listed;  // the users online
  bool connected() const { return transport_ && transport_->connected(); }
  int logins() const { return logins_; }
  void give(const std::string& message);  // a sub-message, sealed
  void hang_up();

  static proto::Id some_id();  // of a fresh key

  int descriptor() const override { return poll_; }
  void serve() override;

 private:
  void accept();
  void read();
  void answer(std::string_view message);
  void write(const std::string& bytes);

  crypto::SigningKey identity_ = crypto::SigningKey::generate(crypto::system_rng());
  std::unique_ptr<proto::Transport> transport_;
  proto::Scratch scratch_;
  int poll_ = -1, listener_ = -1, connection_ = -1;
  int port_ = 0;
  int logins_ = 0;
};

}  // namespace sims::test
