// A line editor as a value: text, cursor, kill ring of one, no screen. All positions are byte offsets at the
// borders of grapheme clusters. The text is valid UTF-8 without control characters but LF (and that only with
// Newlines::keep).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tui/keys.h"

namespace sims::tui {

enum class Newlines { keep, fold };  // fold: a line break becomes a space (fields of one line)

class Editor {
 public:
  explicit Editor(std::size_t max_bytes = 16'384, Newlines newlines = Newlines::keep)
      : max_bytes_(max_bytes), newlines_(newlines) {}

  const std::string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  bool empty() const { return text_.empty(); }

  // Cleans what is inserted; false: not all of it fitted (the rest was left out, at a cluster's border).
  bool insert(std::string_view text);
  bool set(std::string_view text);  // cursor at the end
  void clear();
  std::string take();  // the text, and leaves the editor empty (the kill buffer stays)
  void replace(std::size_t from, std::size_t to, std::string_view text);

  void left();
  void right();
  void word_left();
  void word_right();
  void home();  // of the line
  void end();
  bool line_up();  // false: already on the first line
  bool line_down();

  void backspace();
  void del();
  void kill_word_left();      // Ctrl-W: to the white space
  void kill_to_word_start();  // Alt-Backspace: letters and digits
  void kill_word_right();
  void kill_to_start();
  void kill_to_end();
  void yank();
  void transpose();

  // Does what the key is bound to. False: the key means nothing here (Enter, Tab, Up on the first line, ...).
  bool handle(const Key& key);
  // The last handle() had no room for all that it was to insert.
  bool overflowed() const { return overflowed_; }

 private:
  std::size_t border(std::size_t at) const;
  std::size_t before(std::size_t at) const;
  std::size_t after(std::size_t at) const;
  std::size_t word_start(std::size_t at) const;
  std::size_t word_end(std::size_t at) const;
  std::size_t line_start(std::size_t at) const;
  std::size_t line_end(std::size_t at) const;
  void settle();
  void erase(std::size_t from, std::size_t to);
  void kill(std::size_t from, std::size_t to);
  bool handle_control(char32_t c);
  bool handle_alt(const Key& key);

  std::string text_;
  std::size_t cursor_ = 0;
  std::string killed_;
  std::size_t max_bytes_;
  Newlines newlines_;
  bool overflowed_ = false;
};

}  // namespace sims::tui
