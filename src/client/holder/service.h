// The service of the program that holds the store, for other `sims` commands: requests in, answers out, over
// its ClientCore. Pure: the edges are client/holder/holder_socket and, for the holder's own command,
// cli/online_session.
//
//   HolderService   one a program: gets the events of client/link
//   HolderSession   one for each command: lines in, lines out; keeps the unanswered requests
//
// The sender of a text makes its uid. If the text is sent again, also to another holder
// after this one died, it is queued once here and shown once by its receiver (sims-protocol(7) section 6).
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/bytes.h"
#include "client/core/core.h"
#include "client/holder/request.h"

namespace sims::client {

// The operations that the service needs of its program. Outlives the service.
class HolderHost {
 public:
  virtual ~HolderHost() = default;
  virtual ClientCore* core() = 0;          // nullptr: the store is locked, or nothing was connected yet
  virtual std::string locked() const = 0;  // the reason while the store is locked, in words; else empty
  virtual Memory& memory() = 0;            // not while the store is locked
  virtual Result<bool> forget_server(const std::string& host_port) = 0;  // false: not remembered
  virtual Now now() const = 0;
};

class HolderAttempt;
class HolderSession;

class HolderService {
 public:
  // `self`: the program's own part of a greeting.
  HolderService(HolderHost& host, Greeting self) : host_(host), self_(std::move(self)) {}
  HolderService(const HolderService&) = delete;
  HolderService& operator=(const HolderService&) = delete;

  // Link's callbacks. Call changed() also after core() or locked() changed.
  void changed();
  void received(const std::string& peer, const Line& line);
  void delivery_changed(const std::string& peer, const Line& line);

 private:
  friend class HolderAttempt;
  friend class HolderSession;
  template <class F>
  void each(F f);
  HolderHost& host_;
  const Greeting self_;
  std::set<HolderSession*> sessions_;
};

class HolderSession {
 public:
  static constexpr std::size_t max_pending = 64;  // unanswered requests

  // `greeted`: for the program's own command, which sends no greeting. on_output is called when a
  // late answer is there; it may end this session. The service outlives it.
  HolderSession(HolderService& service, std::function<void()> on_output, bool greeted = false);
  ~HolderSession();
  HolderSession(const HolderSession&) = delete;
  HolderSession& operator=(const HolderSession&) = delete;

  void received(ByteView bytes);
  std::string take_output();
  bool busy() const { return !pending_.empty(); }  // has unanswered requests
  bool idle() const { return !busy() && !watching_; }
  std::uint64_t presence_examined() const { return examined_; }  // peers examined for the watcher
  // How long it may be idle: a command that got an unknown key may be asking a person about it.
  std::int64_t idle_limit_ms() const { return key_told_ ? 900'000 : 60'000; }
  bool finished() const { return over_; }  // bad input: the connection ends after the output

 private:
  friend class HolderAttempt;
  friend class HolderService;
  struct Pending {
    HolderRequest request;
    bool taken = false;           // send: it is in the outbox
    std::uint64_t last_line = 0;  // send: of the peer's window, before it was queued
    bool asked = false;           // the server was asked for the name
    bool searched = false;        // send again: the history was read to find the text
    std::int64_t taken_unix_ms = 0;
    std::string shown;  // where it waits, as the last row said; resend: "mailed" if one is at the relay
    std::set<std::string> left;  // resend: uids of unsettled texts
  };

  void line(std::string text);
  void greet(const proto::JsonValue& greeting);
  void end(Trouble trouble, std::string_view words);
  void answer(HolderRequest request);

  // --- from the service
  void changed();
  void message(const Peer& peer, const Line& text);
  void delivery_changed(const std::string& peer, const Line& text);
  void show_presence(const Model& model);

  HolderService& service_;
  std::function<void()> on_output_;
  bool greeted_;
  const bool own_;             // the program's own command
  std::string server_, name_;  // if no others will do
  std::string input_, output_;
  proto::JsonTape tape_;
  std::list<Pending> pending_;
  bool watching_ = false, over_ = false;
  bool key_told_ = false;                     // the last answer was about an unknown key
  std::string link_shown_;                    // in the watcher's last event
  std::map<std::string, std::string> shown_;  // in the watcher's events: the online peers and their trust
  std::uint64_t examined_ = 0;
  std::uint64_t people_shown_ = 0;  // the Model's count of changes then
};

}  // namespace sims::client
