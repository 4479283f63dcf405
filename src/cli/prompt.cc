// Prompt: reads lines from /dev/tty on the loop. Asker: asks whether a key is accepted.
#include "cli/prompt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace sims::client::cli {

namespace {

constexpr std::size_t max_line = 1'024;

std::string_view trimmed(std::string_view text) {
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && space(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::unique_ptr<Prompt> Prompt::open(net::Loop& loop, std::function<void(const std::string& line)> on_line) {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) return nullptr;
  int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return nullptr;
  return std::unique_ptr<Prompt>(new Prompt(loop, fd, std::move(on_line)));
}

Prompt::Prompt(net::Loop& loop, int fd, std::function<void(const std::string& line)> on_line)
    : fd_(fd), on_line_(std::move(on_line)) {
  reader_.emplace(loop, fd, [this] { readable(); });
}

Prompt::~Prompt() {
  reader_.reset();  // must die before its descriptor
  ::close(fd_);
}

void Prompt::say(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(fd_, text.data(), text.size());
    // a stopped terminal loses the question, and does not stop the program
    if (written <= 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Prompt::readable() {
  char buffer[256];
  ssize_t size = ::read(fd_, buffer, sizeof buffer);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) line_ = "no\n";  // ^D, or the terminal is gone
  for (ssize_t i = 0; i < size && line_.size() < max_line; ++i)
    line_ += buffer[i];
  std::size_t end = line_.find('\n');
  if (end == line_.npos) {
    if (line_.size() >= max_line) line_.clear();
    return;
  }
  std::string line = line_.substr(0, end);
  line_.clear();
  auto tell = on_line_;  // a copy: this object may die inside
  tell(line);
}

bool Asker::ask(const std::string& words, const proto::Id& id, std::function<void(bool)> decided) {
  prompt_ = Prompt::open(loop_, [this, id, decided = std::move(decided)](const std::string& line) {
    const std::string_view answer = trimmed(line);
    const bool accept = answer == "yes" || answer == id.text();
    if (!accept && answer != "no") return prompt_->say("Please type 'yes', 'no' or the fingerprint: ");
    const auto then = decided;  // a copy: the prompt owns it
    prompt_.reset();
    then(accept);
  });
  if (prompt_) prompt_->say(words);
  return prompt_ != nullptr;
}

}  // namespace sims::client::cli
