// talker HOST:PORT NAME PEER RATE: logs in as NAME with a fresh key, waits for PEER, and sends it
// the lines of standard input, RATE a second (0: as fast as possible). In a line \xNN stands for a
// byte. A line "@N" is a pause of N ms, "?" a pause until the peer has accepted us (a delivery is
// proved), "!WHY" ends the session with that reason. Prints "PEER is there", "all sent" and "all
// delivered", then exits.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "client/link/link.h"
#include "os/process.h"
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
  Talker(std::string name, std::string peer, int rate, std::vector<std::string> lines)
      : peer_(std::move(peer)),
        lines_(std::move(lines)),
        period_ms_(rate > 0 ? std::max(1, 1'000 / rate) : 1),
        at_once_(rate > 0 ? std::max(1, rate / 1'000) : 100),
        timer_(loop_, [this] { send_some(); }) {
    client::CoreOptions core;
    core.identity = &key_;
    core.name = std::move(name);
    core.accept_new = true;
    core.accept_strangers = true;
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
    if (next_ == lines_.size() && delivered_ == sent_ && !left_) {
      left_ = true;
      say("all delivered");
      link_->leave(2'000, [this] { loop_.stop(); });
    }
  }

  void send_some() {
    for (int i = 0; i < at_once_ && next_ < lines_.size(); ++i) {
      const std::string& line = lines_[next_];
      if (line == "?") {
        if (delivered_ == 0) return;
      } else if (line.starts_with("@")) {
        timer_.start(std::atoi(line.c_str() + 1), period_ms_);
        i = at_once_;
      } else if (line.starts_with("!")) {
        link_->core().end_session(peer_, unescape(line.substr(1)), loop_.now());
      } else {
        // The queue is full, or sending is not possible now: retry with the next tick.
        if (!link_->core().send_text(peer_, unescape(line), false, loop_.now())) return;
        ++sent_;
      }
      ++next_;
    }
    if (next_ < lines_.size()) return;
    timer_.stop();
    say("all sent");
    changed();
  }

  net::Loop loop_;
  crypto::SigningKey key_ = crypto::SigningKey::generate(crypto::system_rng());
  test::FakeMemory memory_;
  std::string peer_;
  std::vector<std::string> lines_;
  int period_ms_, at_once_;
  std::size_t next_ = 0, sent_ = 0, delivered_ = 0;
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
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);)
    lines.push_back(line);
  Talker(argv[2], argv[3], std::atoi(argv[4]), std::move(lines)).run(argv[1]);
  return 0;
}
