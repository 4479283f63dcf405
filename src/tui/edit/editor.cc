// Editor: edits, moves, kills and yanks, by grapheme clusters.
#include "tui/edit/editor.h"

#include <algorithm>

#include "base/text.h"

namespace sims::tui {
namespace {

// Drops invalid UTF-8 and control characters. CR LF and CR become line breaks, a tab becomes a space.
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

// A word begins, and with it a new undo step.
bool begins_word(std::string_view before, std::string_view typed) {
  return !before.empty() && space_byte(before.back()) && !typed.empty() && !space_byte(typed.front());
}

bool cuts(Action action) {
  return action >= Action::kill_to_end && action <= Action::kill_word_right;
}

}  // namespace

bool Editor::insert(std::string_view text) {
  return put(cursor_, cursor_, text, UndoLog::Kind::other);
}

bool Editor::set(std::string_view text) {
  return put(0, text_.size(), text, UndoLog::Kind::other);
}

bool Editor::replace(std::size_t from, std::size_t to, std::string_view text) {
  return put(from, to, text, UndoLog::Kind::other);
}

void Editor::clear() {
  text_.clear();
  cursor_ = 0;
  undo_.clear();
  killed_ = 0;
  yanked_ = false;
}

std::string Editor::take() {
  std::string out = std::move(text_);
  clear();
  return out;
}

// --- changes: all through change() ------------------------------------------------------------------

void Editor::change(std::size_t from, std::size_t to, std::string_view text, UndoLog::Kind kind) {
  if (from == to && text.empty()) return;
  const bool joins =
      kind != UndoLog::Kind::typed || !begins_word(std::string_view(text_).substr(0, from), text);
  undo_.add({from, text_.substr(from, to - from), text.size(), cursor_}, kind, joins);
  text_.replace(from, to - from, text);
  cursor_ = from + text.size();
  killed_ = 0;
  yanked_ = false;
  settle();
}

bool Editor::put(std::size_t from, std::size_t to, std::string_view text, UndoLog::Kind kind) {
  std::string in = clean(text, newlines_);
  const std::size_t room = max_bytes_ - (text_.size() - (to - from));
  if (in.size() > room) {
    const std::size_t keep = grapheme_start(in, room);
    left_out_ += in.size() - keep;
    in.resize(keep);
    change(from, to, in, kind);
    return false;
  }
  change(from, to, in, kind);
  return true;
}

void Editor::erase(std::size_t from, std::size_t to, UndoLog::Kind kind) {
  change(from, to, {}, kind);
}

// After a change a combining mark may have joined the character before it. Then the cursor moves behind the
// new cluster.
void Editor::settle() {
  const std::size_t start = grapheme_start(text_, cursor_);
  if (start < cursor_) cursor_ = after(start);
}

bool Editor::undo() {
  auto last = undo_.pop();
  if (!last) return false;
  text_.replace(last->at, last->inserted, last->removed);
  cursor_ = last->cursor;
  return true;
}

// --- places -------------------------------------------------------------------------------------------

std::size_t Editor::after(std::size_t at) const {
  return grapheme_end(text_, at);
}

std::size_t Editor::before(std::size_t at) const {
  return at == 0 ? 0 : grapheme_start(text_, at - 1);
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
  return grapheme_start(text_, at);
}

std::size_t Editor::word_end(std::size_t at) const {
  while (at < text_.size() && !word_byte(text_[at]))
    ++at;
  while (at < text_.size() && word_byte(text_[at]))
    ++at;
  const std::size_t start = grapheme_start(text_, at);  // a space can belong to the cluster before it
  return start < at ? after(start) : at;
}

std::size_t Editor::space_start(std::size_t at) const {
  while (at > 0 && space_byte(text_[at - 1]))
    --at;
  while (at > 0 && !space_byte(text_[at - 1]))
    --at;
  return grapheme_start(text_, at);
}

// The position nearest to the column, in the line from start to stop.
std::size_t Editor::place_in_line(std::size_t start, std::size_t stop, int column) const {
  while (start < stop && column > 0) {
    const std::size_t next = after(start);
    column -= std::max(1, text_width(std::string_view(text_).substr(start, next - start)));
    start = next;
  }
  return start;
}

bool Editor::line_up() {
  const std::size_t start = line_start(cursor_);
  if (start == 0) return false;
  const int column = text_width(std::string_view(text_).substr(start, cursor_ - start));
  cursor_ = place_in_line(line_start(start - 1), start - 1, column);
  return true;
}

bool Editor::line_down() {
  const std::size_t stop = line_end(cursor_);
  if (stop == text_.size()) return false;
  const std::size_t start = line_start(cursor_);
  const int column = text_width(std::string_view(text_).substr(start, cursor_ - start));
  cursor_ = place_in_line(stop + 1, line_end(stop + 1), column);
  return true;
}

// --- cutting and pasting ------------------------------------------------------------------------------

// Kills that follow each other make one entry, in the order of the text.
void Editor::kill(std::size_t from, std::size_t to, KillRing& kills) {
  if (from >= to) return;
  std::string text = text_.substr(from, to - from);
  if (killed_ == 0 || killed_ != kills.serial())
    kills.push(std::move(text));
  else if (to == cursor_)
    kills.prepend(text);
  else
    kills.append(text);
  erase(from, to, UndoLog::Kind::other);
  killed_ = kills.serial();
}

void Editor::yank(KillRing& kills) {
  if (kills.empty()) return;
  yanked_from_ = cursor_;
  const std::size_t rest = text_.size() - cursor_;
  insert(kills.current());
  yanked_to_ = text_.size() - rest;
  yanked_ = true;
}

bool Editor::yank_older(KillRing& kills) {
  if (!yanked_ || kills.empty()) return false;
  kills.older();
  const std::size_t rest = text_.size() - yanked_to_;
  replace(yanked_from_, yanked_to_, kills.current());
  yanked_to_ = text_.size() - rest;
  return yanked_ = true;
}

void Editor::transpose() {
  const std::size_t start = line_start(cursor_);
  std::size_t middle = cursor_;
  if (middle == line_end(cursor_)) middle = before(middle);
  if (middle <= start) return;
  const std::size_t first = before(middle);
  const std::size_t stop = after(middle);
  change(first, stop, text_.substr(middle, stop - middle) + text_.substr(first, middle - first),
         UndoLog::Kind::other);
}

// --- keys -----------------------------------------------------------------------------------------------

bool Editor::move(Action action) {
  switch (action) {
    case Action::left:
      return cursor_ = before(cursor_), true;
    case Action::right:
      return cursor_ = after(cursor_), true;
    case Action::word_left:
      return cursor_ = word_start(cursor_), true;
    case Action::word_right:
      return cursor_ = word_end(cursor_), true;
    case Action::home:
      return cursor_ = line_start(cursor_), true;
    case Action::end:
      return cursor_ = line_end(cursor_), true;
    case Action::up:
      return line_up();
    case Action::down:
      return line_down();
    default:
      return false;
  }
}

bool Editor::edit(Action action, KillRing& kills) {
  const std::size_t stop = line_end(cursor_);
  switch (action) {
    case Action::backspace:
      return erase(before(cursor_), cursor_, UndoLog::Kind::deleted), true;
    case Action::del:
      return erase(cursor_, after(cursor_), UndoLog::Kind::deleted), true;
    case Action::kill_to_end:  // at the end of a line: its LF
      return kill(cursor_, stop == cursor_ ? after(cursor_) : stop, kills), true;
    case Action::kill_to_start:
      return kill(line_start(cursor_), cursor_, kills), true;
    case Action::kill_word:
      return kill(space_start(cursor_), cursor_, kills), true;
    case Action::kill_word_left:
      return kill(word_start(cursor_), cursor_, kills), true;
    case Action::kill_word_right:
      return kill(cursor_, word_end(cursor_), kills), true;
    case Action::yank:
      return yank(kills), true;
    case Action::yank_older:
      return yank_older(kills), true;
    case Action::transpose:
      return transpose(), true;
    case Action::undo:
      return undo(), true;
    case Action::newline:
      if (newlines_ == Newlines::fold) return false;
      return insert("\n"), true;
    default:
      return false;
  }
}

bool Editor::act(Action action, KillRing& kills) {
  left_out_ = 0;
  const bool deletes = action == Action::backspace || action == Action::del;
  if (!deletes) undo_.pause();
  if (!cuts(action)) killed_ = 0;
  if (action != Action::yank_older) yanked_ = false;
  return move(action) || edit(action, kills);
}

bool Editor::type(const Key& key) {
  if (key.code == KeyCode::character && (key.ctrl || key.alt)) return false;
  if (key.code != KeyCode::character && key.code != KeyCode::paste) return false;
  left_out_ = 0;
  if (key.code == KeyCode::paste) return insert(key.text), true;
  char bytes[4];
  put(cursor_, cursor_, {bytes, encode_utf8(key.ch, bytes)}, UndoLog::Kind::typed);
  return true;
}

bool Editor::handle(const Key& key, const Keymap& keys, KillRing& kills) {
  const auto action = keys.find(key);
  return action ? act(*action, kills) : type(key);
}

}  // namespace sims::tui
