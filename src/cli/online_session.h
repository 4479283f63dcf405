// One run of a command that needs the server: connects, does its work, leaves. It holds the store,
// and runs other commands of this user meanwhile. See sims(1).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/talk.h"
#include "client/holder/holder_socket.h"
#include "client/holder/service.h"
#include "client/link/link.h"
#include "client/store/check_schedule.h"
#include "client/store/store.h"

namespace sims::client::cli {

class Session final : TalkEdge, HolderHost {
 public:
  // `options`, `keys` (held) and `talk` outlive it. `server` is HOST:PORT. `paths`: the socket for
  // other commands. `again`: the talk began with another program that is gone.
  Session(const Options& options, Store& keys, Talk& talk, std::string server, std::string name);
  ~Session() override { talk_.leave(); }
  Exit run(const std::vector<std::string>& paths, bool again);

 private:
  // --- TalkEdge: the command of this program
  net::Loop& loop() override { return loop_; }
  void say(std::string line) override;
  void finish(Exit exit, const std::string& why = "") override;
  bool print(const std::string& text) override;
  bool ask(const std::string& words, const Id& id, std::function<void(bool accept)> decided) override;
  void start_deadline() override;

  // --- HolderHost
  ClientCore* core() override { return &link_.core(); }
  std::string locked() const override { return {}; }
  Memory& memory() override { return keys_; }
  Result<bool> forget_server(const std::string& host_port) override;
  Now now() const override { return link_.now(); }

  void look();  // the model changed
  void received(const std::string& peer, const Line& line);
  void decide_about_server(const Question& question);
  bool runs_long() const { return options_.command == Command::listen || options_.command == Command::pipe; }
  void hear();  // handles the service's answers to this program's command

  void report_own_words();
  void report_own_words(const std::string& peer, const std::deque<Line>& lines, bool notices);
  void report_counts(bool all);
  void interrupted();
  void late();
  void leave();

  const Options& options_;
  Store& keys_;
  Talk& talk_;
  std::string server_;
  std::optional<Exit> exit_;
  std::string told_why_;  // the last reported refusal or false key since it was online
  bool was_online_ = false, is_online_ = false, answered_ = false;
  bool damaged_ = false;         // the store is damaged
  std::uint64_t last_told_ = 0;  // the newest line's serial at the last report
  // Lines that count and are not printed yet: peer (empty: the status window) and serial.
  std::vector<std::pair<std::string, std::uint64_t>> counting_;
  std::uint64_t count_ = 0;
  std::int64_t linger_until_ms_ = 0;  // for other commands' requests
  net::Loop loop_;
  net::Timer deadline_, linger_;
  StoreWatch store_watch_;
  net::Signal int_, term_, hup_;
  Asker asker_;
  Link link_;
  HolderService service_;
  HolderSession own_;
  std::unique_ptr<HolderSocket> socket_;
};

}  // namespace sims::client::cli
