// Waits with poll(2) on the descriptors of all objects, until a condition holds or a deadline passes.
#include "term/pump.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace sims::test {
namespace {

std::vector<Pumped*>& all() {
  static std::vector<Pumped*> list;
  return list;
}

std::int64_t clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Pumped::Pumped() {
  all().push_back(this);
}

Pumped::~Pumped() {
  std::erase(all(), this);
}

void pump(int ms) {
  std::vector<pollfd> waiting;
  const auto now = all();  // serve() may destroy some
  for (const Pumped* one : now)
    waiting.push_back({one->descriptor(), POLLIN, 0});
  static_cast<void>(::poll(waiting.data(), waiting.size(), ms));
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (std::find(all().begin(), all().end(), now[i]) == all().end()) continue;
    if (waiting[i].revents != 0) now[i]->serve();
    now[i]->tick();
  }
}

int deadline_ms() {
  const char* variant = std::getenv("VARIANT");
  const std::string name = variant ? variant : "";
  return 60'000 * (name == "tsan" ? 6 : name == "asan" || name == "cov" ? 3 : 1);
}

void until(const std::function<bool()>& accept, const std::string& what, int ms) {
  const std::int64_t end = clock_ms() + ms;
  while (!accept()) {
    if (clock_ms() > end) {
      std::string report;
      for (const Pumped* one : all())
        report += one->report();
      FAIL("after " << ms << " ms still no " << what << "\n" << report);
    }
    pump(20);
  }
}

}  // namespace sims::test
