// Opens the store, decides where a command runs, and returns the exit status.
#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "cli/offline_commands.h"
#include "cli/online_session.h"
#include "cli/output.h"
#include "cli/remote_session.h"
#include "cli/store_checkup.h"
#include "cli/unlock.h"
#include "client/holder/holder_path.h"
#include "client/link/xdg_dirs.h"
#include "os/files.h"
#include "os/program.h"
#include "os/version.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

constexpr std::chrono::milliseconds in_line_step{50};  // between two attempts to lock the store

Exit complain(Exit exit, std::string_view why) {
  tell(why);
  return exit;
}

Result<std::string> name_of(const Options& options, const Store& store) {
  std::string name = options.name;
  if (name.empty()) name = store.settings().name;
  if (const char* user = std::getenv("USER"); name.empty() && user != nullptr) name = user;
  if (!proto::valid_name(name)) return fail("no name to log in with: pass --name NAME");
  return name;
}

// Reads all of standard input, up to one byte more than a message may have, which is enough to
// refuse it.
Result<std::string> read_input() {
  std::string text;
  char buffer[4'096];
  while (text.size() <= proto::max_body + 1) {
    ssize_t size = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(fmt::format("standard input: {}", std::strerror(errno)));
    if (size == 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// Runs a read-only command on an open store, beside any other program.
std::optional<Exit> read_only(const Options& options, Store& store, const std::string& server) {
  switch (options.command) {
    case Command::requests:
      return requests(options, store, server);
    case Command::mail:
      return mail(options, store, server);
    case Command::history:
      return history(options, store, server);
    case Command::export_history:
      return export_history(options, store, server);
    case Command::fingerprint: {
      auto known = remembered(options, store, server);
      if (!known) return complain(Exit::failure, known.error());
      if (*known) return fingerprint(store, **known);
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

// Runs the commands that need no server if their peer is remembered.
std::optional<Exit> about_peer(const Options& options, Store& store, const std::string& server) {
  auto known = remembered(options, store, server);
  if (!known) return complain(Exit::failure, known.error());
  if (!*known) return std::nullopt;
  if (options.command == Command::verify) return verify(options, store, std::move(**known));
  return decide(options, store, std::move(**known));
}

// Runs the commands that need no server, in a store that this program holds.
std::optional<Exit> offline(const Options& options, Store& store, const std::string& server) {
  switch (options.command) {
    case Command::forget:
      return forget(options, store, server);
    case Command::discard:
      return discard(options, store, server);
    case Command::erase:
      return erase(options, store, server);
    case Command::verify:
    case Command::accept:
    case Command::decline:
    case Command::block:
      return about_peer(options, store, server);
    default:
      return read_only(options, store, server);
  }
}

// The greeting for the program that holds the store, with the wanted server and name, if any.
Result<Greeting> greeting_of(const Options& options, const Store& store) {
  Greeting self{"sims", version(), holder_protocol, 0, "", options.name};
  if (!options.server.empty() || !store.settings().server.empty()) {
    TRY_LET(server, server_of(options, store));
    self.server = std::move(server);
  }
  return self;
}

// A command that waits for the store: this program gets the lock, or works through the one that has
// it.
class InLine {
 public:
  InLine(const Options& options, Store& store)
      : options_(options),
        store_(store),
        paths_(holder_paths(own_run_folder(), store.folder(), store.id())),
        talk_(make_talk(options, store.id())),
        until_(Clock::now() + std::chrono::milliseconds(options.wait_ms)) {}

  Exit run() {
    for (;;) {
      if (const auto mine = store_.try_hold(); !mine) return complain(Exit::failure, mine.error());
      const auto held = store_.hold();
      if (held) return here();
      problem_ = held.error();
      if (goes_alone(options_))
        problem_ += "; --suite, --invite and --no-history do not work through the other program";
      else if (options_.command != Command::passphrase)
        if (const auto exit = through_holder()) return *exit;
      if (Clock::now() >= until_) return complain(Exit::failure, problem_);
      std::this_thread::sleep_for(in_line_step);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  // The options that need a connection of their own.
  static bool goes_alone(const Options& options) {
    return !options.invite.empty() || !options.keep_history || options.suites != crypto::default_suites();
  }

  Exit here() {
    if (auto open = unlock(options_, store_); !open) return complain(Exit::locked, open.error());
    StoreCheckup checkup(store_);
    return checkup.finish(checked());
  }

  Exit checked() {
    if (options_.command == Command::passphrase) return change_passphrase(options_, store_);
    auto server = server_of(options_, store_);
    if (!server) return complain(Exit::usage, server.error());
    if (const auto done = offline(options_, store_, *server)) return *done;
    auto name = name_of(options_, store_);
    if (!name) return complain(Exit::usage, name.error());
    if (const auto enough = check_threads(8); !enough) return complain(Exit::failure, enough.error());
    return Session(options_, store_, *talk_, *server, *name).run(paths_, again_);
  }

  // nullopt: no program answers there.
  std::optional<Exit> through_holder() {
    auto greeting = greeting_of(options_, store_);
    if (!greeting) return complain(Exit::usage, greeting.error());
    auto fd = connect_to_holder(paths_, std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now()));
    if (!fd) {
      problem_ += "; it takes no commands either: " + fd.error().words;
      return std::nullopt;
    }
    RemoteSession session(options_, *talk_, std::move(*greeting));
    const auto exit = session.run(*fd, again_);
    problem_ = session.problem();
    if (session.greeted()) {
      again_ = true;
      until_ = Clock::now() + std::chrono::milliseconds(options_.wait_ms);
    }
    return exit;
  }

  const Options& options_;
  Store& store_;
  const std::vector<std::string> paths_;
  const std::unique_ptr<Talk> talk_;
  Clock::time_point until_;
  std::string problem_;
  bool again_ = false;  // a holder may have got the text already
};

// Runs commands that only read. If the store needs a key and another program has it open, that
// program is asked before the user. nullopt: it cannot help, for example because it is locked.
std::optional<Exit> read_through_holder(const Options& options, const Store& store) {
  if (store.unlocked() || !options.key_file.empty() || std::getenv("SIMS_KEY_FILE") != nullptr)
    return std::nullopt;
  const auto fd = connect_to_holder(holder_paths(own_run_folder(), store.folder(), store.id()),
                                    std::chrono::milliseconds(options.wait_ms));
  if (!fd) return std::nullopt;
  auto greeting = greeting_of(options, store);
  if (!greeting) return complain(Exit::usage, greeting.error());
  const auto talk = make_talk(options, store.id());
  RemoteSession session(options, *talk, std::move(*greeting));
  const auto exit = session.run(*fd, false);
  return session.greeted() && exit != Exit::locked ? exit : std::nullopt;
}

bool reads_only(Command command) {
  return command == Command::requests || command == Command::mail || command == Command::history ||
         command == Command::export_history;
}

Exit with_store(const Options& options, Store& store) {
  if (reads_only(options.command)) {
    if (const auto done = read_through_holder(options, store)) return *done;
    if (auto open = unlock(options, store); !open) return complain(Exit::locked, open.error());
  }
  if (store.unlocked()) {
    auto server = server_of(options, store);
    if (!server) return complain(Exit::usage, server.error());
    std::optional<StoreCheckup> checkup;
    if (reads_only(options.command)) checkup.emplace(store);
    if (const auto done = read_only(options, store, *server)) return checkup ? checkup->finish(*done) : *done;
  }
  return InLine(options, store).run();
}

}  // namespace

namespace {

// If the store is missing, another program may be making it at this moment.
Result<std::unique_ptr<Store>> open_store(const Options& options, const std::string& folder) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.wait_ms);
  for (;;) {
    const std::string file = folder + "/store.db", lock = folder + "/lock";
    const bool missing = !file_exists(file);
    auto opened = Store::open(folder, state_folder());
    if (opened || !missing || std::chrono::steady_clock::now() >= until) return opened;
    const bool in_work = file_exists(lock) && !FileLock::take(lock);
    if (!in_work && !file_exists(file)) return opened;  // no program is making it
    std::this_thread::sleep_for(in_line_step);
  }
}

}  // namespace

Exit run(Options options) {
  if (options.command == Command::send && !options.text) {
    auto text = read_input();
    if (!text) return complain(Exit::failure, text.error());
    options.text = std::move(*text);
  }
  auto folder = data_folder(options.home);
  if (!folder) return complain(Exit::failure, folder.error());
  if (options.command == Command::peers) return peers(*folder);
  auto opened = open_store(options, *folder);
  if (!opened) return complain(Exit::failure, opened.error());
  Store& store = **opened;
  if (options.command == Command::id) {
    const auto printed = print(store.id().str() + "\n");
    return printed ? Exit::ok : complain(Exit::failure, printed.error());
  }
  if (options.command == Command::passphrase && options.change == Options::Change::none)
    return change_passphrase(options, store);
  return with_store(options, store);
}

}  // namespace sims::client::cli
