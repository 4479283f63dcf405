// The real programs for one test: its own folder, servers on loopback, sims commands, sims-tui in terminals.
// The destructor kills, by pid, the programs that still run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "term/term_program.h"

namespace sims::test {

// A program without a terminal: `input` is its standard input, and its output goes to a file.
class Child final : public Pumped {
 public:
  Child(const std::vector<std::string>& argv, const Environment& environment, std::string log_path,
        std::string_view input = {});
  ~Child() override;  // kills the program if it still runs

  void signal(int number);
  bool ended();
  int await_end();          // the exit status; -N: signal N
  std::string log() const;  // its output so far
  int descriptor() const override { return -1; }
  void serve() override {}
  std::string report() const override;

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
  std::string log_path_;
};

class World {
 public:
  World();

  // Starts a simsd; returns "127.0.0.1:PORT".
  std::string server();
  Child& server_program(std::size_t index = 0) { return *children_.at(index); }

  // Runs `sims --home WHO ...`, whose exit status must be 0. Returns its output.
  std::string sims(const std::string& who, const std::string& server, const std::vector<std::string>& words);
  std::unique_ptr<Child> start_sims(const std::string& who, const std::string& server,
                                    const std::vector<std::string>& words);
  // A client that sends these lines to a peer, which need not know it (bench/talker.cc).
  std::unique_ptr<Child> talker(const std::string& server, const std::string& who, const std::string& to,
                                int rate, const std::vector<std::string>& lines);
  // Makes these users accept the server's key, so that sims-tui does not ask at the start.
  void pin(const std::string& server, const std::vector<std::string>& names);

  std::vector<std::string> tui_command(const std::string& who, const std::string& server,
                                       const std::vector<std::string>& words = {}) const;
  std::unique_ptr<TermProgram> tui(const std::string& who, const std::string& server,
                                   const std::vector<std::string>& words = {}, tui::Size size = {80, 24});

  // Starts sims-tui without a server, and closes the dialog: the user is in the status window.
  std::unique_ptr<TermProgram> alone(tui::Size size = {80, 24});
  static void close_dialog(TermProgram& program);  // waits for it first
  // Starts sims-tui and waits for the window with this peer.
  std::unique_ptr<TermProgram> chat(const std::string& who, const std::string& peer,
                                    const std::string& server, tui::Size size = {80, 24});

  // Accepts the request of the stranger in the current window; a contact gets acks.
  static void accept_request(TermProgram& program);

  std::string path(const std::string& name) const { return folder_ / name; }
  static std::string program(const std::string& name);  // in BUILD

  Environment environment;  // of the programs started from now on

 private:
  TempFolder folder_;
  std::vector<std::unique_ptr<Child>> children_;
  int count_ = 0;
};

// Checks that the program has restored the terminal at its exit.
void check_restored(const TermProgram& terminal);

}  // namespace sims::test
