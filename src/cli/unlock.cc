// Asks for the passphrase at the terminal, and opens, sets or changes the store's lock.
#include "cli/unlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "cli/output.h"
#include "crypto/kdf.h"
#include "os/program.h"

namespace sims::client::cli {

namespace {

constexpr std::size_t max_passphrase = 1'024;
constexpr int tries = 3;
constexpr char interrupt = 3, quit = 28;  // ^C and ^\ arrive as characters

// /dev/tty without echo. Signals from the keyboard arrive as characters, so that none of them
// leaves the terminal without echo. Stopping would, so it is off.
class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &was_) != 0) return;
    termios quiet = was_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
    quiet.c_cc[VEOL] = interrupt;
    quiet.c_cc[VEOL2] = quit;
    ready_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~Terminal() {
    if (ready_) ::tcsetattr(fd_, TCSAFLUSH, &was_);
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  bool ready() const { return ready_; }

  // Writes our own text.
  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written <= 0 && errno != EINTR) return;
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  // The line without its end; nullopt: given up (^C, ^D, the terminal is gone).
  std::optional<SecretBytes> line() {
    SecretBytes room(max_passphrase);
    const auto size = read_line(room.writable());
    say("\n");
    if (!size) return std::nullopt;
    return SecretBytes(room.view().first(*size));
  }

 private:
  std::optional<std::size_t> read_line(MutableBytes room) {
    for (std::size_t have = 0; have < room.size();) {
      const ssize_t size = ::read(fd_, room.data() + have, room.size() - have);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return std::nullopt;
      for (const std::size_t end = have + static_cast<std::size_t>(size); have < end; ++have) {
        const char c = static_cast<char>(room[have]);
        if (c == '\n') return have;
        if (c == interrupt || c == quit) return std::nullopt;
      }
    }
    return std::nullopt;  // no passphrase is that long
  }

  int fd_;
  bool ready_ = false;
  termios was_{};
};

Result<void> unlock_with_passphrase(Store& store) {
  Terminal terminal;
  if (!terminal.ready())
    return fail(
        "the store needs its passphrase, and there is no terminal to ask for it; to use a key file instead: "
        "sims passphrase --new-key-file FILE");
  for (int left = tries; left > 0; --left) {
    terminal.say("Passphrase of the store: ");
    auto typed = terminal.line();
    if (!typed) return fail("no passphrase");
    auto work = store.derivation(std::move(*typed));
    work->run();
    auto done = store.unlock(*work);
    if (done || left == 1) return done;
    terminal.say("Sorry, " + done.error() + ".\n");
  }
  return fail("no passphrase");
}

Result<void> set_passphrase(Store& store) {
  Terminal terminal;
  if (!terminal.ready()) return fail("there is no terminal to ask for the new passphrase");
  terminal.say("New passphrase: ");
  auto typed = terminal.line();
  if (!typed) return fail("nothing was changed");
  terminal.say("The same again: ");
  const auto again = terminal.line();
  if (!again) return fail("nothing was changed");
  if (!crypto::equal(typed->view(), again->view())) return fail("they differ: nothing was changed");
  auto work = store.new_derivation(std::move(*typed));
  work->run();
  return store.set_passphrase(*work);
}

std::string_view opened_by(Store::Lock lock) {
  switch (lock) {
    case Store::Lock::passphrase:
      return "passphrase";
    case Store::Lock::key_file:
      return "key file";
    case Store::Lock::none:
      break;
  }
  return "none";
}

// The consequences of the new state for the user.
std::string_view advice(Store::Lock lock) {
  switch (lock) {
    case Store::Lock::passphrase:
      return "the store opens with the new passphrase only; without it the store is lost. "
             "Older copies of the store still open as before";
    case Store::Lock::key_file:
      return "the store opens with this key file only: keep a copy of it, but not beside the store. "
             "Older copies of the store still open as before";
    case Store::Lock::none:
      break;
  }
  return "the store has no passphrase: anyone who can read its file can read everything and act as you";
}

}  // namespace

Result<void> unlock(const Options& options, Store& store) {
  if (store.unlocked()) return {};
  if (store.lock_kind() == Store::Lock::passphrase && options.key_file.empty())
    return unlock_with_passphrase(store);
  std::string file = options.key_file;
  if (const char* given = std::getenv("SIMS_KEY_FILE"); file.empty() && given != nullptr) file = given;
  if (file.empty()) return fail("the store needs its key file: pass --key-file FILE or set SIMS_KEY_FILE");
  return store.unlock_with_file(file);
}

Exit change_passphrase(const Options& options, Store& store) {
  Result<void> done;
  switch (options.change) {
    case Options::Change::none: {
      const auto printed = print(fmt::format("{}\n", opened_by(store.lock_kind())));
      if (!printed) tell(printed.error());
      return printed ? Exit::ok : Exit::failure;
    }
    case Options::Change::set:
      done = set_passphrase(store);
      break;
    case Options::Change::key_file:
      done = store.set_key_file(options.file);
      break;
    case Options::Change::remove:
      done = store.remove_passphrase();
      break;
  }
  tell(done ? advice(store.lock_kind()) : done.error());
  return done ? Exit::ok : Exit::failure;
}

}  // namespace sims::client::cli
