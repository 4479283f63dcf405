// Fuzz target `sanitiser`: any bytes as a remote text, name, reason or error, through base/text.h and all
// outputs of such text.
#include <algorithm>

#include "base/text.h"
#include "cli/output.h"
#include "fuzz/fuzz.h"
#include "fuzz/safe.h"
#include "fuzz/vectors.h"
#include "tui/app/notifier.h"
#include "tui/term/cells.h"

namespace sims::fuzz {
namespace {

constexpr std::size_t max_marks = 8;

// Whether some character has so many marks that it would cover other lines.
bool piled(std::string_view safe_text) {
  std::size_t marks = 0;
  for (std::size_t at = 0; at < safe_text.size();) {
    const CodePoint next = decode_utf8(safe_text, at);
    marks = char_width(next.c) == 0 && next.c != '\n' ? marks + 1 : 0;
    if (marks > max_marks) return true;
    at += next.size;
  }
  return false;
}

void check_clusters(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = grapheme_end(text, at);
    HOLDS(end > at && end <= text.size());
    for (std::size_t in = at; in < end; ++in)
      HOLDS(grapheme_start(text, in) == at);
    width += text_width(text.substr(at, end - at));
    at = end;
  }
  HOLDS(width == text_width(text));
}

void check_lines(const std::string& text) {
  for (const Lines lines : {Lines::keep, Lines::fold}) {
    const std::string out = safe_text(text, lines);
    HOLDS(safe(out, lines == Lines::keep ? "\n" : ""));
    HOLDS(!piled(out));
    HOLDS(safe_text(out, lines) == out);
    check_clusters(out);
  }
  const tui::Cells cells = tui::to_cells(text, tui::Style::normal);
  HOLDS(safe(cells));
  HOLDS(tui::width_of(cells) <= text_width(safe_text(text, Lines::fold)));
}

bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Requires one line with its line feed. Returns it without the line feed.
std::string_view line_of(std::string_view text) {
  HOLDS(!text.empty() && text.back() == '\n');
  return text.substr(0, text.size() - 1);
}

void check_notification(const std::string& text, const std::string& title, std::size_t most) {
  for (const bool plain : {false, true}) {
    const std::string out = tui::osc_text(text, most, plain);
    HOLDS(safe(out) && out.find(';') == out.npos && out.size() <= most);
    HOLDS(!plain || printable_ascii(out));
  }
  const auto controls = [](std::string bytes) {
    // For screen the text is cut into any number of pieces.
    for (std::size_t at = 0; (at = bytes.find("\x1b\\\x1bP", at)) != bytes.npos;)
      bytes.erase(at, 4);
    return std::count_if(bytes.begin(), bytes.end(),
                         [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
  };
  for (const auto by :
       {tui::NotifyBy::bell, tui::NotifyBy::osc9, tui::NotifyBy::osc777, tui::NotifyBy::osc99})
    for (const auto through : {tui::Passthrough::none, tui::Passthrough::tmux, tui::Passthrough::screen}) {
      const std::string bytes = tui::encode({title, text}, by, through);
      HOLDS(controls(bytes) == controls(tui::encode({"alice", "hello"}, by, through)));
      HOLDS(utf8_valid(bytes));
    }
}

void check_output(const std::string& text) {
  client::Peer peer;
  peer.name = "bob";
  client::Line line;
  line.text = line.why = text;
  line.mine = text.size() % 2 == 0;
  line.delivery = client::Delivery::failed;
  HOLDS(safe(line_of(client::cli::message_line(peer, line)), ""));
  HOLDS(safe(line_of(client::cli::remark(text))));
  client::HistoryEntry entry;
  entry.body = entry.why = text;
  HOLDS(safe(line_of(client::cli::entry_line("bob", entry))));
  if (!utf8_valid(text)) return;  // text from JSON is always UTF-8
  HOLDS(printable_ascii(line_of(client::cli::message_json(peer, line))));
  HOLDS(printable_ascii(line_of(client::cli::entry_json("bob", entry))));
}

void run(ByteView input) {
  Source source(input);
  const std::string title = source.text();
  const std::size_t most = 3 + source.byte();
  const std::string text = source.rest();
  check_lines(text);
  check_notification(text, title, most);
  check_output(text);
  const std::string logged = escape_for_log(text);
  HOLDS(printable_ascii(logged) && logged.find('"') == logged.npos);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const char* text :
       {"hello", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07\x1b]8;;http://x\x1b\\", "a\r\nb\rc\n\xe2\x80\xa8\t",
        "\xe2\x80\xae\xe2\x81\xa7 bidi \xd7\xa9\xd7\x9c",
        "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
        "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 "
        "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd 1\xef\xb8\x8f\xe2\x83\xa3",
        "\xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\xa4\xe0\xa5\x87 \xe6\xbc\xa2\xe5\xad\x97 "
        "\xea\xb0\x80\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
        "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xc2\x9b", "\xcc\x81 first a mark",
        "\xf3\xa0\x81\xa7 tag \xee\x80\x80"})
    out.push_back(sized("bob;") + '\x20' + text);
  for (const auto& text : strings_in_vectors(""))
    out.push_back(sized(text) + '\x20' + text);
  return out;
}

const Register registered({"sanitiser", run, seeds, 4'000});

}  // namespace
}  // namespace sims::fuzz
