#include "tui/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace sims::tui {
namespace {

using client::Delivery;
using client::Line;

constexpr int time_from_width = 30;  // narrower windows leave the time out

struct LocalTime {
  std::int64_t day;  // since 1970-01-01, local
  int minute;        // of the day
};

LocalTime local_time(std::int64_t unix_ms, UtcOffset offset) {
  // Years 1970 to about 9999: what lies outside came from a broken clock and is pulled in.
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
      return "-";
    case Delivery::delivered:
      return "+";
    case Delivery::failed:
      return "x";
  }
  return " ";
}

// What stands before the text of the first row; its width is the indent of the rows after it.
Cells head(const Chat& chat, const Line& line) {
  Cells out;
  if (chat.width >= time_from_width)
    out = to_cells(format_clock(line.at_unix_ms, chat.offset) + " ", Style::dim);
  auto add = [&out](std::string_view text, Style style) {
    const Cells more = to_cells(text, style);
    out.insert(out.end(), more.begin(), more.end());
  };
  const Style who = line.mine ? Style::mine : Style::theirs;
  const std::string& name = line.mine ? chat.self_name : chat.peer_name;
  switch (line.kind) {
    case Line::Kind::text:
    case Line::Kind::action:
      add(mark(line), line.delivery == Delivery::failed && line.mine ? Style::alert : Style::dim);
      add(" ", Style::normal);
      add(line.kind == Line::Kind::text ? "<" + name + "> " : "* " + name + " ", who);
      break;
    case Line::Kind::notice:
      add("-- ", Style::dim);
      break;
    case Line::Kind::alert:
      add("!! ", Style::alert);
      break;
  }
  return out;
}

Cells day_row(const Chat& chat, const Line& line) {
  Cells day = to_cells("── " + format_day(line.at_unix_ms, chat.offset) + " ", Style::dim);
  const Cells dash = to_cells("─", Style::dim);
  while (width_of(day) < chat.width)
    day.push_back(dash[0]);
  return day;
}

// One paragraph (no LF) under the indent. Nothing that somebody else wrote may start in the first column,
// where only our own words do: the indent is never 0.
void add_paragraph(const Cells& first, const Cells& text, int indent, int width, std::vector<Cells>& rows) {
  bool at_first = true;
  for (const auto& part : wrap(text, width - width_of(first), width - indent)) {
    Cells row =
        at_first ? first : to_cells(std::string(static_cast<std::size_t>(indent), ' '), Style::normal);
    row.insert(row.end(), text.begin() + static_cast<std::ptrdiff_t>(part.from),
               text.begin() + static_cast<std::ptrdiff_t>(part.to));
    rows.push_back(std::move(row));
    at_first = false;
  }
}

Place last_place(const Chat& chat) {
  const std::size_t i = chat.lines.size() - 1;
  return {i, static_cast<int>(rows_of_line(chat, i).size()) - 1};
}

// Lines must not be empty.
Place place_of(const Chat& chat, const Scroll& scroll) {
  if (scroll.following) return last_place(chat);
  const auto it =
      std::lower_bound(chat.lines.begin(), chat.lines.end(), scroll.serial,
                       [](const Line& line, std::uint64_t serial) { return line.serial < serial; });
  if (it == chat.lines.end()) return last_place(chat);
  const auto i = static_cast<std::size_t>(it - chat.lines.begin());
  const int rows = static_cast<int>(rows_of_line(chat, i).size());
  return {i, it->serial == scroll.serial ? std::clamp(scroll.row, 0, rows - 1) : 0};
}

// Up by `rows`; returns how many rows were missing.
int move_up(const Chat& chat, Place& at, int rows) {
  while (rows > at.row) {
    if (at.line == 0) {
      const int missing = rows - at.row;
      at.row = 0;
      return missing;
    }
    rows -= at.row + 1;
    --at.line;
    at.row = static_cast<int>(rows_of_line(chat, at.line).size()) - 1;
  }
  at.row -= rows;
  return 0;
}

void move_down(const Chat& chat, Place& at, int rows) {
  while (rows > 0) {
    const int left = static_cast<int>(rows_of_line(chat, at.line).size()) - 1 - at.row;
    if (rows <= left) {
      at.row += rows;
      return;
    }
    if (at.line + 1 == chat.lines.size()) {
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

std::vector<Cells> rows_of_line(const Chat& chat, std::size_t i) {
  const Line& line = chat.lines[i];
  std::vector<Cells> rows;
  const auto day = local_time(line.at_unix_ms, chat.offset).day;
  if (i == 0 || local_time(chat.lines[i - 1].at_unix_ms, chat.offset).day != day)
    rows.push_back(day_row(chat, line));

  Cells first = head(chat, line);
  // In a narrow window the head keeps at most half of the row.
  if (width_of(first) > chat.width / 2) {
    first = fit(std::move(first), std::max(1, chat.width / 2 - 1));
    first.emplace_back();
  }
  const int indent = std::clamp(width_of(first), 1, std::max(2, chat.width / 4));
  Style style = Style::normal;
  if (line.kind == Line::Kind::alert) style = Style::alert;
  if (line.kind == Line::Kind::notice) style = Style::dim;
  std::string_view rest = line.text;
  for (bool start = true;; start = false) {
    const auto lf = rest.find('\n');
    const Cells text = to_cells(rest.substr(0, lf), style);
    const Cells margin = to_cells(std::string(static_cast<std::size_t>(indent), ' '), Style::normal);
    add_paragraph(start ? first : margin, text, indent, chat.width, rows);
    if (lf == std::string_view::npos) break;
    rest.remove_prefix(lf + 1);
  }
  if (line.mine && line.delivery == Delivery::failed && !line.why.empty()) {
    const Cells margin = to_cells(std::string(static_cast<std::size_t>(indent), ' '), Style::normal);
    add_paragraph(margin, to_cells("not sent: " + line.why, Style::alert), indent, chat.width, rows);
  }
  return rows;
}

ChatView visible_rows(const Chat& chat, int height, const Scroll& scroll) {
  ChatView out;
  if (chat.lines.empty() || height <= 0 || chat.width <= 0) return out;
  const Place bottom = place_of(chat, scroll);
  out.below = chat.lines.size() - 1 - bottom.line;
  std::size_t i = bottom.line;
  auto rows = rows_of_line(chat, i);
  const auto kept = static_cast<std::size_t>(bottom.row) + 1;
  if (kept < rows.size()) ++out.below;
  rows.resize(kept);
  for (;;) {
    for (auto it = rows.rbegin(); it != rows.rend() && static_cast<int>(out.rows.size()) < height; ++it)
      out.rows.push_back(std::move(*it));
    if (i == 0 || static_cast<int>(out.rows.size()) >= height) break;
    rows = rows_of_line(chat, --i);
  }
  std::reverse(out.rows.begin(), out.rows.end());
  return out;
}

Scroll scrolled(const Chat& chat, int height, const Scroll& scroll, int rows) {
  if (chat.lines.empty() || height <= 0 || chat.width <= 0) return scroll;
  Place at = place_of(chat, scroll);
  if (rows > 0) {
    move_up(chat, at, rows);
    Place top = at;  // the window stays full: no further up than the first row at its top
    const int missing = move_up(chat, top, height - 1);
    move_down(chat, at, missing);
  } else {
    move_down(chat, at, -rows);
  }
  const Place last = last_place(chat);
  Scroll out;
  out.following = at.line == last.line && at.row == last.row;
  out.serial = chat.lines[at.line].serial;
  out.row = at.row;
  return out;
}

}  // namespace sims::tui
