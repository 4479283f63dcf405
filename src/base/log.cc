#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace sims::log {
namespace {

constexpr std::size_t max_line = 1000;
std::atomic<Level> threshold{Level::info};
std::atomic<Sink> sink_now{Sink::standard_error};

std::string& program() {
  static std::string name = "sims";
  return name;
}

// sd_journal_stream(3): systemd sets JOURNAL_STREAM to "device:inode" of the stream that it gave us; a
// redirected standard error is another one and gets no prefix.
bool stderr_is_journal() {
  const char* stream = getenv("JOURNAL_STREAM");
  struct stat s {};
  if (!stream || fstat(STDERR_FILENO, &s) != 0) return false;
  return fmt::format("{}:{}", s.st_dev, s.st_ino) == stream;
}

// A reader that reads no more (a stopped terminal, a pipe) must not stop us: what would have to wait is lost,
// and the next line that finds room says how much it was. A line fits where poll(2) says that there is room:
// it is shorter than PIPE_BUF.
void write_to_stderr(std::string out) {
  static std::mutex one_at_a_time;  // else two would take one's room
  static std::uint64_t lost = 0;
  const std::lock_guard lock(one_at_a_time);
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) {
    ++lost;
    return;
  }
  if (lost > 0) {
    out.pop_back();
    out += fmt::format(" lines-lost={}\n", std::exchange(lost, 0));
  }
  for (std::string_view left = out; !left.empty();) {
    const ssize_t n = ::write(STDERR_FILENO, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // a log that cannot be written is no reason to stop
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

void append_printable(std::string& out, std::string_view line) {
  bool cut = line.size() > max_line;
  for (char c : line.substr(0, max_line)) {
    if (c >= 0x20 && c < 0x7f)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  }
  if (cut) out += "...";
}

}  // namespace

std::optional<Level> parse_level(std::string_view name) {
  if (name == "error") return Level::error;
  if (name == "warning") return Level::warning;
  if (name == "notice") return Level::notice;
  if (name == "info") return Level::info;
  if (name == "debug") return Level::debug;
  return std::nullopt;
}
std::string_view level_name(Level level) {
  static constexpr std::string_view names[] = {"error", "warning", "notice", "info", "debug"};
  return names[static_cast<int>(level) - static_cast<int>(Level::error)];
}

void set_level(Level level) {
  threshold = level;
}
Level level() {
  return threshold;
}
bool enabled(Level level) {
  return level <= threshold.load(std::memory_order_relaxed);
}
void set_program(std::string_view name) {
  program() = name;
}

// syslog(3) keeps the name's pointer. Connected at once: later the process may not be allowed to.
void set_sink(Sink sink) {
  if (sink == Sink::syslog && sink_now != Sink::syslog)
    ::openlog(program().c_str(), LOG_PID | LOG_NDELAY, LOG_DAEMON);
  sink_now = sink;
}

void write(Level level, std::string_view line) {
  if (!enabled(level)) return;
  if (sink_now == Sink::syslog) {
    std::string out;
    append_printable(out, line);
    ::syslog(static_cast<int>(level), "%s", out.c_str());
    return;
  }
  std::string out = stderr_is_journal() ? fmt::format("<{}>", static_cast<int>(level)) : std::string();
  out += program();
  out += ": ";
  append_printable(out, line);
  out += '\n';
  write_to_stderr(std::move(out));
}

}  // namespace sims::log
