#include "client/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/program.h"
#include "client/cli_output.h"
#include "client/cli_session.h"
#include "client/dirs.h"
#include "net/stream.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

Exit complain(Exit exit, std::string_view why) {
  tell(why);
  return exit;
}

Exit print(const std::string& text) {
  const auto printed = sims::print(text);
  return printed ? Exit::ok : complain(Exit::failure, printed.error());
}

Result<std::string> server_of(const Options& options, const Store& keys) {
  std::string text = options.server;
  if (text.empty()) text = keys.settings().server;
  if (text.empty()) text = "localhost";
  auto at = net::Endpoint::parse(text, proto::default_port);
  if (!at) return fail(fmt::format("--server {}: {}", text, at.error()));
  if (at->port == 0) return fail(fmt::format("--server {}: port 0 is none", text));
  return at->str();
}

Result<std::string> name_of(const Options& options, const Store& keys) {
  std::string name = options.name;
  if (name.empty()) name = keys.settings().name;
  if (const char* user = std::getenv("USER"); name.empty() && user != nullptr) name = user;
  if (!proto::valid_name(name)) return fail("no name to log in with: say --name NAME");
  return name;
}

// Who is remembered under the name at the server; nullopt: nobody. When no server was said, neither now nor
// in sims-tui, at whatever server there is only one such peer.
Result<std::optional<KnownPeer>> remembered(const Options& options, Store& keys,
                                            const std::string& host_port) {
  const auto server = keys.server(host_port);
  const bool said = !options.server.empty() || !keys.settings().server.empty();
  std::optional<KnownPeer> found;
  for (auto& known : keys.all_peers()) {
    if (known.name != options.target) continue;
    if (server ? known.server != server->id : said) continue;
    if (found) return fail(options.target + " is remembered at several servers: say which one with --server");
    found = known;
  }
  return found;
}

Exit fingerprint(const Store& keys, const KnownPeer& known) {
  return print(fingerprint_text(known.name, keys.id(), known.pinned.id,
                                known.pinned.verified ? "verified" : "unverified"));
}

Exit verify(const Options& options, Store& keys, KnownPeer known) {
  if (!proto::safety_number_matches(options.number, keys.id(), known.pinned.id)) {
    return complain(Exit::peer_key, "the safety numbers differ: " + known.name + " is not verified");
  }
  known.pinned.verified = true;
  auto stored = keys.pin_peer(known.server, known.name, known.pinned);
  if (stored) stored = keys.save();
  return stored ? Exit::ok : complain(Exit::failure, stored.error());
}

// HOST:PORT can only be a server; a bare word is a peer if one is remembered so, else a server.
Exit forget(const Options& options, Store& keys, const std::string& server) {
  auto peer = remembered(options, keys, server);
  if (!peer) return complain(Exit::failure, peer.error());
  Result<void> done;
  if (*peer) {
    done = keys.forget_peer((*peer)->server, (*peer)->name);
  } else if (keys.server(options.target)) {
    done = keys.forget_server(options.target);
  } else {
    return complain(Exit::no_peer, "neither a server nor a peer is remembered as " + options.target);
  }
  if (done) done = keys.save();
  return done ? Exit::ok : complain(Exit::failure, done.error());
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

Exit online(Options options, Store& keys, const std::string& server) {
  auto name = name_of(options, keys);
  if (!name) return complain(Exit::usage, name.error());
  if (options.command == Command::send && !options.text) {
    auto text = read_input();
    if (!text) return complain(Exit::failure, text.error());
    options.text = std::move(*text);
  }
  if (auto locked = keys.hold(); !locked) return complain(Exit::failure, locked.error());
  return Session(options, keys, server, *name).run();
}

}  // namespace

Exit run(const Options& options) {
  auto folder = data_folder(options.home);
  if (!folder) return complain(Exit::failure, folder.error());
  auto opened = Store::open(*folder, state_folder());
  if (!opened) return complain(Exit::failure, opened.error());
  Store& keys = **opened;
  if (options.command == Command::id) return print(keys.id().str() + "\n");
  auto server = server_of(options, keys);
  if (!server) return complain(Exit::usage, server.error());
  switch (options.command) {
    case Command::forget:
      return forget(options, keys, *server);
    case Command::fingerprint:
    case Command::verify: {
      auto known = remembered(options, keys, *server);
      if (!known) return complain(Exit::failure, known.error());
      if (!*known) return online(options, keys, *server);
      return options.command == Command::verify ? verify(options, keys, **known) : fingerprint(keys, **known);
    }
    default:
      return online(options, keys, *server);
  }
}

}  // namespace sims::client::cli
