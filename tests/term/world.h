// The real programs for one test: a folder of its own, servers on loopback, sims commands, sims-tui in
// terminals. Ends what it started, by pid.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "term/term_program.h"

namespace sims::test {

// A program without a terminal; its input comes from text, its output goes to a file.
class Child final : public Pumped {
 public:
  Child(const std::vector<std::string>& argv, const Environment& environment, std::string log_path,
        std::string_view input = {});
  ~Child() override;  // kills what still runs

  void signal(int number);
  bool ended();
  int await_end();          // the exit status; -N: signal N
  std::string log() const;  // what it wrote so far
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

  // A simsd; "127.0.0.1:PORT".
  std::string server();
  Child& server_program(std::size_t index = 0) { return *children_.at(index); }

  // `sims --home WHO ...`, awaited; the exit status must be 0. Returns what it wrote.
  std::string sims(const std::string& who, const std::string& server, const std::vector<std::string>& words);
  std::unique_ptr<Child> start_sims(const std::string& who, const std::string& server,
                                    const std::vector<std::string>& words);
  // A client that sends these lines (bench/talker.cc) to a peer who may or may not know it.
  std::unique_ptr<Child> talker(const std::string& server, const std::string& who, const std::string& to,
                                int rate, const std::vector<std::string>& lines);
  // These names have met this server: no question at the start.
  void pin(const std::string& server, const std::vector<std::string>& names);

  std::vector<std::string> tui_command(const std::string& who, const std::string& server,
                                       const std::vector<std::string>& words = {}) const;
  std::unique_ptr<TermProgram> tui(const std::string& who, const std::string& server,
                                   const std::vector<std::string>& words = {}, tui::Size size = {80, 24});

  // Not connected; the input line of the status window in front.
  std::unique_ptr<TermProgram> alone(tui::Size size = {80, 24});
  static void close_dialog(TermProgram& program);  // once it is there
  // With a window on this peer in front.
  std::unique_ptr<TermProgram> chat(const std::string& who, const std::string& peer,
                                    const std::string& server, tui::Size size = {80, 24});

  // A stranger whose window is in front becomes a contact, who gets proofs of delivery.
  static void let_in(TermProgram& program);

  std::string path(const std::string& name) const { return folder_ / name; }
  static std::string program(const std::string& name);  // in BUILD

  Environment environment;  // of what is started from now on

 private:
  TempFolder folder_;
  std::vector<std::unique_ptr<Child>> children_;
  int count_ = 0;
};

// What a terminal must be like after the program has left: as it was before.
void check_restored(const TermProgram& terminal);

}  // namespace sims::test
