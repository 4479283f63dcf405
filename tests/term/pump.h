// Waiting without sleeping: while a test waits for a condition, all its objects with a descriptor are served.
// Deadlines are generous: they only decide when a test fails.
#pragma once

#include <functional>
#include <string>

namespace sims::test {

// An object that every pump() serves while it exists.
class Pumped {
 public:
  Pumped();
  virtual ~Pumped();
  Pumped(const Pumped&) = delete;
  Pumped& operator=(const Pumped&) = delete;

  virtual int descriptor() const = 0;                // -1: none at the moment
  virtual void serve() = 0;                          // called when the descriptor is readable
  virtual void tick() {}                             // called by every pump()
  virtual std::string report() const { return ""; }  // for a failure
};

// Waits until a descriptor is readable, at most `ms`, then serves the readable ones.
void pump(int ms);

int deadline_ms();  // multiplied under sanitizers
// Pumps until accept() returns true. After the deadline it fails the test, with the reports of all objects.
void until(const std::function<bool()>& accept, const std::string& what, int ms = deadline_ms());

}  // namespace sims::test
