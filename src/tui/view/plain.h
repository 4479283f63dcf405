// --plain: the screen as a stream of lines, for screen readers, braille lines and terminals that cannot place
// the cursor. Prints each event once, in order and in words. The last line is the input line; no other
// printed line changes later. Pure: from the model and the interface's state to the bytes to write. These
// hold nothing but printable text, CR, LF and backspace.
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
  // The bytes that make a terminal of `width` columns show the state. Empty: nothing changed.
  std::string update(const client::Model& model, const UiState& ui, int width);
  void repaint();  // the next update() writes the input line again

 private:
  struct Printed {             // of one window
    std::uint64_t serial = 0;  // of the newest printed line
    std::size_t unread = 0;
    std::string waits;                    // why the newest text waits here
    std::vector<std::uint64_t> counting;  // serials of lines to print once their count is final
  };
  struct Input {
    std::string before, after;  // safe text left and right of the cursor, the prompt included
    bool operator==(const Input&) const = default;
  };

  void print(std::string_view line);  // makes the text safe, ours and remote text alike
  void print_window(const client::Model& model, const UiState& ui);
  void print_lines(const client::Model& model, const UiState& ui, const std::string& peer,
                   std::size_t max_count);
  void print_counts(const std::deque<client::Line>& lines, Printed& printed, const std::string& peer,
                    UtcOffset offset);
  void print_elsewhere(const client::Model& model, const UiState& ui);
  void print_delivery(const client::Model& model, UtcOffset offset);
  void print_waiting(const client::Model& model, UtcOffset offset);
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
  std::map<std::uint64_t, client::Delivery> mine_;  // our printed lines, neither delivered nor failed yet
  std::string window_ = "\n";                       // of the last update; at first no window's name
  std::string dialog_, panel_, passphrase_box_, hint_, question_, find_;
  Input shown_;
  int width_ = 0;
  bool repaint_ = true;
};

}  // namespace sims::tui
