// From the bytes that a terminal sends to keys. Pure: fed bytes as they were read, in any pieces; a sequence
// that is cut off waits for its rest until flush() says that the time is over. Knows the sequences of xterm,
// rxvt, screen, tmux, the Linux console and the vt100 at once, so that no table of $TERM decides about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

enum class KeyCode {
  character,  // `ch`; Ctrl-A is 'a' with `ctrl`
  enter,
  escape,
  tab,
  back_tab,
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
  paste,     // `text`: all of a bracketed paste, as sent
  focus_in,
  focus_out,
};

struct Key {
  KeyCode code = KeyCode::character;
  char32_t ch = 0;
  bool ctrl = false;
  bool alt = false;
  bool shift = false;
  std::string text;  // paste
  bool cut = false;  // paste: longer than max_paste, the rest was dropped
  bool operator==(const Key&) const = default;
};

constexpr std::size_t max_paste = 65'536;  // bytes; four times what one message may hold
constexpr std::size_t max_sequence = 32;   // bytes of one escape sequence; longer ones are swallowed

class KeyDecoder {
 public:
  // Appends what the bytes complete.
  void feed(std::string_view bytes, std::vector<Key>& out);
  // How long to wait for the rest of what was begun before flush(), in ms; -1: nothing was begun.
  int waiting_ms() const;
  // The rest will not come: a lone ESC is the Escape key, a paste without its end is taken as it is.
  void flush(std::vector<Key>& out);

 private:
  enum class State { ground, escape, csi, ss3, linux_function, utf8, paste };
  void byte(unsigned char c, std::vector<Key>& out);
  void ground(unsigned char c, std::vector<Key>& out);
  void utf8(unsigned char c, std::vector<Key>& out);
  void csi(unsigned char c, std::vector<Key>& out);
  void paste(unsigned char c, std::vector<Key>& out);
  void end_csi(char final, std::vector<Key>& out);
  void emit(Key key, std::vector<Key>& out);

  State state_ = State::ground;
  bool alt_ = false;       // an ESC came before
  std::string sequence_;   // CSI parameters, UTF-8 so far
  bool overlong_ = false;  // the sequence passed max_sequence
  std::size_t utf8_need_ = 0;
  std::string pasted_;
  bool paste_cut_ = false;
  std::size_t paste_end_ = 0;  // bytes of the end mark matched
};

}  // namespace sims::tui
