// Connects to the control socket, asks for page after page, and prints the rows.
#include "ctl/client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "ctl/commands.h"
#include "net/unix_socket.h"
#include "os/program.h"

namespace sims::server {

namespace {

constexpr int done = 0, failure = 1;
constexpr std::size_t longest_answer = 1 << 20;  // bytes of a line
constexpr time_t answer_limit_s = 60;            // unless the command may take longer

int complain(std::string_view what) {
  static_cast<void>(std::fprintf(stderr, "simsctl: %s\n", safe_text(what, Lines::fold).c_str()));
  return failure;
}

std::string local_time(std::uint64_t unix_s) {
  const auto at = static_cast<time_t>(unix_s);
  tm local{};
  std::array<char, 32> text{};
  if (::localtime_r(&at, &local) == nullptr) return "?";
  return {text.data(), ::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string words_of(const net::NotConnected& why) {
  switch (why.error) {
    case ENOENT:
    case ECONNREFUSED:
      return why.words +
             ": no simsd runs with this state folder; give --state-dir DIR for another one, or use sudo "
             "simsctl "
             "for the system's service";
    case EAGAIN:
      return "the server does not answer";
    case EACCES:
    case EPERM:
      return why.words + ": only root and the server's own user may connect; try sudo simsctl";
    default:
      return why.words;
  }
}

// A connection to the control socket that is read line by line.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd) {}
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void limit(time_t seconds) {
    const timeval limit{seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  // Ignores errors: the read that follows reports them, and the server may have said why it hung
  // up.
  void send(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  Result<std::string> line();

 private:
  int fd_;
  std::string read_;
};

Result<std::string> Wire::line() {
  std::size_t end = 0;
  while ((end = read_.find('\n')) == std::string::npos) {
    if (read_.size() > longest_answer) return fail("the server's answer is too long");
    std::array<char, 65'536> buffer{};
    const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return fail("the server does not answer");
    if (n < 0) return fail(fmt::format("the control socket: {}", std::strerror(errno)));
    if (n == 0) return fail("the server hung up");
    read_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  auto line = read_.substr(0, end);
  read_.erase(0, end + 1);
  return line;
}

class Command {
 public:
  Command(const CtlOptions& options, int fd)
      : options_(options), command_(ctl_command(options.command)), wire_(fd) {
    wire_.limit(command_.may_take_long ? 0 : answer_limit_s);
    if (command_.is_list()) table_.emplace(command_, local_time);
  }
  Result<void> run();

 private:
  Result<bool> page();  // true: there is another one
  Result<bool> row_or_end(std::string line, bool& ended);
  Result<void> finish(const proto::JsonValue& answer);

  const CtlOptions& options_;
  const CtlCommand& command_;
  Wire wire_;
  std::optional<CtlTable> table_;  // of a list
  std::string next_;
  proto::JsonTape tape_;
};

Result<void> Command::run() {
  for (;;) {
    const auto more = page();
    TRY(more);
    if (!*more) break;
  }
  return table_ && !options_.json ? print(table_->str()) : Result<void>{};
}

Result<bool> Command::page() {
  wire_.send(request_line(options_, next_));
  for (bool ended = false;;) {
    auto line = wire_.line();
    TRY(line);
    auto more = row_or_end(std::move(*line), ended);
    if (!more || ended) return more;
  }
}

Result<bool> Command::row_or_end(std::string line, bool& ended) {
  const auto answer = tape_.parse(line);
  if (!answer) return fail("the server's answer is not JSON: " + answer.error().detail);
  if (const auto why = answer->get_string("error")) return fail(std::string(*why));
  if (const auto row = answer->get("row")) {
    if (!options_.json && table_) table_->add(*row);
    const auto printed = options_.json ? print(ctl_json(*row)) : Result<void>{};
    return printed ? Result<bool>(true) : fail(printed.error());
  }
  ended = true;
  if (table_) {
    const auto next = answer->get("next");
    next_ = next ? ctl_raw(*next) : "";
    return next.has_value();
  }
  const auto finished = finish(*answer);
  return finished ? Result<bool>(false) : fail(finished.error());
}

Result<void> Command::finish(const proto::JsonValue& answer) {
  if (options_.command == "kick" && answer.get_number("kicked") == 0)
    return fail("no connected client matches");
  const auto words = command_.words == nullptr ? "" : command_.words(answer, local_time);
  auto printed = print(options_.json ? ctl_json(answer) : words);
  if (printed && options_.command == "invite" && !options_.json)
    static_cast<void>(std::fprintf(stderr, "simsctl: for one name, until %s\n",
                                   local_time(answer.get_number("until").value_or(0)).c_str()));
  return printed;
}

}  // namespace

int run_ctl(const CtlOptions& options) {
  ::tzset();
  const auto fd = net::connect_to_path(options.socket);
  if (!fd) return complain(words_of(fd.error()));
  const auto ran = Command(options, *fd).run();
  return ran ? done : complain(ran.error());
}

}  // namespace sims::server
