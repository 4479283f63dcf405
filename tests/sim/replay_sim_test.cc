// Replay: the same seed gives the same run, and a failure prints the command that repeats it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

std::uint64_t trace_of(std::uint64_t seed) {
  World world(seed, {});
  for (const char* name : {"alice", "bob", "carol"}) {
    User& user = world.add(name);
    user.trust.servers["server:7467"] = {proto::Id::of(world.server_identity.public_key()), 1};
    user.connect();
  }
  world.run_for(3'000);
  for (int step = 0; step < 60; ++step) {
    User& from = *world.users[world.random.pick(3)];
    const User& to = *world.users[world.random.pick(3)];
    if (&from != &to && from.peer(to.name)) from.say(to.name);
    if (world.random.pick(12) == 0) from.crash();
    if (world.random.pick(12) == 0) from.drop_link();
    world.run_for(static_cast<std::int64_t>(world.random.pick(400)));
  }
  return world.trace();
}

// Runs this program with these arguments and returns its output.
std::string run_again(const std::string& environment, const std::string& arguments) {
  std::array<char, 4'096> buffer{};
  const auto size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  REQUIRE(size > 0);
  const std::string self(buffer.data(), static_cast<std::size_t>(size));
  std::FILE* child = ::popen(
      ("env -u SIMS_STRESS_MESSAGES " + environment + " '" + self + "' --no-colors " + arguments).c_str(),
      "r");
  REQUIRE(child != nullptr);
  std::string out;
  while (const auto read = std::fread(buffer.data(), 1, buffer.size(), child))
    out.append(buffer.data(), read);
  ::pclose(child);
  return out;
}

std::string lines_with(const std::string& text, const std::string& words) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (line.find(words) != line.npos) out += line + "\n";
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("the same seed gives the same run, byte for byte, and another seed another one") {
  const auto seed = seed_or(1'001);
  const auto first = trace_of(seed);
  CHECK(trace_of(seed) == first);
  CHECK(trace_of(seed + 1) != first);
}

TEST_CASE("fails on purpose, \"twice\": for the case below" * doctest::skip()) {
  for (const auto seed : seeds(5, 7)) {
    World world(seed, {});
    CHECK(seed < 6);
  }
}

TEST_CASE("a failure prints one line that replays it") {
  const std::string only = "fails on purpose? ?twice?: for the case below";
  const std::string arguments = "--no-skip --test-case='*" + only + "*'";
  const auto replay = [&](const std::string& seed) {
    return "replay: make test-sim SEED=" + seed + " ONLY=\"" + only + "\"\n";
  };
  CHECK(lines_with(run_again("SIMS_SEED= SIMS_FRESH_SEED=", arguments), "replay: ") == replay("6"));
  CHECK(lines_with(run_again("SIMS_SEED=123456", arguments), "replay: ") == replay("123456"));
  CHECK(lines_with(run_again("SIMS_SEED=3", arguments), "replay: ") == "");
  CHECK(lines_with(run_again("SIMS_SEED=3", arguments + " --count"), "filters: 1") != "");
}

TEST_CASE("a fresh seed is tried besides the fixed ones, and printed") {
  const std::string arguments = "--no-skip --test-case='*fails on purpose*'";
  const auto out = run_again("SIMS_SEED= SIMS_FRESH_SEED=1", arguments);
  CHECK(lines_with(out, "fresh seed: ") != "");
  CHECK(lines_with(run_again("SIMS_SEED= SIMS_FRESH_SEED=", arguments), "fresh seed: ") == "");
}
