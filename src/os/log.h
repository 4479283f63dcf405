// One line an event to standard error: "<6>simsd: event key=value ...". The <N> prefix (sd-daemon(3)) is
// written only when standard error is the journal. Or to syslog(3)'s socket, with the program's name before
// it; when that breaks, to standard error. Values that come from somebody else go through escape_for_log by
// type: pass them as remote(text). No secret has a formatter, so none can be logged.
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
void write(Level level, std::string_view line);  // cut to 1,000 bytes, control characters escaped

// Marks text of foreign origin: formatted escaped and in quotes.
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
