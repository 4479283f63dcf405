// A program in a pty of its own, as a person in front of a terminal has it. Everything that it writes is
// drawn (Terminal) and read strictly (Output); what the terminal answers goes back to it. Nothing here
// sleeps: see() and until() serve the pty until the screen holds what is expected.
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
              bool answers = true);  // false: the terminal tells nothing
  ~TermProgram() override;           // kills what still runs

  void type(std::string_view bytes);  // all of them are taken by the program before this returns
  void resize(tui::Size size);
  void signal(int number);  // to the program that was started
  void hang_up();           // the terminal goes away
  pid_t pid() const { return pid_; }
  pid_t foreground() const;  // the process group in front: a shell's job

  const Terminal& screen() const { return terminal_; }
  const Output& output() const { return output_; }
  std::string raw_since(std::size_t mark) const { return raw_.substr(mark); }
  std::size_t mark() const { return raw_.size(); }  // bytes that were written so far
  termios mode() const;                             // of the line
  const termios& first_mode() const { return first_mode_; }

  bool shows(std::string_view text) const;
  // Waits; fails the test when it takes too long. The text is within one row.
  void see(std::string_view text);
  void see_not(std::string_view text);
  void see(const std::function<bool()>& what, const std::string& words);
  // The row that holds the text, -1: none.
  int row_with(std::string_view text) const;

  bool ended();     // and everything that it wrote was read
  int await_end();  // the exit status; -N: signal N

  int descriptor() const override { return master_; }
  void serve() override;
  std::string report() const override;

 private:
  void write_waiting();

  pid_t pid_ = -1;
  int master_ = -1;
  int slave_ = -1;  // held open, so that the line can be looked at after the program's end
  termios first_mode_{};
  std::optional<int> status_;
  std::string waiting_;  // typed, not taken yet
  std::string raw_;
  Output output_;
  Terminal terminal_;
};

}  // namespace sims::test
