// A line editor as a value: text, cursor, undo; no screen. All positions are byte offsets between grapheme
// clusters. The text is valid UTF-8 without control characters, except LF with Newlines::keep.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tui/edit/keymap.h"
#include "tui/edit/kill_ring.h"
#include "tui/edit/undo_log.h"
#include "tui/term/keys.h"

namespace sims::tui {

enum class Newlines { keep, fold };  // fold: turn line breaks into spaces (for one-line fields)

class Editor {
 public:
  explicit Editor(std::size_t max_bytes = 16'384, Newlines newlines = Newlines::keep)
      : max_bytes_(max_bytes), newlines_(newlines) {}

  const std::string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  bool empty() const { return text_.empty(); }

  // These three clean the inserted text. Each is one undo step. False: the text did not fit and was cut
  // between two clusters.
  bool insert(std::string_view text);
  bool set(std::string_view text);  // cursor at the end
  bool replace(std::size_t from, std::size_t to, std::string_view text);
  // Empties the editor, the undo log included.
  void clear();
  std::string take();  // returns the text and clears

  // Performs the action. False: it means nothing here (send, up on the first line, ...).
  bool act(Action action, KillRing& kills);
  // Inserts a character or a paste. False: another key.
  bool type(const Key& key);
  // Calls act() if the map has an action for the key, else type().
  bool handle(const Key& key, const Keymap& keys, KillRing& kills);
  // The bytes for which the last of these three calls had no room.
  std::size_t left_out() const { return left_out_; }

 private:
  std::size_t before(std::size_t at) const;
  std::size_t after(std::size_t at) const;
  std::size_t word_start(std::size_t at) const;
  std::size_t word_end(std::size_t at) const;
  std::size_t space_start(std::size_t at) const;
  std::size_t line_start(std::size_t at) const;
  std::size_t line_end(std::size_t at) const;
  std::size_t place_in_line(std::size_t start, std::size_t stop, int column) const;
  bool line_up();
  bool line_down();

  void settle();
  void change(std::size_t from, std::size_t to, std::string_view text, UndoLog::Kind kind);
  bool put(std::size_t from, std::size_t to, std::string_view text, UndoLog::Kind kind);
  void erase(std::size_t from, std::size_t to, UndoLog::Kind kind);
  void kill(std::size_t from, std::size_t to, KillRing& kills);
  void yank(KillRing& kills);
  bool yank_older(KillRing& kills);
  void transpose();
  bool undo();
  bool move(Action action);
  bool edit(Action action, KillRing& kills);

  std::string text_;
  std::size_t cursor_ = 0;
  UndoLog undo_;
  std::uint64_t killed_ = 0;                     // the ring's serial if the last action was a kill; else 0
  bool yanked_ = false;                          // the last action was a yank of ...
  std::size_t yanked_from_ = 0, yanked_to_ = 0;  // ... these bytes
  std::size_t max_bytes_;
  Newlines newlines_;
  std::size_t left_out_ = 0;
};

}  // namespace sims::tui
