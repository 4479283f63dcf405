#include "tui/keys.h"

#include <array>

#include "base/text.h"

namespace sims::tui {
namespace {

constexpr int escape_wait_ms =
    25;  // as ncurses' set_escdelay(25): more is felt, less splits keys over slow links
constexpr int paste_wait_ms = 5'000;  // a paste that stops for so long has lost its end
constexpr std::string_view paste_end = "\x1b[201~";

Key plain(KeyCode code) {
  Key key;
  key.code = code;
  return key;
}

Key function(int number) {
  Key key = plain(KeyCode::function);
  key.ch = static_cast<char32_t>(number);
  return key;
}

// xterm's modifier parameter: 1 + shift 1 + alt 2 + ctrl 4.
void modify(Key& key, int parameter) {
  const int bits = parameter - 1;
  key.shift = bits & 1;
  key.alt = key.alt || (bits & 2);
  key.ctrl = bits & 4;
}

std::array<int, 2> parameters(std::string_view text) {
  std::array<int, 2> out{0, 0};
  std::size_t at = 0;
  for (char c : text) {
    if (c == ';') {
      if (++at == out.size()) break;
    } else if (c >= '0' && c <= '9' && out[at] < 10'000) {
      out[at] = out[at] * 10 + (c - '0');
    }
  }
  return out;
}

bool letter_key(char final, Key& key) {
  switch (final) {
    case 'A':
      key = plain(KeyCode::up);
      return true;
    case 'B':
      key = plain(KeyCode::down);
      return true;
    case 'C':
      key = plain(KeyCode::right);
      return true;
    case 'D':
      key = plain(KeyCode::left);
      return true;
    case 'F':
      key = plain(KeyCode::end);
      return true;
    case 'H':
      key = plain(KeyCode::home);
      return true;
    case 'M':
      key = plain(KeyCode::enter);
      return true;  // the keypad's
    case 'P':
    case 'Q':
    case 'R':
    case 'S':
      key = function(final - 'P' + 1);
      return true;
    case 'Z':
      key = plain(KeyCode::back_tab);
      return true;
    default:
      return false;
  }
}

bool tilde_key(int number, Key& key) {
  static constexpr std::array<KeyCode, 9> low = {KeyCode::character, KeyCode::home, KeyCode::insert,
                                                 KeyCode::del,       KeyCode::end,  KeyCode::page_up,
                                                 KeyCode::page_down, KeyCode::home, KeyCode::end};
  if (number >= 1 && number <= 8) {
    key = plain(low[static_cast<std::size_t>(number)]);
    return true;
  }
  // 11..15 are F1..F5, 17..21 F6..F10, 23 and 24 F11 and F12: the VT220's gaps.
  if (number >= 11 && number <= 15)
    key = function(number - 10);
  else if (number >= 17 && number <= 21)
    key = function(number - 11);
  else if (number == 23 || number == 24)
    key = function(number - 12);
  else
    return false;
  return true;
}

}  // namespace

void KeyDecoder::emit(Key key, std::vector<Key>& out) {
  key.alt = key.alt || alt_;
  alt_ = false;
  state_ = State::ground;
  sequence_.clear();
  overlong_ = false;
  out.push_back(std::move(key));
}

void KeyDecoder::feed(std::string_view bytes, std::vector<Key>& out) {
  for (char c : bytes)
    byte(static_cast<unsigned char>(c), out);
}

int KeyDecoder::waiting_ms() const {
  if (state_ == State::ground) return -1;
  return state_ == State::paste ? paste_wait_ms : escape_wait_ms;
}

void KeyDecoder::flush(std::vector<Key>& out) {
  switch (state_) {
    case State::ground:
      return;
    case State::escape: {
      alt_ = false;
      return emit(plain(KeyCode::escape), out);
    }
    case State::ss3:  // ESC O was Alt-O after all
    case State::csi:
      if (sequence_.empty() && !overlong_) {
        Key key = plain(KeyCode::character);
        key.ch = state_ == State::ss3 ? U'O' : U'[';
        key.alt = true;
        return emit(std::move(key), out);
      }
      [[fallthrough]];
    case State::linux_function:
    case State::utf8:
      state_ = State::ground;
      alt_ = false;
      sequence_.clear();
      overlong_ = false;
      return;
    case State::paste: {
      Key key = plain(KeyCode::paste);
      key.text = std::move(pasted_);
      key.cut = paste_cut_;
      pasted_.clear();
      return emit(std::move(key), out);
    }
  }
}

void KeyDecoder::byte(unsigned char c, std::vector<Key>& out) {
  switch (state_) {
    case State::ground:
      return ground(c, out);
    case State::escape:
      if (c == '[') {
        state_ = State::csi;
      } else if (c == 'O') {
        state_ = State::ss3;
      } else if (c == 0x1b) {  // ESC ESC: an Escape, and the start of something
        alt_ = false;
        emit(plain(KeyCode::escape), out);
        state_ = State::escape;
      } else {
        alt_ = true;
        state_ = State::ground;
        ground(c, out);
      }
      return;
    case State::csi:
      return csi(c, out);
    case State::ss3: {
      Key key;
      if (c >= 0x20 && c < 0x7f) {
        if (letter_key(static_cast<char>(c), key)) return emit(std::move(key), out);
        state_ = State::ground;
        return;
      }
      flush(out);
      return ground(c, out);
    }
    case State::linux_function:
      if (c >= 'A' && c <= 'E') return emit(function(c - 'A' + 1), out);
      state_ = State::ground;
      return;
    case State::utf8:
      return utf8(c, out);
    case State::paste:
      return paste(c, out);
  }
}

void KeyDecoder::ground(unsigned char c, std::vector<Key>& out) {
  if (c == 0x1b) {
    state_ = State::escape;
    return;
  }
  if (c == '\r' || c == '\n') return emit(plain(KeyCode::enter), out);
  if (c == '\t') return emit(plain(KeyCode::tab), out);
  if (c == 0x7f || c == 0x08) return emit(plain(KeyCode::backspace), out);
  if (c < 0x80) {
    Key key;
    key.ctrl = c < 0x20;
    key.ch = c >= 0x20 ? c : c == 0 ? U' ' : c <= 26 ? char32_t(c + 'a' - 1) : char32_t(c + 0x40);
    return emit(std::move(key), out);
  }
  utf8_need_ = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (utf8_need_ == 0) {
    alt_ = false;  // a stray byte of another encoding: nothing that could be typed
    return;
  }
  sequence_.assign(1, static_cast<char>(c));
  state_ = State::utf8;
}

void KeyDecoder::utf8(unsigned char c, std::vector<Key>& out) {
  if ((c & 0xc0) != 0x80) {
    sequence_.clear();
    alt_ = false;
    state_ = State::ground;
    return ground(c, out);
  }
  sequence_.push_back(static_cast<char>(c));
  if (sequence_.size() < utf8_need_) return;
  const auto [typed, size] = decode_utf8(sequence_, 0);
  if (size == 0) {
    sequence_.clear();
    alt_ = false;
    state_ = State::ground;
    return;
  }
  Key key;
  key.ch = typed;
  emit(std::move(key), out);
}

void KeyDecoder::csi(unsigned char c, std::vector<Key>& out) {
  if (c == '[' && sequence_.empty()) {
    state_ = State::linux_function;
    return;
  }
  if (c >= 0x20 && c <= 0x3f) {
    if (sequence_.size() < max_sequence)
      sequence_.push_back(static_cast<char>(c));
    else
      overlong_ = true;
    return;
  }
  if (c >= 0x40 && c <= 0x7e) return end_csi(static_cast<char>(c), out);
  // A control character inside: the sequence was cut off.
  state_ = State::ground;
  alt_ = false;
  sequence_.clear();
  overlong_ = false;
  ground(c, out);
}

void KeyDecoder::end_csi(char final, std::vector<Key>& out) {
  const auto [first, second] = parameters(sequence_);
  const bool known = !overlong_;
  const bool bare = sequence_.empty();
  sequence_.clear();
  overlong_ = false;
  state_ = State::ground;
  alt_ = false;
  if (!known) return;
  if (final == '~' && first == 200) {
    state_ = State::paste;
    pasted_.clear();
    paste_cut_ = false;
    paste_end_ = 0;
    return;
  }
  Key key;
  if (bare && final == 'I') return emit(plain(KeyCode::focus_in), out);
  if (bare && final == 'O') return emit(plain(KeyCode::focus_out), out);
  if (final == '~' ? !tilde_key(first, key) : !letter_key(final, key)) return;
  if (second > 1) modify(key, second);
  emit(std::move(key), out);
}

void KeyDecoder::paste(unsigned char c, std::vector<Key>& out) {
  if (c == static_cast<unsigned char>(paste_end[paste_end_])) {
    if (++paste_end_ < paste_end.size()) return;
    return flush(out);
  }
  auto keep = [this](std::string_view bytes) {
    if (pasted_.size() + bytes.size() <= max_paste)
      pasted_.append(bytes);
    else
      paste_cut_ = true;
  };
  keep(paste_end.substr(0, paste_end_));
  // The end mark has ESC only at its start: a mismatch can begin a new match only with this byte.
  paste_end_ = c == 0x1b ? 1 : 0;
  if (paste_end_ == 0) keep({reinterpret_cast<const char*>(&c), 1});
}

}  // namespace sims::tui
