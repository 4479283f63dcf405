// A program in its own pty, as a user in front of a terminal has it. Terminal draws the program's output, and
// Output checks it; the terminal's answers go back to the program. Nothing here sleeps: see() and until()
// serve the pty until the screen shows the expected text.
#pragma once

#include <termios.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "term/output.h"
#include "term/pump.h"
#include "term/terminal.h"

namespace sims::test {

using Environment = std::map<std::string, std::string>;

class TermProgram final : public Pumped {
 public:
  TermProgram(const std::vector<std::string>& argv, const Environment& environment, tui::Size size = {80, 24},
              bool answers = true);  // false: the terminal answers no questions
  ~TermProgram() override;           // kills the program if it still runs

  void type(std::string_view bytes);  // returns when the pty has taken all bytes
  void resize(tui::Size size);
  void signal(int number);  // sent to the started program
  void hang_up();           // closes the terminal
  pid_t pid() const { return pid_; }
  pid_t foreground() const;  // the foreground process group: the job of a shell

  const Terminal& screen() const { return terminal_; }
  const Output& output() const { return output_; }
  std::string raw_since(std::size_t mark) const { return raw_.substr(mark); }
  std::size_t mark() const { return raw_.size(); }  // bytes written so far
  termios mode() const;                             // of the pty
  const termios& first_mode() const { return first_mode_; }

  bool shows(std::string_view text) const;
  // Waits until one row holds the text; fails the test after the deadline.
  void see(std::string_view text);
  void see_not(std::string_view text);
  void see(const std::function<bool()>& what, const std::string& words);
  // The row that holds the text; -1: none.
  int row_with(std::string_view text) const;

  bool ended();     // the program exited, and all its output was read
  int await_end();  // the exit status; -N: signal N

  int descriptor() const override { return master_; }
  void serve() override;
  std::string report() const override;

 private:
  void write_waiting();

  pid_t pid_ = -1;
  int master_ = -1;
  int slave_ = -1;  // kept open, so that mode() works after the program's exit
  termios first_mode_{};
  std::optional<int> status_;
  std::string waiting_;  // typed bytes that the pty has not taken yet
  std::string raw_;
  Output output_;
  Terminal terminal_;
};

}  // namespace sims::test
