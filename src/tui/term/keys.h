// From the bytes that a terminal sends to keys. Pure: fed bytes as they were read, in any pieces; a sequence
// that is cut off waits for its rest until flush() says that the time is over. Knows the sequences of xterm,
// rxvt, screen, tmux, kitty, the Linux console and the vt100 at once, so that no table of $TERM decides about
// it. What a terminal answers (OSC, DCS, reports) is swallowed: it never becomes text.
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
  paste,     // `text`: all of a paste, as sent
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
  std::size_t cut = 0;   // paste: so many bytes above max_paste were dropped
  bool guessed = false;  // paste: without brackets, see KeyDecoder::guess_pastes()
  bool operator==(const Key&) const = default;
};

// What a terminal without extended keys sends for Ctrl and this character, so that one key has one form:
// Ctrl-I is Tab, Ctrl-/ is Ctrl-_.
Key ctrl_key(char32_t c);

constexpr std::size_t max_paste = 65'536;  // bytes; four times what one message may hold
constexpr std::size_t max_sequence = 64;   // bytes of one escape sequence; longer ones are swallowed

class KeyDecoder {
 public:
  // Appends what the bytes, which one read brought, complete.
  void feed(std::string_view bytes, std::vector<Key>& out);
  // How long to wait for the rest of what was begun before flush(), in ms; -1: nothing was begun.
  int waiting_ms() const;
  // The rest will not come: a lone ESC is the Escape key, a paste without its end is taken as it is.
  void flush(std::vector<Key>& out);

  // The terminal has shown that it brackets its pastes, as feed() sees by its answer (DECRQM 2004) or by such
  // a paste: from then on Enter is Enter, however fast it comes.
  void has_brackets() { brackets_ = Brackets::shown; }
  // It was asked and did not answer, or cannot be asked.
  void no_brackets() {
    if (brackets_ == Brackets::unknown) brackets_ = Brackets::none;
  }
  // Enter would send now: without brackets, text with an Enter in it that one read brought is a paste.
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
    guessed,     // a paste without brackets, which may go on in the next read
    text,        // of a terminal's answer: ESC ] P _ ^ X and what follows
    text_escape  // an ESC in it: with \ its end
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
  void reset();                                               // to the ground, with nothing begun
  bool guess(std::string_view bytes, std::vector<Key>& out);  // false: they are keys
  void begin_paste(State state);
  void keep_pasted(std::string_view bytes);
  void told_brackets(std::string_view parameters);

  State state_ = State::ground;
  bool alt_ = false;       // an ESC came before
  std::string sequence_;   // CSI parameters, UTF-8 so far
  bool overlong_ = false;  // the sequence passed max_sequence
  char text_kind_ = 0;     // ] P _ ^ X
  bool text_begun_ = false;
  std::size_t need_ = 0;  // bytes of a character or of an X10 mouse report
  std::string pasted_;
  std::size_t paste_cut_ = 0;
  std::size_t paste_end_ = 0;  // bytes of the end mark matched
  Brackets brackets_ = Brackets::unknown;
  bool guess_wanted_ = false;
};

}  // namespace sims::tui
