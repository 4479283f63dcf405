// talker HOST:PORT NAME PEER RATE: logs in as NAME with a key of its own that is not kept, waits for PEER,
// and sends it the lines of standard input, RATE a second (0: as fast as it goes); in a line \xNN stands for
// a byte. Says "PEER is there", "all sent" and, as soon as the peer has proved it, "all delivered", and ends
// with that.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "base/process.h"
#include "client/link.h"
#include "support/fake_memory.h"

namespace {

using namespace sims;

std::string unescape(const std::string& line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line.compare(at, 2, "\\x") == 0 && at + 3 < line.size()) {
      out += static_cast<char>(std::strtoul(line.substr(at + 2, 2).c_str(), nullptr, 16));
      at += 3;
    } else {
      out += line[at];
    }
  }
  return out;
}

void say(const std::string& what) {
  std::puts(what.c_str());
  std::fflush(stdout);
}

class Talker {
 public:
  Talker(std::string name, std::string peer, int rate, std::vector<std::string> texts)
      : peer_(std::move(peer)),
        texts_(std::move(texts)),
        period_ms_(rate > 0 ? std::max(1, 1'000 / rate) : 1),
        at_once_(rate > 0 ? std::max(1, rate / 1'000) : 100),
        timer_(loop_, [this] { send_some(); }) {
    client::CoreOptions core;
    core.identity = &key_;
    core.name = std::move(name);
    core.accept_new = true;
    client::Link::Callbacks callbacks;
    callbacks.changed = [this] { changed(); };
    callbacks.delivery_changed = [this](const std::string&, const client::Line& line) {
      if (line.delivery == client::Delivery::delivered) ++delivered_;
    };
    link_ = std::make_unique<client::Link>(loop_, core, memory_, crypto::fresh_ephemerals(), callbacks);
  }

  void run(const std::string& server) {
    link_->core().connect(server, loop_.now());
    loop_.run();
    link_.reset();
  }

 private:
  void changed() {
    const auto it = link_->model().peers.find(peer_);
    if (!there_ && it != link_->model().peers.end() && it->second.online) {
      there_ = true;
      say(peer_ + " is there");
      timer_.start(0, period_ms_);
    }
    if (delivered_ + pauses_ == texts_.size() && !left_) {
      left_ = true;
      say("all delivered");
      link_->leave(2'000, [this] { loop_.stop(); });
    }
  }

  void send_some() {
    for (int i = 0; i < at_once_ && sent_ < texts_.size(); ++i) {
      if (texts_[sent_].starts_with("@")) {
        const int pause = std::atoi(texts_[sent_].c_str() + 1);
        ++sent_, ++pauses_;
        return timer_.start(pause, period_ms_);
      }
      // Full, or not possible now: once more with the next tick.
      if (!link_->core().send_text(peer_, texts_[sent_], false, loop_.now())) return;
      ++sent_;
    }
    if (sent_ < texts_.size()) return;
    timer_.stop();
    say("all sent");
  }

  net::Loop loop_;
  crypto::SigningKey key_ = crypto::SigningKey::generate(crypto::system_rng());
  test::FakeMemory memory_;
  std::string peer_;
  std::vector<std::string> texts_;
  int period_ms_, at_once_;
  std::size_t sent_ = 0, pauses_ = 0, delivered_ = 0;
  bool there_ = false, left_ = false;
  net::Timer timer_;
  std::unique_ptr<client::Link> link_;
};

}  // namespace

int main(int argc, char** argv) {
  sims::harden_process();
  if (argc != 5) {
    std::fprintf(stderr, "usage: talker HOST:PORT NAME PEER RATE\n");
    return 2;
  }
  std::vector<std::string> texts;
  for (std::string line; std::getline(std::cin, line);)
    texts.push_back(unescape(line));
  Talker(argv[2], argv[3], std::atoi(argv[4]), std::move(texts)).run(argv[1]);
  return 0;
}
