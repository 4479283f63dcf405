// The log: one line an event to standard error, "<6>simsd: event=... key=value ...". The <N> prefix
// (sd-daemon(3)) is written only when standard error is the journal. With Sink::syslog, lines go to
// syslog(3)'s socket, and to standard error when that breaks. Pass values that come from others as
// remote(text), which escapes them. Secrets have no formatter, so none can be logged. Any thread
// may log; it never blocks.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace sims::log {

enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog's numbers

std::optional<Level> parse_level(std::string_view name);  // "error" "warning" "notice" "info" "debug"
std::string_view level_name(Level level);
void set_level(Level level);
Level level();
bool enabled(Level level);
void set_program(std::string_view name);
enum class Sink { standard_error, syslog };
void set_sink(Sink sink);                        // after set_program()
void write(Level level, std::string_view line);  // cuts it to 1,000 bytes, escapes control characters

// Marks text from others, so that it is formatted in quotes and escaped.
struct remote {
  std::string_view text;
};

template <class... A>
void error(fmt::format_string<A...> f, A&&... a) {
  write(Level::error, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void warning(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void notice(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::notice)) write(Level::notice, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void info(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::info)) write(Level::info, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void debug(fmt::format_string<A...> f, A&&... a) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(f, std::forward<A>(a)...));
}

}  // namespace sims::log

template <>
struct fmt::formatter<sims::log::remote> : fmt::formatter<std::string> {
  auto format(const sims::log::remote& r, format_context& ctx) const {
    return fmt::formatter<std::string>::format('"' + sims::escape_for_log(r.text) + '"', ctx);
  }
};
