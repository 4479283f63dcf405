// Process hardening, the log's format, secrets, locked memory, resource checks.
#include "os/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>

#include "base/clock.h"
#include "base/locked_memory.h"
#include "base/secret.h"
#include "os/log.h"
#include "os/program.h"
#include "os/version.h"
#include "support/vectors.h"

using namespace sims;

namespace {

// Runs the function in a child process, with its standard error caught.
template <class F>
std::pair<int, std::string> in_child(F function) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    _exit(function());
  }
  close(ends[1]);
  std::string output;
  char room[4096];
  for (ssize_t n; (n = read(ends[0], room, sizeof room)) > 0;)
    output.append(room, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, output};
}

}  // namespace

TEST_CASE("harden_process: closed standard descriptors are opened so that their use fails") {
  auto [status, output] = in_child([] {
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    harden_process();
    char c = 0;
    if (read(STDIN_FILENO, &c, 1) != -1 || write(STDOUT_FILENO, &c, 1) != -1) return 1;
    const int next = open("/dev/null", O_RDONLY);
    return next > STDERR_FILENO ? 0 : 2;
  });
  CHECK(status == 0);
}

TEST_CASE("40: harden_process: no core, private files, no death by SIGPIPE") {
  auto [status, output] = in_child([] {
    harden_process();
    rlimit core{};
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) return 1;
    if (umask(0) != 077) return 2;
    if (signal(SIGPIPE, SIG_DFL) != SIG_IGN) return 3;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (prctl(PR_GET_DUMPABLE) != 0) return 4;
#endif
    return 0;
  });
  CHECK(status == 0);
}

TEST_CASE("log: one line an event, levels, the program's name") {
  unsetenv("JOURNAL_STREAM");
  auto [status, output] = in_child([] {
    log::set_program("simsd");
    log::info("ready port={}", 7467);
    log::debug("not shown");
    log::set_level(log::Level::debug);
    log::debug("shown");
    log::set_level(log::Level::error);
    log::warning("not shown");
    log::error("bad");
    return 0;
  });
  CHECK(output == "simsd: ready port=7467\nsimsd: shown\nsimsd: bad\n");
}

TEST_CASE("attack 40: remote text in the log cannot end a value, a line or the terminal's patience") {
  auto [status, output] = in_child([] {
    log::set_program("simsd");
    log::info("name={} next=1", log::remote{"x\" admin=\"1\n<0>simsd: forged\x1b[2J\xff"});
    log::info("{}", std::string("own\ntext\x7f\xc2\x9b"));
    log::info("{}", std::string(5000, 'a'));
    return 0;
  });
  CHECK(output ==
        "simsd: name=\"x\\x22 admin=\\x221\\x0a<0>simsd: forged\\x1b[2J\\xff\" next=1\n"
        "simsd: own\\x0atext\\x7f\\xc2\\x9b\n"
        "simsd: " +
            std::string(1000, 'a') + "...\n");
}

TEST_CASE("log: the priority prefix only where standard error is the journal's stream") {
  auto logged = [](bool matching) {
    return in_child([matching] {
             struct stat s {};
             fstat(STDERR_FILENO, &s);
             std::string stream =
                 std::to_string(s.st_dev) + ":" + std::to_string(s.st_ino + (matching ? 0 : 1));
             setenv("JOURNAL_STREAM", stream.c_str(), 1);
             log::set_program("simsd");
             log::warning("x");
             return 0;
           })
        .second;
  };
  CHECK(logged(true) == "<4>simsd: x\n");
  CHECK(logged(false) == "simsd: x\n");
}

TEST_CASE("log: names of levels") {
  CHECK(log::parse_level("debug") == log::Level::debug);
  CHECK(log::parse_level("error") == log::Level::error);
  CHECK_FALSE(log::parse_level("Debug").has_value());
  CHECK_FALSE(log::parse_level("").has_value());
}

TEST_CASE("secrets: wiped when cleared, moved from and destroyed") {
  Secret<16> a{ByteView(Bytes(16, 0xaa))};
  Secret<16> copy = a.clone();
  Secret<16> b = std::move(a);
  CHECK(test::hex(a.view()) == std::string(32, '0'));
  CHECK(test::hex(b.view()) == test::hex(copy.view()));
  CHECK(test::hex(b.part(4, 2)) == "aaaa");
  b.clear();
  CHECK(test::hex(b.view()) == std::string(32, '0'));

  alignas(Secret<16>) std::uint8_t memory[sizeof(Secret<16>)];
  auto* placed = new (memory) Secret<16>{ByteView(Bytes(16, 0xbb))};
  placed->~Secret();
  std::uint8_t sum = 0;
  for (volatile std::uint8_t& byte : memory)
    sum |= byte;
  CHECK(sum == 0);

  SecretBytes first{ByteView(Bytes(5, 1))};
  SecretBytes second = std::move(first);
  CHECK(first.size() == 0);
  CHECK(test::hex(second.view()) == "0101010101");
  second.clear();
  CHECK(second.size() == 0);
  CHECK(SecretBytes(ByteView()).size() == 0);
}

TEST_CASE("secrets: a wiped string is empty, and its memory too") {
  std::string text(100, 's');
  const char* memory = text.data();
  text.resize(10);
  wipe(text);
  CHECK(text.empty());
  REQUIRE(text.data() == memory);  // not given back yet
  int left = 0;
  for (std::size_t i = 0; i < 100; ++i)
    left += static_cast<const volatile char*>(memory)[i] == 's';
  CHECK(left == 0);
}

TEST_CASE("bytes: big-endian") {
  CHECK(test::hex(u32be(0x01020304)) == "01020304");
  CHECK(test::hex(u64be(0x0102030405060708)) == "0102030405060708");
  CHECK(load_u64be(u64be(~std::uint64_t{1}).data()) == ~std::uint64_t{1});
}

TEST_CASE("clocks advance and know the century; there is a version") {
  Now a = read_clocks(), b = read_clocks();
  CHECK(b.steady_ms >= a.steady_ms);
  CHECK(a.unix_s() > 1'700'000'000);
  CHECK(version_text("simsd").starts_with(std::string("simsd ") + version() + "\n"));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

std::size_t locked_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmLck:")) return std::stoul(line.substr(6));
  return 0;
}

}  // namespace

TEST_CASE("attack 40: keys in swap: the heap's beginning is locked up to the limit") {
  auto [status, output] = in_child([] {
    const rlimit limit{1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
    const auto locked = lock_memory();
    if (locked.all || !locked.problem.empty() || locked.heap != 1 << 20) return 2;
    if (locked_kib() < 700 || locked_kib() > 1'024) return 3;
    const auto words = words_for(locked);
    if (words.find("first 1024 KiB") == words.npos || words.find("ulimit -l") == words.npos) return 4;
    for (int i = 0; i < 100; ++i)  // malloc returns memory from there
      SecretBytes(1'000);
    return locked_kib() <= 1'024 ? 0 : 5;
  });
  CHECK(status == 0);
}

TEST_CASE("without a limit all memory is locked, with a limit of 0 it says so") {
  auto [status, output] = in_child([] {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) return 0;  // not ours to raise
    return lock_memory().all && locked_kib() > 1'024 ? 0 : 2;
  });
  CHECK(status == 0);
  std::tie(status, output) = in_child([] {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 1;
    const auto locked = lock_memory();
    return !locked.all && locked.heap == 0 && words_for(locked).starts_with("not locked (the limit is 0)")
               ? 0
               : 2;
  });
  CHECK(status == 0);
}
TEST_CASE("attack 44: no descriptors: the error counts them and gives advice") {
  auto [status, output] = in_child([] {
    if (!check_descriptors(8)) return 1;
    const rlimit few{8, 8};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
    const auto enough = check_descriptors(24);
    if (enough) return 3;
    return enough.error().find("ulimit -n") != std::string::npos && check_descriptors(1) ? 0 : 4;
  });
  CHECK(status == 0);
}

// Sanitizers map more than any limit allows.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("attack 44: no threads: the error counts them and gives advice") {
  auto [status, output] = in_child([] {
    if (!check_threads(4)) return 1;
    pthread_attr_t large;
    pthread_attr_init(&large);
    pthread_attr_setstacksize(&large, std::size_t{1} << 30);
    const rlimit little{std::size_t{3} << 30, std::size_t{3} << 30};
    if (pthread_setattr_default_np(&large) != 0 || setrlimit(RLIMIT_AS, &little) != 0) return 2;
    const auto enough = check_threads(8);
    if (enough) return 3;
    return enough.error().find("ulimit -u") != std::string::npos && check_threads(1) ? 0 : 4;
  });
  CHECK(status == 0);
}
#endif

TEST_CASE("uncaught exceptions and lack of memory print a reason") {
  auto [status, output] = in_child([]() -> int {
    harden_process();
    static_cast<void>(signal(SIGABRT, SIG_DFL));
    const auto start = [](const char* why) { throw std::runtime_error(why); };
    std::thread(start, "no thread could be started").join();
    return 0;
  });
  CHECK(status == 128);
  CHECK(output.find("no thread could be started\n") != std::string::npos);
  std::tie(status, output) = in_child([]() -> int {
    harden_process();
    static_cast<void>(signal(SIGABRT, SIG_DFL));
    const rlimit little{std::size_t{1} << 28, std::size_t{1} << 28};
    setrlimit(RLIMIT_AS, &little);
    std::string much;
    much.resize(std::size_t{1} << 40);
    return much.empty() ? 0 : 1;
  });
  CHECK(status == 128);
  CHECK(output.find("out of memory\n") != std::string::npos);
}
#endif
