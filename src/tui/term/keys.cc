// KeyDecoder: cuts bytes into characters, sequences, pastes and answers of the terminal.
#include "tui/term/keys.h"

#include <algorithm>

#include "base/text.h"
#include "tui/term/key_sequences.h"

namespace sims::tui {
namespace {

// As ncurses' set_escdelay(25): users notice a longer delay, and a shorter one splits keys on slow links.
constexpr int escape_wait_ms = 25;
// Alt-] begins with the same bytes as a terminal's answer, whose rest must not be taken for typed text. So
// these delays are longer: few users press Alt-].
constexpr int answer_wait_ms = 100, answer_rest_wait_ms = 500;
constexpr int paste_wait_ms = 5'000;  // after such a pause the end of a paste is lost
constexpr int guessed_wait_ms = 100;  // at most, between two reads of one paste without brackets
constexpr std::string_view paste_end = "\x1b[201~";
constexpr std::size_t x10_bytes = 3;

// The key of a byte below 0x80, except ESC.
Key ascii_key(unsigned char c) {
  if (c == '\r' || c == '\n') return plain_key(KeyCode::enter);
  if (c == '\t') return plain_key(KeyCode::tab);
  if (c == 0x7f || c == 0x08) return plain_key(KeyCode::backspace);
  Key key;
  key.ctrl = c < 0x20;
  key.ch = c >= 0x20 ? c : c == 0 ? U' ' : c <= 26 ? char32_t(c + 'a' - 1) : char32_t(c + 0x40);
  return key;
}

// No control characters but line breaks and tabs: a paste may hold this.
bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\r' && c != '\n' && c != '\t') || byte == 0x7f;
  });
}

// An Enter with more text behind it.
bool goes_on_after_enter(std::string_view bytes) {
  const auto enter = bytes.find_first_of("\r\n");
  return enter != bytes.npos && bytes.find_first_not_of("\r\n", enter) != bytes.npos;
}

bool begins_answer(unsigned char c) {
  return c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X';
}

}  // namespace

Key ctrl_key(char32_t c) {
  if (c == U'[') return plain_key(KeyCode::escape);
  if ((c >= U'@' && c <= U'_') || (c >= U'a' && c <= U'z'))
    return ascii_key(static_cast<unsigned char>(c & 0x1f));
  if (c == U' ') return ascii_key(0);
  if (c == U'/') return ascii_key(0x1f);
  if (c == U'?') return ascii_key(0x7f);
  Key key;
  key.ch = c;
  key.ctrl = true;
  return key;
}

void KeyDecoder::reset() {
  state_ = State::ground;
  alt_ = false;
  sequence_.clear();
  overlong_ = false;
}

void KeyDecoder::emit(Key key, std::vector<Key>& out) {
  key.alt = key.alt || alt_;
  reset();
  out.push_back(std::move(key));
}

void KeyDecoder::emit_alt(char32_t c, std::vector<Key>& out) {
  Key key;
  key.ch = c;
  key.alt = true;
  emit(std::move(key), out);
}

bool KeyDecoder::guess(std::string_view bytes, std::vector<Key>& out) {
  const bool text = is_text(bytes);
  if (state_ == State::guessed && !text) flush(out);
  const bool begins = state_ == State::ground && guess_wanted_ && brackets_ == Brackets::none && text &&
                      goes_on_after_enter(bytes);
  if (begins) begin_paste(State::guessed);
  if (state_ != State::guessed) return false;
  keep_pasted(bytes);
  return true;
}

void KeyDecoder::begin_paste(State state) {
  reset();
  state_ = state;
  pasted_.clear();
  pasted_.reserve(max_paste);  // growing would leave copies in memory, and it may be a passphrase
  paste_cut_ = 0;
  paste_end_ = 0;
}

void KeyDecoder::keep_pasted(std::string_view bytes) {
  const std::size_t room = std::min(bytes.size(), max_paste - pasted_.size());
  pasted_.append(bytes.substr(0, room));
  paste_cut_ += bytes.size() - room;
}

void KeyDecoder::feed(std::string_view bytes, std::vector<Key>& out) {
  if (guess(bytes, out)) return;
  for (std::size_t at = 0; at < bytes.size();) {
    if (state_ == State::paste && paste_end_ == 0) {  // fast path for long pastes
      const std::size_t stop = std::min(bytes.find('\x1b', at), bytes.size());
      keep_pasted(bytes.substr(at, stop - at));
      at = stop;
      if (at == bytes.size()) return;
    }
    byte(static_cast<unsigned char>(bytes[at++]), out);
  }
}

int KeyDecoder::waiting_ms() const {
  switch (state_) {
    case State::ground:
      return -1;
    case State::paste:
      return paste_wait_ms;
    case State::guessed:
      return guessed_wait_ms;
    case State::csi:
      // Only a terminal's answer has a question mark; its rest must not be taken for typed text.
      return sequence_.starts_with('?') ? answer_rest_wait_ms : escape_wait_ms;
    case State::text:
    case State::text_escape:
      return text_begun_ ? answer_rest_wait_ms : answer_wait_ms;
    default:
      return escape_wait_ms;
  }
}

void KeyDecoder::flush(std::vector<Key>& out) {
  switch (state_) {
    case State::escape_twice:
      alt_ = false;
      out.push_back(plain_key(KeyCode::escape));
      [[fallthrough]];
    case State::escape:
      return emit(plain_key(KeyCode::escape), out);
    case State::ss3:  // ESC O was Alt-O after all
      return emit_alt(U'O', out);
    case State::csi:
      if (sequence_.empty() && !overlong_) return emit_alt(U'[', out);
      return reset();
    case State::text:
      if (!text_begun_) return emit_alt(static_cast<unsigned char>(text_kind_), out);
      return reset();
    case State::text_escape:
      reset();
      return emit(plain_key(KeyCode::escape), out);
    case State::guessed:
    case State::paste: {
      Key key = plain_key(KeyCode::paste);
      key.guessed = state_ == State::guessed;
      key.text = std::move(pasted_);
      key.cut = paste_cut_;
      pasted_.clear();
      return emit(std::move(key), out);
    }
    case State::ground:
    case State::linux_function:
    case State::x10_mouse:
    case State::utf8:
      return reset();
  }
}

void KeyDecoder::byte(unsigned char c, std::vector<Key>& out) {
  switch (state_) {
    case State::ground:
      return ground(c, out);
    case State::escape:
    case State::escape_twice:
      return escape(c, out);
    case State::csi:
      return csi(c, out);
    case State::ss3:
      return ss3(c, out);
    case State::linux_function:
      if (c >= 'A' && c <= 'E') return emit(function_key(c - 'A' + 1), out);
      return reset();
    case State::x10_mouse:
      if (--need_ == 0) reset();
      return;
    case State::utf8:
      return utf8(c, out);
    case State::text:
    case State::text_escape:
      return text(c, out);
    case State::paste:
      return paste(c, out);
    case State::guessed:  // feed() handles it
      return;
  }
}

void KeyDecoder::ground(unsigned char c, std::vector<Key>& out) {
  if (c == 0x1b) {
    state_ = State::escape;
    return;
  }
  if (c < 0x80) return emit(ascii_key(c), out);
  need_ = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (need_ == 0) return reset();  // a stray byte of another encoding, which no key sends
  sequence_.assign(1, static_cast<char>(c));
  state_ = State::utf8;
}

void KeyDecoder::escape(unsigned char c, std::vector<Key>& out) {
  const bool twice = state_ == State::escape_twice;
  if (c == '[' || c == 'O') {
    alt_ = twice;
    state_ = c == '[' ? State::csi : State::ss3;
    return;
  }
  if (twice) emit(plain_key(KeyCode::escape), out);
  if (c == 0x1b) {
    state_ = State::escape_twice;
  } else if (begins_answer(c)) {
    state_ = State::text;
    text_kind_ = static_cast<char>(c);
    text_begun_ = false;
  } else {
    alt_ = true;
    state_ = State::ground;
    ground(c, out);
  }
}

void KeyDecoder::utf8(unsigned char c, std::vector<Key>& out) {
  if ((c & 0xc0) != 0x80) {
    reset();
    return ground(c, out);
  }
  sequence_.push_back(static_cast<char>(c));
  if (sequence_.size() < need_) return;
  const auto [typed, size] = decode_utf8(sequence_, 0);
  if (size == 0) return reset();
  Key key;
  key.ch = typed;
  emit(std::move(key), out);
}

void KeyDecoder::ss3(unsigned char c, std::vector<Key>& out) {
  if (c < 0x20 || c >= 0x7f) {
    emit_alt(U'O', out);
    return ground(c, out);
  }
  if (auto key = ss3_key(static_cast<char>(c))) return emit(std::move(*key), out);
  reset();
}

void KeyDecoder::csi(unsigned char c, std::vector<Key>& out) {
  if (c == '[' && sequence_.empty()) {
    state_ = State::linux_function;
    return;
  }
  const bool digits = !sequence_.empty() && sequence_.find_first_not_of("0123456789") == sequence_.npos;
  if (c >= 0x20 && c <= 0x3f && !(c == '$' && digits)) {  // rxvt ends sequences with $
    if (sequence_.size() < max_sequence)
      sequence_.push_back(static_cast<char>(c));
    else
      overlong_ = true;
    return;
  }
  if (c >= 0x20 && c <= 0x7e) return end_csi(static_cast<char>(c), out);
  // A control character: the sequence was cut off.
  reset();
  ground(c, out);
}

void KeyDecoder::end_csi(char final, std::vector<Key>& out) {
  if (overlong_) return reset();
  if (final == '~' && sequence_ == "200") {
    has_brackets();
    return begin_paste(State::paste);
  }
  if (final == 'y') on_mode_report(sequence_);
  if (final == 'M' && sequence_.empty()) {
    reset();
    state_ = State::x10_mouse;
    need_ = x10_bytes;
    return;
  }
  if (auto key = csi_key(sequence_, final)) return emit(std::move(*key), out);
  reset();
}

// An answer holds no control characters. If one comes, the user typed it and the end of the answer is lost.
void KeyDecoder::text(unsigned char c, std::vector<Key>& out) {
  const bool after_escape = state_ == State::text_escape;
  if (c == '\a' || (after_escape && c == '\\')) return reset();
  if (after_escape) {
    reset();
    state_ = State::escape;
    return escape(c, out);
  }
  text_begun_ = true;
  if (c == 0x1b) {
    state_ = State::text_escape;
  } else if (c < 0x20) {
    reset();
    ground(c, out);
  }
}

void KeyDecoder::paste(unsigned char c, std::vector<Key>& out) {
  if (c == static_cast<unsigned char>(paste_end[paste_end_])) {
    if (++paste_end_ < paste_end.size()) return;
    return flush(out);
  }
  keep_pasted(paste_end.substr(0, paste_end_));
  // The end mark has ESC only at its start: a mismatch can begin a new match only with this byte.
  paste_end_ = c == 0x1b ? 1 : 0;
  if (paste_end_ == 0) keep_pasted({reinterpret_cast<const char*>(&c), 1});
}

// DECRPM for mode 2004. 1: set, 2: reset, 3: permanently set, 4: permanently reset, 0: unknown mode.
void KeyDecoder::on_mode_report(std::string_view parameters) {
  if (parameters == "?2004;1$" || parameters == "?2004;2$" || parameters == "?2004;3$") has_brackets();
  if (parameters == "?2004;0$" || parameters == "?2004;4$") no_brackets();
}

}  // namespace sims::tui
