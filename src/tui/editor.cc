#include "tui/editor.h"

#include <algorithm>

#include "base/text.h"

namespace sims::tui {
namespace {

// What may stand in an editor: valid UTF-8, no control characters. CR LF and CR are line breaks, a tab is a
// space.
std::string clean(std::string_view text, Newlines newlines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      ++i;
      if (c == '\r' && i < text.size() && text[i] == '\n') continue;
      if (c == '\n' || c == '\r')
        out.push_back(newlines == Newlines::keep ? '\n' : ' ');
      else if (c == '\t')
        out.push_back(' ');
      else if (c >= 0x20 && c != 0x7f)
        out.push_back(static_cast<char>(c));
      continue;
    }
    const std::size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    const auto one = text.substr(i, size);
    if (one.size() == size && utf8_valid(one)) {
      const bool c1 = c == 0xc2 && static_cast<unsigned char>(one[1]) < 0xa0;
      if (!c1) out.append(one);
      i += size;
    } else {
      ++i;
    }
  }
  return out;
}

bool word_byte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z');
}

bool space_byte(char c) {
  return c == ' ' || c == '\n';
}

std::string encode(char32_t c) {
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

}  // namespace

bool Editor::insert(std::string_view text) {
  std::string in = clean(text, newlines_);
  const std::size_t room = max_bytes_ - text_.size();
  const bool fits = in.size() <= room;
  if (!fits) {
    std::size_t keep = 0;
    for (std::size_t at = 0; at < in.size();) {
      at = grapheme_end(in, at);
      if (at > room) break;
      keep = at;
    }
    in.resize(keep);
  }
  text_.insert(cursor_, in);
  cursor_ += in.size();
  settle();
  overflowed_ = overflowed_ || !fits;
  return fits;
}

// A combining mark joins what is before it, whether it was typed or what stood between was deleted: then the
// cursor goes behind the new cluster.
void Editor::settle() {
  const std::size_t floor = border(cursor_);
  if (floor < cursor_) cursor_ = after(floor);
}

// The last cluster border at or before `at`. Between two ASCII characters there is always one.
std::size_t Editor::border(std::size_t at) const {
  const auto ascii = [this](std::size_t i) {
    return i >= text_.size() || static_cast<unsigned char>(text_[i]) < 0x80;
  };
  if (at == 0 || at >= text_.size() || (ascii(at - 1) && ascii(at))) return at;
  std::size_t last = line_start(at);
  for (std::size_t next = last; next <= at; next = after(next))
    last = next;
  return last;
}

bool Editor::set(std::string_view text) {
  clear();
  return insert(text);
}

void Editor::clear() {
  text_.clear();
  cursor_ = 0;
}

std::string Editor::take() {
  std::string out = std::move(text_);
  clear();
  return out;
}

void Editor::replace(std::size_t from, std::size_t to, std::string_view text) {
  text_.erase(from, to - from);
  cursor_ = from;
  insert(text);
}

std::size_t Editor::after(std::size_t at) const {
  return at >= text_.size() ? text_.size() : grapheme_end(text_, at);
}

// Clusters can only be found forwards: from the start of the line, which is always a border.
std::size_t Editor::before(std::size_t at) const {
  if (at == 0) return 0;
  std::size_t start = line_start(at);
  if (start == at) return at - 1;  // the LF before
  if (at - start >= 2 && !(text_[at - 1] & 0x80) && !(text_[at - 2] & 0x80) && border(at) == at)
    return at - 1;
  std::size_t last = start;
  while (start < at) {
    last = start;
    start = after(start);
  }
  return last;
}

std::size_t Editor::line_start(std::size_t at) const {
  if (at == 0) return 0;
  const auto lf = text_.rfind('\n', at - 1);
  return lf == std::string::npos ? 0 : lf + 1;
}

std::size_t Editor::line_end(std::size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}

std::size_t Editor::word_start(std::size_t at) const {
  while (at > 0 && !word_byte(text_[at - 1]))
    --at;
  while (at > 0 && word_byte(text_[at - 1]))
    --at;
  return border(at);
}

std::size_t Editor::word_end(std::size_t at) const {
  while (at < text_.size() && !word_byte(text_[at]))
    ++at;
  while (at < text_.size() && word_byte(text_[at]))
    ++at;
  return at;
}

void Editor::left() {
  cursor_ = before(cursor_);
}
void Editor::right() {
  cursor_ = after(cursor_);
}
void Editor::word_left() {
  cursor_ = word_start(cursor_);
}
void Editor::word_right() {
  cursor_ = word_end(cursor_);
}
void Editor::home() {
  cursor_ = line_start(cursor_);
}
void Editor::end() {
  cursor_ = line_end(cursor_);
}

bool Editor::line_up() {
  const std::size_t start = line_start(cursor_);
  if (start == 0) return false;
  int column = text_width(std::string_view(text_).substr(start, cursor_ - start));
  std::size_t at = line_start(start - 1);
  while (at < start - 1 && column > 0) {
    const std::size_t next = after(at);
    column -= std::max(1, text_width(std::string_view(text_).substr(at, next - at)));
    at = next;
  }
  cursor_ = at;
  return true;
}

bool Editor::line_down() {
  const std::size_t stop = line_end(cursor_);
  if (stop == text_.size()) return false;
  const std::size_t start = line_start(cursor_);
  int column = text_width(std::string_view(text_).substr(start, cursor_ - start));
  std::size_t at = stop + 1;
  const std::size_t last = line_end(at);
  while (at < last && column > 0) {
    const std::size_t next = after(at);
    column -= std::max(1, text_width(std::string_view(text_).substr(at, next - at)));
    at = next;
  }
  cursor_ = at;
  return true;
}

void Editor::kill(std::size_t from, std::size_t to) {
  if (from >= to) return;
  killed_ = text_.substr(from, to - from);
  erase(from, to);
}

void Editor::erase(std::size_t from, std::size_t to) {
  text_.erase(from, to - from);
  cursor_ = from;
  settle();
}

void Editor::backspace() {
  erase(before(cursor_), cursor_);
}
void Editor::del() {
  erase(cursor_, after(cursor_));
}

void Editor::kill_word_left() {
  std::size_t at = cursor_;
  while (at > 0 && space_byte(text_[at - 1]))
    --at;
  while (at > 0 && !space_byte(text_[at - 1]))
    --at;
  kill(border(at), cursor_);
}

void Editor::kill_to_word_start() {
  kill(word_start(cursor_), cursor_);
}
void Editor::kill_word_right() {
  kill(cursor_, word_end(cursor_));
}
void Editor::kill_to_start() {
  kill(line_start(cursor_), cursor_);
}

void Editor::kill_to_end() {
  const std::size_t stop = line_end(cursor_);
  kill(cursor_, stop == cursor_ ? after(cursor_) : stop);  // at the end of a line: its LF
}

void Editor::yank() {
  insert(killed_);
}

void Editor::transpose() {
  const std::size_t start = line_start(cursor_);
  std::size_t middle = cursor_;
  if (middle == line_end(cursor_)) middle = before(middle);
  if (middle <= start) return;
  const std::size_t first = before(middle);
  const std::size_t stop = after(middle);
  const std::string swapped = text_.substr(middle, stop - middle) + text_.substr(first, middle - first);
  text_.replace(first, stop - first, swapped);
  cursor_ = stop;
  settle();
}

bool Editor::handle_control(char32_t c) {
  switch (c) {
    case U'a':
      home();
      return true;
    case U'b':
      left();
      return true;
    case U'd':
      del();
      return true;
    case U'e':
      end();
      return true;
    case U'f':
      right();
      return true;
    case U'k':
      kill_to_end();
      return true;
    case U't':
      transpose();
      return true;
    case U'u':
      kill_to_start();
      return true;
    case U'w':
      kill_word_left();
      return true;
    case U'y':
      yank();
      return true;
    default:
      return false;
  }
}

bool Editor::handle_alt(const Key& key) {
  if (key.code == KeyCode::backspace) return kill_to_word_start(), true;
  if (key.code == KeyCode::enter && newlines_ == Newlines::keep) return insert("\n"), true;
  if (key.code != KeyCode::character || key.ctrl) return false;
  switch (key.ch) {
    case U'b':
      word_left();
      return true;
    case U'd':
      kill_word_right();
      return true;
    case U'f':
      word_right();
      return true;
    default:
      return false;
  }
}

bool Editor::handle(const Key& key) {
  overflowed_ = false;
  if (key.alt) return handle_alt(key);
  switch (key.code) {
    case KeyCode::character:
      if (key.ctrl) return handle_control(key.ch);
      insert(encode(key.ch));
      return true;
    case KeyCode::paste:
      insert(key.text);
      return true;
    case KeyCode::backspace:
      backspace();
      return true;
    case KeyCode::del:
      del();
      return true;
    case KeyCode::left:
      key.ctrl ? word_left() : left();
      return true;
    case KeyCode::right:
      key.ctrl ? word_right() : right();
      return true;
    case KeyCode::home:
      home();
      return true;
    case KeyCode::end:
      end();
      return true;
    case KeyCode::up:
      return line_up();
    case KeyCode::down:
      return line_down();
    default:
      return false;
  }
}

}  // namespace sims::tui
