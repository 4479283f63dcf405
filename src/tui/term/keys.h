// Decodes the bytes that a terminal sends into keys. Pure. The caller feeds bytes as it read them, in pieces
// of any size. The decoder keeps an incomplete sequence until the caller's timer calls flush(). It knows the
// sequences of xterm, rxvt, screen, tmux, kitty, the Linux console and the vt100 at once and does not depend
// on $TERM. It discards the terminal's answers (OSC, DCS, reports): they never become text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

enum class KeyCode {
  character,  // `ch`; Ctrl-A is 'a' with `ctrl`; never with `shift`
  enter,
  escape,
  tab,
  back_tab,  // Shift-Tab
  backspace,
  del,
  insert,
  up,
  down,
  left,
  right,
  home,
  end,
  page_up,
  page_down,
  function,  // `ch` is its number, from 1
  paste,     // `text`: the whole paste, as the terminal sent it
  focus_in,
  focus_out,
  press,       // of a mouse button, at x, y; `ch` is its number: 1 left, 2 middle, 3 right
  wheel_up,    // at x, y
  wheel_down,  // at x, y
};

struct Key {
  KeyCode code = KeyCode::character;
  char32_t ch = 0;
  bool ctrl = false;
  bool alt = false;
  bool shift = false;
  int x = 0, y = 0;      // the mouse's cell, from 0
  std::string text;      // paste
  std::size_t cut = 0;   // paste: bytes above max_paste, which were dropped
  bool guessed = false;  // paste: came without brackets, see KeyDecoder::guess_pastes()
  bool operator==(const Key&) const = default;
};

// The key that a terminal without extended keys sends for Ctrl and this character. So each key has one form:
// Ctrl-I is Tab, Ctrl-/ is Ctrl-_.
Key ctrl_key(char32_t c);

constexpr std::size_t max_paste = 65'536;  // bytes; four times the largest message
constexpr std::size_t max_sequence = 64;   // bytes of one escape sequence; longer ones are discarded

class KeyDecoder {
 public:
  // Decodes the bytes of one read and appends the complete keys.
  void feed(std::string_view bytes, std::vector<Key>& out);
  // The time in ms to wait for the rest of a sequence before flush(); -1: no sequence is incomplete.
  int waiting_ms() const;
  // The rest will not come. A lone ESC becomes the Escape key, a paste without its end becomes a paste.
  void flush(std::vector<Key>& out);

  // The terminal brackets its pastes. From then on Enter is Enter, even in the middle of a read. feed() calls
  // this itself when the terminal answers so (DECRQM 2004) or sends a bracketed paste.
  void has_brackets() { brackets_ = Brackets::shown; }
  // The terminal did not answer that question, or must not be asked.
  void no_brackets() {
    if (brackets_ == Brackets::unknown) brackets_ = Brackets::none;
  }
  // `wanted`: Enter would send now. Then, without brackets, a read of text that goes on after an Enter is a
  // paste.
  void guess_pastes(bool wanted) { guess_wanted_ = wanted; }

 private:
  enum class Brackets { unknown, none, shown };
  enum class State {
    ground,
    escape,
    escape_twice,  // Escape, Escape; or Alt with a sequence, as rxvt has it
    csi,
    ss3,
    linux_function,
    x10_mouse,
    utf8,
    paste,
    guessed,     // a paste without brackets; the next read may continue it
    text,        // in a terminal's answer: ESC and one of ] P _ ^ X, then its text
    text_escape  // an ESC in that text; with \ it is the end
  };
  void byte(unsigned char c, std::vector<Key>& out);
  void ground(unsigned char c, std::vector<Key>& out);
  void escape(unsigned char c, std::vector<Key>& out);
  void utf8(unsigned char c, std::vector<Key>& out);
  void csi(unsigned char c, std::vector<Key>& out);
  void ss3(unsigned char c, std::vector<Key>& out);
  void text(unsigned char c, std::vector<Key>& out);
  void paste(unsigned char c, std::vector<Key>& out);
  void end_csi(char final, std::vector<Key>& out);
  void emit(Key key, std::vector<Key>& out);
  void emit_alt(char32_t c, std::vector<Key>& out);
  void reset();                                               // back to ground, nothing incomplete
  bool guess(std::string_view bytes, std::vector<Key>& out);  // false: they are keys
  void begin_paste(State state);
  void keep_pasted(std::string_view bytes);
  void on_mode_report(std::string_view parameters);

  State state_ = State::ground;
  bool alt_ = false;       // an ESC came before
  std::string sequence_;   // CSI parameters or bytes of UTF-8 so far
  bool overlong_ = false;  // the sequence passed max_sequence
  char text_kind_ = 0;     // ] P _ ^ X
  bool text_begun_ = false;
  std::size_t need_ = 0;  // bytes in a character, or left of an X10 mouse report
  std::string pasted_;
  std::size_t paste_cut_ = 0;
  std::size_t paste_end_ = 0;  // matched bytes of the end mark
  Brackets brackets_ = Brackets::unknown;
  bool guess_wanted_ = false;
};

}  // namespace sims::tui
