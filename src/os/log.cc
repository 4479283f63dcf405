// Formats log lines and writes them to standard error or the system log, without waiting for a reader.
#include "os/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "os/syslog.h"

namespace sims::log {
namespace {

constexpr std::size_t max_line = 1000;
std::atomic<Level> threshold{Level::info};
std::atomic<Sink> sink_now{Sink::standard_error};

std::string& program() {
  static std::string name = "sims";
  return name;
}

// systemd sets JOURNAL_STREAM to "device:inode" of the stream that it gave us (systemd.exec(5)); a
// redirected standard error is another one and gets no prefix.
bool stderr_is_journal() {
  const char* stream = getenv("JOURNAL_STREAM");
  struct stat s {};
  if (!stream || fstat(STDERR_FILENO, &s) != 0) return false;
  return fmt::format("{}:{}", s.st_dev, s.st_ino) == stream;
}

// A reader that does not read (a stopped terminal, a pipe) must not block us: lines that would wait
// are dropped, and the next line that is written says how many. When poll(2) reports room, a whole
// line fits, since it is shorter than PIPE_BUF.
void write_to_stderr(std::string out) {
  static std::mutex one_at_a_time;  // else two threads would use the room for one line
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

std::string to_stderr(std::string_view line, Level level) {
  std::string out = stderr_is_journal() ? fmt::format("<{}>", static_cast<int>(level)) : std::string();
  return out + program() + ": " + std::string(line) + "\n";
}

// The system log's socket, and the number of lines that it did not take.
struct SystemLog {
  std::mutex one_at_a_time;
  Syslog socket;
  bool gone = false;
  std::uint64_t lost = 0;    // since the socket was full
  std::uint64_t missed = 0;  // since it was gone; they went to standard error
};
SystemLog& system_log() {
  static SystemLog* const log = new SystemLog;  // never destroyed: threads may log until the process exits
  return *log;
}

// False: the caller writes the line to standard error, where this function has logged the reason
// once.
bool write_to_syslog(Level level, std::string line) {
  auto& log = system_log();
  const std::lock_guard lock(log.one_at_a_time);
  if (log.missed > 0) line += fmt::format(" lines-missed={}", log.missed);
  if (log.lost > 0) line += fmt::format(" lines-lost={}", log.lost);
  const auto sent = log.socket.send(static_cast<int>(level), program(), line);
  if (sent == Syslog::Sent::full) return ++log.lost, true;
  if (sent == Syslog::Sent::yes) {
    log.missed = log.lost = 0;
    log.gone = false;
    return true;
  }
  if (!std::exchange(log.gone, true))
    write_to_stderr(to_stderr(
        fmt::format(
            "event=syslog-gone reason=\"{}\" lines-lost={} note=\"log lines go to standard error; restart {} "
            "when the system log is back\"",
            escape_for_log(log.socket.why()), log.lost, program()),
        Level::warning));
  log.lost = 0;
  ++log.missed;
  return false;
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

// Connects at once, since a confined process cannot. If that fails, the first line says so.
void set_sink(Sink sink) {
  if (sink == Sink::syslog && sink_now != Sink::syslog)
    static_cast<void>(system_log().socket.open(_PATH_LOG));
  sink_now = sink;
}

void write(Level level, std::string_view line) {
  if (!enabled(level)) return;
  std::string out;
  append_printable(out, line);
  if (sink_now == Sink::syslog && write_to_syslog(level, out)) return;
  write_to_stderr(to_stderr(out, level));
}

}  // namespace sims::log
