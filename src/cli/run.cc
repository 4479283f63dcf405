#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/program.h"
#include "cli/offline_commands.h"
#include "cli/online_session.h"
#include "cli/output.h"
#include "cli/store_checkup.h"
#include "cli/unlock.h"
#include "client/dirs.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

Exit complain(Exit exit, std::string_view why) {
  tell(why);
  return exit;
}

Result<std::string> name_of(const Options& options, const Store& store) {
  std::string name = options.name;
  if (name.empty()) name = store.settings().name;
  if (const char* user = std::getenv("USER"); name.empty() && user != nullptr) name = user;
  if (!proto::valid_name(name)) return fail("no name to log in with: say --name NAME");
  return name;
}

// All of standard input; one byte more than a message may have is enough to be refused.
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

Exit online(Options options, Store& store, const std::string& server) {
  auto name = name_of(options, store);
  if (!name) return complain(Exit::usage, name.error());
  if (options.command == Command::send && !options.text) {
    auto text = read_input();
    if (!text) return complain(Exit::failure, text.error());
    options.text = std::move(*text);
  }
  if (auto held = store.hold(); !held) return complain(Exit::failure, held.error());
  return Session(options, store, server, *name).run();
}

// Of a peer that is remembered it is done here; else who is online under the name is asked for.
Exit about_peer(const Options& options, Store& store, const std::string& server) {
  auto known = remembered(options, store, server);
  if (!known) return complain(Exit::failure, known.error());
  if (!*known) return online(options, store, server);
  switch (options.command) {
    case Command::fingerprint:
      return fingerprint(store, **known);
    case Command::verify:
      return verify(options, store, std::move(**known));
    default:
      return decide(options, store, std::move(**known));
  }
}

Exit with_server(const Options& options, Store& store) {
  auto server = server_of(options, store);
  if (!server) return complain(Exit::usage, server.error());
  switch (options.command) {
    case Command::forget:
      return forget(options, store, *server);
    case Command::discard:
      return discard(options, store, *server);
    case Command::requests:
      return requests(options, store, *server);
    case Command::history:
      return history(options, store, *server);
    case Command::export_history:
      return export_history(options, store, *server);
    case Command::erase:
      return erase(options, store, *server);
    case Command::fingerprint:
    case Command::verify:
    case Command::accept:
    case Command::decline:
    case Command::block:
      return about_peer(options, store, *server);
    default:
      return online(options, store, *server);
  }
}

}  // namespace

Exit run(const Options& options) {
  auto folder = data_folder(options.home);
  if (!folder) return complain(Exit::failure, folder.error());
  if (options.command == Command::peers) return peers(*folder);
  auto opened = Store::open(*folder, state_folder());
  if (!opened) return complain(Exit::failure, opened.error());
  Store& store = **opened;
  if (options.command == Command::id) {
    const auto printed = print(store.id().str() + "\n");
    return printed ? Exit::ok : complain(Exit::failure, printed.error());
  }
  const bool passphrase = options.command == Command::passphrase;
  if (passphrase && options.change == Options::Change::none) return change_passphrase(options, store);
  if (auto open = unlock(options, store); !open) return complain(Exit::locked, open.error());
  StoreCheckup checkup(store);
  return checkup.finish(passphrase ? change_passphrase(options, store) : with_server(options, store));
}

}  // namespace sims::client::cli
