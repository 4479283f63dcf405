// A command of sims as a talk with the program that holds the store (client/holder/request.h). That
// is this program itself (cli/online_session), or another one through its socket
// (cli/remote_session). If the other program dies, the talk goes on with the next one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/options.h"
#include "net/loop.h"
#include "proto/identity.h"

namespace sims::client::cli {

// The run of a talk.
class TalkEdge {
 public:
  virtual ~TalkEdge() = default;
  virtual net::Loop& loop() = 0;
  virtual void say(std::string line) = 0;  // to the holder; its answers may come before this returns
  virtual void finish(Exit exit, const std::string& why = "") = 0;
  virtual bool print(const std::string& text) = 0;  // false: it could not be printed, and the run ends
  // Asks for yes, no or the fingerprint. False: there is no terminal.
  virtual bool ask(const std::string& words, const proto::Id& id, std::function<void(bool)> decided) = 0;
  virtual void start_deadline() = 0;  // of --timeout
};

class Talk {
 public:
  virtual ~Talk() = default;
  // Starts with a holder that waits for requests. `again`: after another one died.
  virtual void begin(TalkEdge& edge, bool again) = 0;
  virtual void answer(std::string line) = 0;
  // The run ends early: an unsent text must not go out later.
  virtual void give_up() = 0;
  virtual bool waits() const = 0;                    // after give_up(): waits for the holder's answer to it
  virtual void leave() = 0;                          // the edge is about to die
  virtual bool was_online() const { return false; }  // a listener: the holder was connected
};

// `self`: the store's id.
std::unique_ptr<Talk> make_talk(const Options& options, const proto::Id& self);

}  // namespace sims::client::cli
