// --plain: the screen as a stream of lines, for screen readers, braille lines and terminals that can place no
// cursor. What happens is said once, in order, in words; below it stands one line with what is typed. Nothing
// that was written is ever changed. Pure: from the model and the interface's state to the bytes to write,
// which hold nothing but printable text, CR, LF and backspace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

class Plain {
 public:
  // What makes the terminal, `width` columns wide, show the state. Empty: nothing changed.
  std::string update(const client::Model& model, const UiState& ui, int width);
  void repaint();  // the line with what is typed is written repaint

 private:
  struct Printed {             // of one window
    std::uint64_t serial = 0;  // the newest line that was said
    std::size_t unread = 0;
    std::vector<std::uint64_t> counting;  // lines that wait until their number is final
  };
  struct Input {
    std::string before, after;  // safe text left and right of the cursor, the prompt included
    bool operator==(const Input&) const = default;
  };

  void print(std::string_view line);  // own words and remote ones: made safe here
  void print_window(const client::Model& model, const UiState& ui);
  void print_lines(const client::Model& model, const UiState& ui, const std::string& peer,
                   std::size_t max_count);
  void print_counts(const std::deque<client::Line>& lines, Printed& printed, const std::string& peer,
                    UtcOffset offset);
  void print_elsewhere(const client::Model& model, const UiState& ui);
  void print_delivery(const client::Model& model);
  void print_dialog(const client::Model& model, const UiState& ui);
  void print_passphrase(const UiState& ui);
  void print_question(const UiState& ui);
  void print_find(const client::Model& model, const UiState& ui);
  void print_panel(const client::Model& model, const UiState& ui);
  static Input input_of(const client::Model& model, const UiState& ui);
  static void fit_into(std::string& before, std::string& after, int width);
  std::string input_bytes(const Input& now);

  std::string lines_;  // of this update
  std::map<std::string, Printed> printed_;
  std::map<std::uint64_t, client::Delivery> mine_;  // lines of ours that were said and are not settled
  std::string window_ = "\n";                       // no window is called so
  std::string dialog_, panel_, passphrase_box_, hint_, question_, find_;
  Input shown_;
  int width_ = 0;
  bool repaint_ = true;
};

}  // namespace sims::tui
