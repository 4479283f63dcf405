// The lines of one window as rows of cells: day separators, time, delivery mark, name, wrapped text. Pure. A
// scrolled window keeps its place while lines arrive below.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/model/model.h"
#include "tui/state/scroll.h"
#include "tui/term/cells.h"

namespace sims::tui {

std::string format_clock(std::int64_t unix_ms, UtcOffset offset);      // "23:59"
std::string format_day(std::int64_t unix_ms, UtcOffset offset);        // "2026-11-22"
std::string format_date_time(std::int64_t unix_ms, UtcOffset offset);  // "2026-11-22 23:59"
// "(sent 23:40)"; with the date if the line arrived on another day. Empty if it adds nothing to the time of
// arrival.
std::string sent_words(const client::Line& line, UtcOffset offset);

struct Chat {
  const std::deque<client::Line>& lines;
  std::string self_name;
  std::string peer_name;  // empty: the status window
  UtcOffset offset;
  int width;
  bool bare = false;  // for copying: no time, no marks, no indent
  // Serials of lines; 0: none.
  std::uint64_t divider = 0;  // the first unread line
  std::uint64_t marked = 0;   // the line that a search led to
  std::uint64_t read_to = 0;  // our last line that the peer has read
  std::uint64_t waiting = 0;  // our last line that waits, if there are words about it
  std::string waiting_words = {};
};

// Rows made earlier, kept with all of their inputs. A row whose inputs differ is made again, so the cache
// never returns a stale one.
class RowCache {
 public:
  void begin(const Chat& chat);  // call before rows(); valid until the chat's lines change
  struct Entry {
    client::Line line;
    std::int64_t before_unix_ms = -1;  // time of the previous line; -1: there is none
    bool divider = false, marked = false, read = false;
    std::string waiting_words;  // below the line
    std::uint64_t made = 0;
    std::vector<Cells> rows;
  };
  // All rows of lines[i], with the separators above it. Valid until the next begin().
  const Entry& rows(const Chat& chat, std::size_t i);

 private:
  std::unordered_map<std::uint64_t, Entry> entries_;  // by serial
  std::size_t cells_ = 0;
  std::string self_name_, peer_name_;
  UtcOffset offset_ = nullptr;
  int width_ = 0;
  bool bare_ = false;
  std::uint64_t made_ = 0;
};

// A row of a line, in the cache. Two are equal if the cache did not make the line's rows again in between.
struct ChatRow {
  std::uint64_t made = 0;  // unique to the line's entry in the cache
  std::size_t row = 0;
  std::span<const Cell> cells;
  bool operator==(const ChatRow& other) const { return made == other.made && row == other.row; }
};

struct ChatView {
  std::vector<ChatRow> rows;  // top to bottom, at most `height`
  std::size_t below = 0;      // lines under the last row; a line that is cut off there counts
};
ChatView visible_rows(const Chat& chat, RowCache& cache, int height, const Scroll& scroll);
// The scroll position after a move by `rows`; positive: towards older lines.
Scroll scrolled(const Chat& chat, int height, const Scroll& scroll, int rows);

}  // namespace sims::tui
