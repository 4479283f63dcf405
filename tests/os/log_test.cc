// The log on standard error: whole lines, and a reader that does not read.
#include "os/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

using namespace sims;

namespace {

// Standard error is a pipe while this lives.
class Pipe {
 public:
  Pipe() : saved_(::dup(STDERR_FILENO)) {
    REQUIRE(::pipe(ends_) == 0);
    REQUIRE(::dup2(ends_[1], STDERR_FILENO) == STDERR_FILENO);
  }
  ~Pipe() {
    ::dup2(saved_, STDERR_FILENO);
    for (const int fd : {saved_, ends_[0], ends_[1]})
      ::close(fd);
  }
  void fill() {
    const std::string page(4'096, 'x');
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    while (::write(ends_[1], page.data(), page.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, 0);
  }
  std::string drain() {
    std::string out(1 << 20, '\0');
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::size_t size = 0;
    for (ssize_t n = 1; n > 0; size += n > 0 ? static_cast<std::size_t>(n) : 0)
      n = ::read(ends_[0], out.data() + size, out.size() - size);
    out.resize(size);
    return out;
  }

 private:
  int saved_, ends_[2];
};

}  // namespace

TEST_CASE("40: log: one whole line each, with remote text escaped") {
  Pipe pipe;
  log::write(log::Level::warning, "event=a value=\n\x1b[2J");
  log::write(log::Level::debug, "not wanted");
  log::write(log::Level::error, std::string(5'000, '\xff'));
  const auto said = pipe.drain();
  CHECK(said.starts_with("sims: event=a value=\\x0a\\x1b[2J\nsims: \\xff"));
  CHECK(said.ends_with("\\xff...\n"));
  CHECK(said.size() < 4'096 + 60);
}

TEST_CASE("40: log: a reader that does not read blocks nobody, and later gets the number of lost lines") {
  Pipe pipe;
  pipe.fill();
  for (int n = 0; n < 3; ++n)
    log::write(log::Level::warning, "lost");
  const auto before = pipe.drain();
  CHECK(before.find("lost") == before.npos);
  log::write(log::Level::warning, "event=next");
  log::write(log::Level::warning, "event=after");
  CHECK(pipe.drain() == "sims: event=next lines-lost=3\nsims: event=after\n");
}
