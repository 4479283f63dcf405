// The world of `sims-tui --demo`: a few invented people at an invented server. Each shows a situation that
// users should know: a verified friend who answers, a request from a stranger, a changed key. Pure; the
// caller gives time and randomness. Nothing is sent, stored or encrypted.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/model/model.h"
#include "crypto/rng.h"

namespace sims::tui {

class DemoWorld {
 public:
  DemoWorld(crypto::Rng& rng, Now now);

  const client::Model& model() const { return model_; }
  // `received` is called with each text from a peer.
  void on_received(std::function<void(const std::string& peer, std::string_view text)> received);
  bool tick(Now now);              // runs the events that are due; true: the model changed
  std::int64_t next_tick() const;  // steady ms

  Result<void> say(const std::string& peer, std::string_view text, bool action, Now now);
  Result<void> verify(const std::string& peer, std::string_view number);
  Result<void> unverify(const std::string& peer);
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint);
  Result<void> stand(const std::string& peer, client::Standing standing);  // accept, block
  Result<void> remove(const std::string& peer);                            // decline
  Result<std::string> safety_number(const std::string& peer) const;
  void mark_read(const std::string& peer);
  void clear(const std::string& peer);
  void notice(const std::string& peer, std::string text, Now now);

 private:
  Result<client::Peer*> find(const std::string& peer);
  client::Peer& add(const std::string& name, const client::Id& id, client::Trust trust,
                    client::Standing standing, Now now);
  client::Line& line(std::deque<client::Line>& lines, client::Line::Kind kind, std::string text, Now now);
  void receive(const std::string& peer, std::string text, Now now);
  std::function<void(Now)> mark(const std::string& peer, std::uint64_t serial, client::Delivery delivery);
  void keep(const std::string& peer, std::uint64_t serial, Now now);
  void answer(const std::string& peer, std::uint64_t serial, Now now);
  void later(Now now, std::int64_t ms, std::function<void(Now)> event);

  client::Model model_;
  std::uint64_t last_serial_ = 0;
  std::multimap<std::int64_t, std::function<void(Now)>> events_;
  std::size_t answers_ = 0;
  std::function<void(const std::string&, std::string_view)> received_;
};

}  // namespace sims::tui
