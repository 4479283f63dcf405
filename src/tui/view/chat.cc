// Breaks lines into rows, and finds the rows that a scrolled window shows.
#include "tui/view/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "client/model/sent_time.h"

namespace sims::tui {
namespace {

using client::Delivery;
using client::Line;

constexpr int time_from_width = 30;  // columns; narrower windows do not show the time

struct LocalTime {
  std::int64_t day;  // since 1970-01-01, local
  int minute;        // of the day
};

LocalTime local_time(std::int64_t unix_ms, UtcOffset offset) {
  // A broken clock may give any time: clamp it to the years 1970 to 9999.
  const std::int64_t s = std::clamp<std::int64_t>(unix_ms / 1000, 0, 253'370'764'800);
  const std::int64_t local = std::max<std::int64_t>(0, s + offset(s));
  return {local / 86'400, static_cast<int>(local % 86'400 / 60)};
}

struct Place {  // a row of a line
  std::size_t line;
  int row;
};

const char* mark(const Line& line) {
  if (!line.mine) return " ";
  switch (line.delivery) {
    case Delivery::queued:
      return "·";
    case Delivery::sent:
    case Delivery::mailed:
      return "-";
    case Delivery::delivered:
      return "+";
    case Delivery::failed:
      return "x";
  }
  return " ";
}

// The cells before the text of the first row: time, mark, name. Their width is the indent of the next rows.
Cells head(const Chat& chat, const Line& line) {
  Cells out;
  const bool marked = chat.marked != 0 && chat.marked == line.serial;
  if (chat.width >= time_from_width && !chat.bare) {
    add_cells(format_clock(line.at_unix_ms, chat.offset), marked ? Style::match : Style::dim, out);
    add_cells(marked ? ">" : " ", marked ? Style::match : Style::dim, out);
  }
  const Style who = line.mine ? Style::mine : Style::theirs;
  const std::string& name = line.mine ? chat.self_name : chat.peer_name;
  switch (line.kind) {
    case Line::Kind::text:
    case Line::Kind::action:
      if (!chat.bare) {
        add_cells(mark(line), line.delivery == Delivery::failed && line.mine ? Style::alert : Style::dim,
                  out);
        add_cells(" ", Style::normal, out);
      }
      add_cells(line.kind == Line::Kind::text ? "<" + name + "> " : "* " + name + " ", who, out);
      break;
    case Line::Kind::notice:
      add_cells("-- ", Style::dim, out);
      break;
    case Line::Kind::alert:
      add_cells("!! ", Style::alert, out);
      break;
  }
  // In a narrow window the head takes at most half of the row.
  if (width_of(out) > chat.width / 2) {
    out = fit(std::move(out), std::max(1, chat.width / 2 - 1));
    out.emplace_back();
  }
  return out;
}

Cells separator(const Chat& chat, const std::string& words, Style style) {
  Cells out = to_cells("── " + words + " ", style);
  const auto width = static_cast<std::size_t>(chat.width);
  if (out.size() < width) out.resize(width, to_cells("─", style)[0]);
  return out;
}

// Adds one paragraph under the indent. The indent is never 0, because only our own words may start in the
// first column: remote text there could imitate a notice.
void add_paragraph(const Cells& first, const Cells& text, int indent, int width, std::vector<Cells>& rows) {
  const Cells margin(static_cast<std::size_t>(indent));
  bool at_first = true;
  for (const auto& part : wrap(text, width - width_of(first), width - indent)) {
    Cells row = at_first ? first : margin;
    row.insert(row.end(), text.begin() + static_cast<std::ptrdiff_t>(part.from),
               text.begin() + static_cast<std::ptrdiff_t>(part.to));
    rows.push_back(std::move(row));
    at_first = false;
  }
}

Style text_style(const Line& line) {
  switch (line.kind) {
    case Line::Kind::text:
    case Line::Kind::action:
      return Style::normal;
    case Line::Kind::notice:
      return Style::dim;
    case Line::Kind::alert:
      return Style::alert;
  }
  return Style::normal;
}

void add_separators(const Chat& chat, const Line& line, std::int64_t before_unix_ms,
                    std::vector<Cells>& rows) {
  const auto day = local_time(line.at_unix_ms, chat.offset).day;
  if (before_unix_ms == -1 || local_time(before_unix_ms, chat.offset).day != day)
    rows.push_back(separator(chat, format_day(line.at_unix_ms, chat.offset), Style::dim));
  if (chat.divider != 0 && chat.divider == line.serial)
    rows.push_back(separator(chat, "unread", Style::unread));
}

// All rows of a line. before_unix_ms: time of the previous line; -1: there is none.
std::vector<Cells> make_rows(const Chat& chat, const Line& line, std::int64_t before_unix_ms) {
  std::vector<Cells> rows;
  add_separators(chat, line, before_unix_ms, rows);
  Cells first = head(chat, line);
  const int indent = chat.bare ? 1 : std::clamp(width_of(first), 1, std::max(2, chat.width / 4));
  const Cells margin(static_cast<std::size_t>(indent));
  std::string_view rest = line.text;
  for (;;) {
    const auto lf = rest.find('\n');
    Cells text = to_cells(rest.substr(0, lf), text_style(line));
    const bool last = lf == std::string_view::npos;
    if (last && !chat.bare && chat.read_to != 0 && chat.read_to == line.serial)
      add_cells("  (read)", Style::dim, text);
    if (const auto sent = last ? sent_words(line, chat.offset) : ""; !sent.empty() && !chat.bare)
      add_cells("  " + sent, Style::dim, text);
    add_paragraph(first, text, indent, chat.width, rows);
    if (last) break;
    first = margin;
    rest.remove_prefix(lf + 1);
  }
  if (line.mine && line.delivery == Delivery::failed && !line.why.empty())
    add_paragraph(margin, to_cells("not sent: " + line.why, Style::alert), indent, chat.width, rows);
  if (chat.waiting != 0 && chat.waiting == line.serial && !chat.bare)
    add_paragraph(margin, to_cells(chat.waiting_words, Style::dim), indent, chat.width, rows);
  return rows;
}

// Compares all members that make_rows() reads.
bool same_line(const Line& a, const Line& b) {
  return a.kind == b.kind && a.mine == b.mine && a.delivery == b.delivery && a.at_unix_ms == b.at_unix_ms &&
         a.text == b.text && a.why == b.why && a.sent_unix_ms == b.sent_unix_ms &&
         a.disordered == b.disordered;
}

// Finds places in a chat by the rows of its lines.
class Rows {
 public:
  Rows(const Chat& chat, RowCache& cache) : chat_(chat), cache_(cache) { cache.begin(chat); }
  const RowCache::Entry& of(std::size_t line) { return cache_.rows(chat_, line); }
  int last_row(std::size_t line) { return static_cast<int>(of(line).rows.size()) - 1; }
  // For a chat that has lines.
  Place last() {
    const std::size_t i = chat_.lines.size() - 1;
    return {i, last_row(i)};
  }
  Place place_of(const Scroll& scroll);
  Place filled(Place at, int height);
  int move_up(Place& at, int rows);  // returns the number of rows that the chat lacks above
  void move_down(Place& at, int rows);

 private:
  const Chat& chat_;
  RowCache& cache_;
};

Place Rows::place_of(const Scroll& scroll) {
  if (scroll.following) return last();
  const auto it =
      std::lower_bound(chat_.lines.begin(), chat_.lines.end(), scroll.serial,
                       [](const Line& line, std::uint64_t serial) { return line.serial < serial; });
  if (it == chat_.lines.end()) return last();
  const auto i = static_cast<std::size_t>(it - chat_.lines.begin());
  return {i, it->serial == scroll.serial ? std::clamp(scroll.row, 0, last_row(i)) : 0};
}

// Moves the place of the last row down until the window is full: the first row of the chat must not be below
// the window's top.
Place Rows::filled(Place at, int height) {
  Place top = at;
  move_down(at, move_up(top, height - 1));
  return at;
}

int Rows::move_up(Place& at, int rows) {
  while (rows > at.row) {
    if (at.line == 0) {
      const int missing = rows - at.row;
      at.row = 0;
      return missing;
    }
    rows -= at.row + 1;
    --at.line;
    at.row = last_row(at.line);
  }
  at.row -= rows;
  return 0;
}

void Rows::move_down(Place& at, int rows) {
  while (rows > 0) {
    const int left = last_row(at.line) - at.row;
    if (rows <= left) {
      at.row += rows;
      return;
    }
    if (at.line + 1 == chat_.lines.size()) {
      at.row += left;
      return;
    }
    rows -= left + 1;
    ++at.line;
    at.row = 0;
  }
}

}  // namespace

std::string format_clock(std::int64_t unix_ms, UtcOffset offset) {
  const auto t = local_time(unix_ms, offset);
  return fmt::format("{:02}:{:02}", t.minute / 60, t.minute % 60);
}

std::string format_day(std::int64_t unix_ms, UtcOffset offset) {
  const auto t = local_time(unix_ms, offset);
  const std::chrono::year_month_day d{std::chrono::sys_days{std::chrono::days{t.day}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                     static_cast<unsigned>(d.day()));
}

std::string format_date_time(std::int64_t unix_ms, UtcOffset offset) {
  return format_day(unix_ms, offset) + " " + format_clock(unix_ms, offset);
}

std::string sent_words(const Line& line, UtcOffset offset) {
  const auto note = client::sent_note(line);
  if (note == client::SentNote::none) return "";
  const bool same_day = local_time(line.sent_unix_ms, offset).day == local_time(line.at_unix_ms, offset).day;
  return "(sent " +
         (same_day ? format_clock(line.sent_unix_ms, offset) : format_date_time(line.sent_unix_ms, offset)) +
         (note == client::SentNote::unlikely ? ", which is unlikely)" : ")");
}

void RowCache::begin(const Chat& chat) {
  constexpr std::size_t max_cells = 100'000;  // more than the largest screens show; 2.4 MB
  const bool same = self_name_ == chat.self_name && peer_name_ == chat.peer_name && offset_ == chat.offset &&
                    width_ == chat.width && bare_ == chat.bare;
  if (same && cells_ <= max_cells) return;
  entries_.clear();
  cells_ = 0;
  self_name_ = chat.self_name;
  peer_name_ = chat.peer_name;
  offset_ = chat.offset;
  width_ = chat.width;
  bare_ = chat.bare;
}

const RowCache::Entry& RowCache::rows(const Chat& chat, std::size_t i) {
  const Line& line = chat.lines[i];
  const std::int64_t before = i == 0 ? -1 : std::max<std::int64_t>(0, chat.lines[i - 1].at_unix_ms);
  const auto is = [&](std::uint64_t serial) { return serial != 0 && serial == line.serial; };
  const bool divider = is(chat.divider), marked = is(chat.marked), read = is(chat.read_to);
  const std::string_view waiting = is(chat.waiting) ? std::string_view(chat.waiting_words) : "";
  Entry& entry = entries_[line.serial];
  if (entry.made != 0 && entry.before_unix_ms == before && entry.divider == divider &&
      entry.marked == marked && entry.read == read && entry.waiting_words == waiting &&
      same_line(entry.line, line))
    return entry;
  entry = {line, before, divider, marked, read, std::string(waiting), ++made_, make_rows(chat, line, before)};
  for (const Cells& row : entry.rows)
    cells_ += row.size();
  return entry;
}

ChatView visible_rows(const Chat& chat, RowCache& cache, int height, const Scroll& scroll) {
  ChatView out;
  if (chat.lines.empty() || height <= 0 || chat.width <= 0) return out;
  Rows rows(chat, cache);
  const Place bottom = rows.filled(rows.place_of(scroll), height);
  out.below = chat.lines.size() - 1 - bottom.line;
  if (bottom.row < rows.last_row(bottom.line)) ++out.below;
  const auto max_rows = static_cast<std::size_t>(height);
  auto count = static_cast<std::size_t>(bottom.row) + 1;  // rows of line i that are at or above the bottom
  for (std::size_t i = bottom.line;; count = rows.of(--i).rows.size()) {
    const RowCache::Entry& line = rows.of(i);
    for (; count > 0 && out.rows.size() < max_rows; --count)
      out.rows.push_back({line.made, count - 1, line.rows[count - 1]});
    if (i == 0 || out.rows.size() == max_rows) break;
  }
  std::reverse(out.rows.begin(), out.rows.end());
  return out;
}

Scroll scrolled(const Chat& chat, int height, const Scroll& scroll, int by) {
  if (chat.lines.empty() || height <= 0 || chat.width <= 0) return scroll;
  RowCache cache;
  Rows rows(chat, cache);
  Place at = rows.place_of(scroll);
  if (by > 0) {
    rows.move_up(at, by);
  } else {
    rows.move_down(at, -by);
  }
  at = rows.filled(at, height);
  const Place last = rows.last();
  Scroll out;
  out.following = at.line == last.line && at.row == last.row;
  out.serial = chat.lines[at.line].serial;
  out.row = at.row;
  return out;
}

}  // namespace sims::tui
