// Waiting without sleeping: everything of a test that has a descriptor is served while the test waits for
// what it expects to see. Deadlines are generous: they only decide when a test fails.
#pragma once

#include <functional>
#include <string>

namespace sims::test {

// Served by every pump() as long as it lives.
class Pumped {
 public:
  Pumped();
  virtual ~Pumped();
  Pumped(const Pumped&) = delete;
  Pumped& operator=(const Pumped&) = delete;

  virtual int descriptor() const = 0;                // -1: none now
  virtual void serve() = 0;                          // there is something to read
  virtual void tick() {}                             // every pump()
  virtual std::string report() const { return ""; }  // for a failure
};

// Until one of them can be read, at most so long; serves those that can be.
void pump(int ms);

int deadline_ms();  // multiplied under sanitizers
// Pumps until accept(); fails the test after the deadline, with everybody's report.
void until(const std::function<bool()>& accept, const std::string& what, int ms = deadline_ms());

}  // namespace sims::test
