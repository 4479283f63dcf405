// One run of a command through the program that holds the store: client/holder/holder_socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/talk.h"
#include "client/holder/request.h"
#include "net/stream.h"

namespace sims::client::cli {

class RemoteSession final : TalkEdge {
 public:
  // `options` and `talk` outlive it.
  RemoteSession(const Options& options, Talk& talk, Greeting greeting);
  ~RemoteSession() override { talk_.leave(); }
  // Takes a connected socket. nullopt: the other program is gone, or was too busy to answer.
  // `again`: the talk began with another program that is gone.
  std::optional<Exit> run(int fd, bool again);
  bool greeted() const { return greeted_; }                // true: the talk may have begun
  const std::string& problem() const { return problem_; }  // the reason of a nullopt

 private:
  net::Loop& loop() override { return loop_; }
  void say(std::string line) override;
  void finish(Exit exit, const std::string& why = "") override;
  bool print(const std::string& text) override;
  bool ask(const std::string& words, const proto::Id& id, std::function<void(bool accept)> decided) override;
  void start_deadline() override;

  void read(ByteView bytes);
  void line(std::string text);
  void greet(std::string text);
  void gone(const std::string& why);
  void interrupted();
  void late();
  std::string late_words() const;
  void time_is_up(const std::string& line);  // the holder's answer about its connection

  const Options& options_;
  Talk& talk_;
  const Greeting greeting_;
  std::optional<Exit> exit_;
  std::string problem_, input_;
  bool again_ = false, greeted_ = false, gone_ = false;
  bool asks_why_ = false;  // timed out: waits for the state of the holder's connection
  net::Loop loop_;
  net::Timer deadline_;
  net::Signal int_, term_, hup_;
  Asker asker_;
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace sims::client::cli
