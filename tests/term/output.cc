// Output: accepts text and known sequences, and reports any other byte.
#include "term/output.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace sims::test {
namespace {

constexpr std::size_t max_sequence = 4'096;
constexpr int max_marks = 8;  // base/text.h

std::string shown(std::string_view bytes) {
  return escape_for_log(bytes, 200);
}

// A character that a screen may show: no control or format character, not unassigned or private.
bool printable(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:  // excludes variation selectors and letters that draw nothing
      return !utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->ignorable;
  }
}

bool mark(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

bool all_printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.size == 0 || !printable(point.c)) return false;
    at += point.size;
  }
  return true;
}

bool starts(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

// Small numbers, separated by ';'.
bool parameters(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    if (c == ';') {
      digits = 0;
    } else if (c < '0' || c > '9' || ++digits > 5) {
      return false;
    }
  }
  return true;
}

std::vector<int> numbers(std::string_view text) {
  std::vector<int> out(1);
  for (const char c : text) {
    if (c == ';')
      out.push_back(0);
    else
      out.back() = out.back() * 10 + (c - '0');
  }
  return out;
}

// DEC private modes that the screen or a terminfo entry sets: cursor keys, 80 columns, smooth scroll,
// reverse, autowrap, cursor blinking and shown, mouse, focus, meta key, alternate screen, bracketed paste,
// one update.
constexpr std::array known_modes = {1,    3,    4,    5,    7,    12,   25,   47,   1000, 1002,
                                    1003, 1004, 1006, 1034, 1047, 1048, 1049, 2004, 2026};
// Insert, linefeed.
constexpr std::array known_ansi_modes = {4, 20};

}  // namespace

void Output::wrong(const std::string& what) {
  if (++wrong_ <= 20) violations_ += "byte " + std::to_string(offset_) + ": " + what + "\n";
}

void Output::feed(std::string_view bytes) {
  for (const char c : bytes) {
    byte(static_cast<unsigned char>(c));
    ++offset_;
  }
}

void Output::byte(unsigned char c) {
  if (sequence_.size() > max_sequence) {
    wrong("a sequence without end");
    sequence_.clear();
    state_ = State::ground;
  }
  switch (state_) {
    case State::ground:
      return ground(c);
    case State::escape:
      return escape(c);
    case State::charset:
      state_ = State::ground;
      if (std::string_view("0AB").find(static_cast<char>(c)) == std::string_view::npos)
        wrong("character set " + shown({reinterpret_cast<char*>(&c), 1}));
      return;
    case State::csi:
      return csi(c);
    case State::osc:
      if (c == 0x07) return end_osc(std::exchange(sequence_, {}));
      if (c == 0x1b)
        state_ = State::osc_escape;
      else
        sequence_ += static_cast<char>(c);
      return;
    case State::osc_escape:
      if (c != '\\') wrong("ESC inside of OSC " + shown(sequence_));
      return end_osc(std::exchange(sequence_, {}));
    case State::dcs:
      if (c == 0x1b)
        state_ = State::dcs_escape;
      else
        sequence_ += static_cast<char>(c);
      return;
    case State::dcs_escape:
      if (c == '\\') return end_dcs();
      state_ = State::dcs;  // tmux's passthrough doubles each ESC
      if (c != 0x1b) wrong("ESC inside of DCS " + shown(sequence_));
      sequence_ += static_cast<char>(c);
      return;
  }
}

void Output::ground(unsigned char c) {
  if (utf8_need_ > 0) {
    sequence_ += static_cast<char>(c);
    if (--utf8_need_ > 0) return;
    const CodePoint point = decode_utf8(sequence_, 0);
    if (point.size != sequence_.size())
      wrong("no UTF-8: " + shown(sequence_));
    else
      character(point.c);
    sequence_.clear();
    return;
  }
  if (c >= 0x80) {
    utf8_need_ = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4) {
      utf8_need_ = 0;
      return wrong("no UTF-8: " + shown({reinterpret_cast<char*>(&c), 1}));
    }
    sequence_.assign(1, static_cast<char>(c));
    return;
  }
  if (c >= 0x20 && c < 0x7f) return character(c);
  switch (c) {
    case 0x07:
      ++bells_;
      return;
    case '\b':
    case '\t':
    case '\n':
    case '\r':
    case 0x0e:  // shift out and in: another character set, vt100
    case 0x0f:
      return;
    case 0x1b:
      state_ = State::escape;
      return;
    default:
      wrong("control character " + shown({reinterpret_cast<char*>(&c), 1}));
  }
}

void Output::character(char32_t c) {
  if (!printable(c)) wrong("character " + std::to_string(static_cast<std::uint32_t>(c)));
  marks_ = mark(c) ? marks_ + 1 : 0;
  if (marks_ == max_marks + 1) wrong("too many marks on one character");
}

void Output::escape(unsigned char c) {
  state_ = State::ground;
  switch (c) {
    case '[':
      state_ = State::csi;
      return;
    case ']':
      state_ = State::osc;
      return;
    case 'P':
      state_ = State::dcs;
      return;
    case '(':
    case ')':
      state_ = State::charset;
      return;
    case '7':  // save and restore cursor, keypad, line up and down, next line, tab stop
    case '8':
    case '=':
    case '>':
    case 'D':
    case 'E':
    case 'H':
    case 'M':
      return;
    default:
      wrong("ESC " + shown({reinterpret_cast<char*>(&c), 1}));
  }
}

void Output::csi(unsigned char c) {
  sequence_ += static_cast<char>(c);
  if (c >= 0x40 && c <= 0x7e) {
    state_ = State::ground;
    end_csi();
    sequence_.clear();
  } else if (c < 0x20 || c > 0x3f || sequence_.size() > 64) {
    wrong("CSI " + shown(sequence_));
    state_ = State::ground;
    sequence_.clear();
  }
}

void Output::end_csi() {
  const char final = sequence_.back();
  const std::string_view body = std::string_view(sequence_).substr(0, sequence_.size() - 1);
  if (final == 'h' || final == 'l') return mode_sequence(final);
  if (final == 't') {
    if (body == "22;2" || body == "22;0;0") {
      ++title_depth_;
    } else if (body == "23;2" || body == "23;0;0") {
      --title_depth_;
      title_.clear();
    } else {
      wrong("CSI " + shown(sequence_));
    }
    return;
  }
  if (body == "?2004$" && final == 'p') return;  // does the terminal bracket its pastes?
  if (body == "?0" && final == 'c') return;      // the Linux console's cursor
  // Cursor moves, erasing, scrolling, colours.
  const bool known = std::string_view("ABCDGHIJKLMPSTXZ@bdfmr").find(final) != std::string_view::npos;
  if (!known || !parameters(body)) wrong("CSI " + shown(sequence_));
}

void Output::mode_sequence(char final) {
  std::string_view body = std::string_view(sequence_).substr(0, sequence_.size() - 1);
  const bool dec = starts(body, "?");
  if (dec) body.remove_prefix(1);
  if (body.empty() || !parameters(body)) return wrong("CSI " + shown(sequence_));
  for (const int number : numbers(body)) {
    const bool known =
        dec ? std::find(known_modes.begin(), known_modes.end(), number) != known_modes.end()
            : std::find(known_ansi_modes.begin(), known_ansi_modes.end(), number) != known_ansi_modes.end();
    if (!known) wrong("CSI " + shown(sequence_));
    if (!dec) continue;
    if (final == 'h')
      modes_.insert(number);
    else
      modes_.erase(number);
  }
}

void Output::end_osc(const std::string& body) {
  state_ = State::ground;
  if (body == "104") return;  // ncurses at its end: resets the palette
  const std::size_t cut = body.find(';');
  const std::string command = body.substr(0, cut);
  const std::string rest = cut == std::string::npos ? "" : body.substr(cut + 1);
  const bool notifies = command == "9" || command == "99" || command == "777";
  if ((command != "2" && !notifies) || cut == std::string::npos || !all_printable(rest))
    return wrong("OSC " + shown(body));
  if (notifies) {
    notifications_.push_back(rest);
  } else {
    title_ = rest;
    titles_.push_back(rest);
  }
}

// Accepts only tmux's passthrough of one OSC.
void Output::end_dcs() {
  state_ = State::ground;
  std::string body = std::exchange(sequence_, {});
  constexpr std::string_view prefix = "tmux;\x1b]";
  if (!starts(body, prefix)) return wrong("DCS " + shown(body));
  body.erase(0, prefix.size());
  if (body.ends_with('\x07'))
    body.pop_back();
  else if (body.ends_with("\x1b\\"))
    body.resize(body.size() - 2);
  else
    return wrong("DCS " + shown(body));
  end_osc(body);
}

}  // namespace sims::test
