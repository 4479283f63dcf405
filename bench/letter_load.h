// The letters of the load generator: senders who write to owners who are offline, in the form of real letters
// but filled with random bytes, which the relay does not read. An ack of the server counts a letter as stored.
// With collect() each owner logs in, acks at once, and checks what it is given. Belongs to its Loop's thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "histogram.h"
#include "load_client.h"

namespace sims::bench {

struct LetterOptions {
  std::size_t senders = 0, owners = 200, window = 64;
  std::size_t text_size = 100, session = 10;  // bytes of a text; letters of a session
  double rate = 0;            // letters a second, over all senders; 0: as fast as the window allows
  std::uint64_t letters = 0;  // in all; 0: no limit
};

class LetterLoad {
 public:
  // All arguments are kept by reference and outlive it.
  LetterLoad(Loop& loop, const sockaddr_in& to, const crypto::Suite& suite,
             crypto::EphemeralSource& ephemerals, const LetterOptions& options);
  ~LetterLoad();

  void log_in();  // registers the owners, who log out again; then logs in the senders
  void start();
  std::int64_t send_due();  // sends what is due by the rate; returns when the next one is, or INT64_MAX
  void measure(bool on) { measuring_ = on; }
  void stop() { sending_ = false; }
  bool complete() const { return options_.letters > 0 && stored_ == options_.letters; }
  std::uint64_t waiting() const { return sent_ - stored_; }  // for their acks
  void collect();

  std::uint64_t stored() const { return stored_; }
  std::size_t letter_size() const;
  const Histogram& times() const { return times_; }       // until the ack
  double collected_ms() const { return collected_ms_; }   // from the login on; the slowest owner's
  double collect_cpu_ms() const { return collect_cpu_; }  // of this thread, of that owner

 private:
  struct Sender;
  struct Owner;
  void connected(Client& client);
  void acked(Client& client, std::uint64_t seq);
  void given(Client& client, std::string_view plaintext);
  void send(Sender& sender, std::int64_t due);
  void top_up(Sender& sender);
  void pass_until(const std::function<bool()>& done, const char* what);
  bool more() const { return sending_ && (options_.letters == 0 || sent_ < options_.letters); }

  Loop& loop_;
  const sockaddr_in& to_;
  const crypto::Suite& suite_;
  crypto::EphemeralSource& ephemerals_;
  const LetterOptions& options_;
  Client::Handlers handlers_;
  std::vector<Sender> senders_;
  std::vector<Owner> owners_;
  Owner* collecting_ = nullptr;
  Histogram times_;
  std::size_t logged_in_ = 0, logged_out_ = 0;
  std::uint64_t sent_ = 0, stored_ = 0, collected_ = 0;
  std::int64_t began_ = 0;
  double collected_ms_ = 0, collect_cpu_ = 0;
  bool sending_ = false, measuring_ = false;
};

}  // namespace sims::bench
