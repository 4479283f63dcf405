// WaitingFrames: their order, and the limits of one peer and of all.
#include "client/conversation/waiting_frames.h"

#include <doctest/doctest.h>

using namespace sims;
using namespace sims::client;

namespace {

PeerFrame frame(std::string raw) {
  return {proto::ClientDisconnect{}, std::move(raw)};
}

std::size_t drained(WaitingFrames& frames) {
  std::size_t count = 0;
  for (; !frames.empty(); ++count)
    frames.pop();
  return count;
}

}  // namespace

TEST_CASE("waiting frames come out in the order of their arrival") {
  std::size_t total = 0;
  WaitingFrames frames(total);
  frames.push(frame("one"));
  frames.push(frame("three"));
  CHECK(total == 8);
  CHECK(frames.pop().raw == "one");
  CHECK(frames.pop().raw == "three");
  CHECK(frames.empty());
  CHECK(total == 0);
}

TEST_CASE("a peer has 256 waiting frames at most") {
  std::size_t total = 0;
  WaitingFrames frames(total);
  for (int i = 0; i < 300; ++i)
    frames.push(frame("x"));
  CHECK(total == 256);
  CHECK(drained(frames) == 256);
}

TEST_CASE("all peers share 4 MiB of waiting frames, and give their bytes back") {
  std::size_t total = 0;
  WaitingFrames of_alice(total);
  {
    WaitingFrames of_bob(total);
    for (int i = 0; i < 5; ++i)
      of_bob.push(frame(std::string(1 << 20, 'x')));
    CHECK(total == 4 << 20);
    of_alice.push(frame("x"));
    CHECK(of_alice.empty());
  }
  CHECK(total == 0);
  of_alice.push(frame("x"));
  CHECK(drained(of_alice) == 1);
}
