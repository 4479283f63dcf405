// A server controlled by the test, and clients on it without a network. The test decides what the
// list shows and what happens to each message between clients. Everything moves when settle() is
// called; messages are lost or late only if the test says so.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/core/core.h"
#include "proto/channel/transport.h"
#include "support/fake_memory.h"
#include "support/fixed_rng.h"

namespace sims::test {

class Relay;

class Guest final : public client::Effects {
 public:
  Guest(Relay& relay, std::string name, std::uint64_t seed, client::CoreOptions options);

  void connect();
  void end_turn();  // as Link's
  // The process dies, loses uncommitted writes, and starts again. Connects when told to.
  void restart(bool and_connect = true);
  Result<std::uint64_t> say(const std::string& peer, std::string_view text);
  const client::Model& model() const { return core->model(); }
  const client::Peer& peer(const std::string& other) const { return model().peers.at(other); }
  bool knows(const std::string& other) const { return model().peers.contains(other); }
  std::size_t count(const std::string& peer, client::Line::Kind kind, std::string_view part = {}) const;
  std::size_t alerts(const std::string& peer) const { return count(peer, client::Line::Kind::alert); }
  client::Delivery delivery(const std::string& peer, std::uint64_t serial) const;

  void open_link(const std::string&) override { opening = true, ++opened; }
  void write(std::string bytes) override { out += bytes; }
  void close_link(bool flush) override {
    closed = true;
    if (!flush) out.clear();
  }
  void start_work(std::unique_ptr<client::Work> work) override { works.push_back(std::move(work)); }
  void changed() override { ++changes; }
  void received(const client::Peer& from, const client::Line& shown) override {
    heard.push_back(from.name + ": " + shown.text);
  }
  void delivery_changed(const client::Peer&, const client::Line& shown) override {
    if (shown.delivery == client::Delivery::delivered) ++delivered;
  }

  Relay& relay;
  std::string name;
  client::CoreOptions options;
  crypto::SigningKey identity;
  proto::Id id;
  FakeMemory trust;
  FixedEphemerals ephemerals;
  std::unique_ptr<client::ClientCore> core;
  std::vector<std::string> heard;  // "bob: hello"
  int delivered = 0;
  int opened = 0;       // links asked for
  int changes = 0;      // reports that the model changed
  bool gather = false;  // commits wait for their time, else each turn commits

  // The relay's end of the link.
  bool opening = false, closed = false;
  std::string out;  // bytes that wait for commit()
  std::string up;   // bytes on their way to the relay
  std::deque<std::unique_ptr<client::Work>> works;
  bool busy = false;  // no work is run
  std::optional<proto::Transport> line;
  std::vector<std::string> asked;  // every sub-message from this client
  // Items of its mailbox that were given and not acked, by the connection's message.
  std::vector<std::uint64_t> given;
};

// What the relay keeps for one id: letters and receipts, and its prekeys.
struct Box {
  std::deque<std::string> items;
  std::deque<proto::Prekey> prekeys;
  std::optional<proto::PrekeyNumber> last;
  std::uint64_t taken = 0;
};

class Relay {
 public:
  explicit Relay(std::uint64_t seed = 1);

  Guest& add(const std::string& name, client::CoreOptions options = {});
  // Makes each a contact of the other, on disk. Call before they connect.
  void befriend(Guest& a, Guest& b);
  // Sends an online event, or a snapshot entry to a later client.
  void show(const std::string& name, const proto::Id& id);
  void hide(const std::string& name);
  void settle();
  void advance(std::int64_t ms);                     // in steps, settling
  void give(Guest& to, const std::string& message);  // as if the server sent it
  void hang_up(Guest& of);                           // the link breaks

  // Handles a message between clients; by default it is forwarded.
  std::function<void(Guest& from, Guest& to, const std::string& message)> pass;
  // The error code with which the server refuses a client's message instead of acking it.
  std::function<std::optional<proto::ErrorCode>(Guest& from, const std::string& message)> refuse;
  // An answer in clear to a login, in place of the handshake.
  std::optional<std::string> refuse_login;

  // --- letters (relay_mail.cc). Off: a server that does not know them.
  bool mail = false;
  std::map<proto::Id, Box> boxes;
  bool gives = true;  // what waits is given to its owner
  bool slow = false;  // letters that come get no fate any more, and are not kept
  void send_status(Guest& to);
  void give_mail(Guest& to);  // those that it was not given in this connection

  std::size_t page = 300;  // entries of the snapshot at once
  bool circles = false;    // every page says that there are more

  Guest* find(const proto::Id& id);
  static std::string type_of(const std::string& message);
  static std::uint64_t number_of(const std::string& message, std::string_view field);
  static std::size_t count(const std::vector<std::string>& messages, std::string_view part);

  FixedRng random;
  crypto::SigningKey identity;
  FixedEphemerals ephemerals;
  Now now{1'000'000, 1'700'000'000'000};
  std::map<std::string, proto::Id> listed;
  std::vector<std::unique_ptr<Guest>> guests;

 private:
  bool move(Guest& guest);
  void refuse_message(Guest& guest, const std::string& message, proto::ErrorCode code, std::string& out);
  void serve(Guest& guest, const std::string& message);
  bool serve_mail(Guest& guest, const std::string& message);  // false: it is about something else
  void send_list(Guest& to, proto::List::Event event, const std::map<std::string, proto::Id>& who);
  void send_page(Guest& to, std::string_view after);
  void write(Guest& to, const std::string& bytes);
};

// A server's `error` in clear, with any code.
std::string error_frame(const std::string& code, const std::string& text);

}  // namespace sims::test
