// simsd(8): the SIMS relay. Arguments, state folder, the way into the background; the serving is
// server/daemon's.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cstdio>

#include "base/locked_memory.h"
#include "os/process.h"
#include "os/program.h"
#include "server/daemon/daemon.h"
#include "server/daemon/daemonize.h"
#include "server/daemon/run_as.h"
#include "server/daemon/sandbox.h"
#include "server/daemon/sockets.h"

namespace {

using namespace sims;
using namespace sims::server;

enum Exit { exit_ok = 0, exit_failure = 1, exit_usage = 2 };

int complain(const std::string& what, int code) {
  static_cast<void>(std::fprintf(stderr, "simsd: %s\n", what.c_str()));
  return code;
}

using Take = std::function<void(const std::string&)>;

void add(CLI::App& app, const char* option, const char* value, const char* help, const Take& take) {
  app.add_option_function<std::string>(option, take, help)->type_name(value)->check(not_empty());
}

// Options whose values go to the settings table under their own names.
void add(CLI::App& app, CommandLine& line, const std::string& key, const char* value, const char* help) {
  add(app, ("--" + key).c_str(), value, help, [&line, key](auto& text) { line.given[key] = {text}; });
}
void add_path(CLI::App& app, CommandLine& line, const std::string& key, const char* value, const char* help) {
  add(app, ("--" + key).c_str(), value, help,
      [&line, key](auto& path) { line.given[key] = {absolute_path(path)}; });
}
CLI::Option* add_list(CLI::App& app, CommandLine& line, const std::string& key, const char* value,
                      const char* help) {
  using List = std::vector<std::string>;
  return app
      .add_option_function<List>(
          "--" + key, [&line, key](const List& list) { line.given[key] = list; }, help)
      ->type_name(value)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void describe(CLI::App& app, CommandLine& line) {
  add_common_options(app);
  add(app, "--config", "FILE", "read options from FILE, see simsd.conf(5)",
      [&line](auto& path) { line.config = absolute_path(path); });
  add_list(app, line, "listen", "ADDR:PORT",
           "serve on this address, may be repeated; port 0: a free one\n"
           "(default: port 7467 of every address)");
  add_path(app, line, "state-dir", "DIR", "folder of the identity key and the accounts");
  add(app, line, "name", "NAME", "the server's own name (default: the host's)");
  add_list(app, line, "suites", "LIST", "cipher suites to accept, joined by commas (default: ecdhe,rsa)")
      ->delimiter(',');
  add(app, line, "registration", "open|closed", "whether new names may be registered (default: open)");
  add(app, line, "log-level", "LEVEL", "error, warning, notice, info or debug (default: info)");
  add(app, line, "log", "stderr|syslog", "where to log to (default: stderr)");
  add(app, line, "metrics-listen", "ADDR:PORT",
      "answer GET /metrics on this loopback address (default: none)");
  app.add_flag_callback(
      "--daemon", [&line] { line.given["daemon"] = {"true"}; },
      "go into the background once everything is open");
  add_path(app, line, "pid-file", "FILE", "write the process id to FILE while serving");
  add(app, line, "user", "NAME", "started by root: become this user once the ports are bound");
  app.add_flag_callback(
      "--no-confine", [&line] { line.given["confine"] = {"false"}; },
      "keep system calls that serving does not need");
  app.add_flag("--check-config", line.check_config,
               "check the options and the configuration file, then exit");
  app.add_flag("--print-id", line.print_id, "print the server's id (made if there is none), then exit");
}

// The user that root is to become, if there is one and we are not that one already.
Result<std::optional<User>> wanted_user(const Settings& settings) {
  std::optional<User> wanted;
  if (settings.user.empty()) return wanted;
  auto user = User::find(settings.user);
  if (!user) return fail(user.error());
  if (!user->is_us()) wanted = std::move(*user);
  return wanted;
}

// What is made in the state folder from now on is the user's.
Result<void> leave_root(const std::optional<User>& user, const Settings& settings) {
  if (!user) return {};
  if (geteuid() == 0)
    if (auto made = make_folder_for(*user, settings.state_dir); !made)
      return fail("state folder: " + made.error());
  return become(*user);
}

int print_id(const Settings& settings) {
  const auto user = wanted_user(settings);
  if (!user) return complain(user.error(), exit_failure);
  if (auto left = leave_root(*user, settings); !left) return complain(left.error(), exit_failure);
  auto identity = load_identity(settings.state_dir);
  if (!identity) return complain(identity.error(), exit_failure);
  const auto printed = print(proto::Id::of(identity->public_key()).str() + "\n");
  return printed ? exit_ok : complain(printed.error(), exit_failure);
}

// What only root may do, while it may: ports, pid file. The state folder is opened after that.
struct Opened {
  Sockets sockets;
  std::optional<PidFile> pid_file;
};

Result<void> write_pid_file(const Settings& settings, Opened& opened) {
  if (settings.pid_file.empty() || opened.pid_file) return {};
  auto written = PidFile::write(settings.pid_file);
  if (!written) return fail(written.error());
  opened.pid_file.emplace(std::move(*written));
  return {};
}

Result<Opened> open_as_root(const Settings& settings) {
  const auto user = wanted_user(settings);
  if (!user) return fail(user.error());
  auto sockets = open_sockets(settings.listen);
  if (!sockets) return fail(sockets.error());
  Opened opened{std::move(*sockets), {}};
  if (*user)
    if (auto written = write_pid_file(settings, opened); !written) return fail(written.error());
  if (auto left = leave_root(*user, settings); !left) return fail(left.error());
  return opened;
}

int serve_from(const CommandLine& line, const Settings& settings, std::optional<Detached>& detached) {
  forbid_new_privileges();
  auto opened = open_as_root(settings);
  if (!opened) return complain(opened.error(), exit_failure);
  auto state = StateFolder::open(settings.state_dir);
  if (!state) return complain(state.error(), exit_failure);
  const auto id = proto::Id::of(state->identity.public_key()).str();
  DaemonHooks hooks;
  hooks.reload = [&] { return reload_settings(line); };
  hooks.ready = [&](const std::string& addresses) -> Result<void> {
    if (auto written = write_pid_file(settings, *opened); !written) return written;
    static_cast<void>(std::fprintf(stderr, "simsd: ready on %s id %s\n", addresses.c_str(), id.c_str()));
    if (detached) detached->ready();
    return {};
  };
  auto served = serve(settings, *state, opened->sockets, hooks);
  return served ? exit_ok : complain(served.error(), exit_failure);
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  log::set_program("simsd");
  CommandLine line;
  CLI::App app("The SIMS relay: serves until SIGTERM. See simsd(8).", "simsd");
  describe(app, line);
  if (const auto status = parse_arguments(app, argc, argv)) return *status;
  const auto settings = load_settings(line);
  if (!settings) return complain(settings.error(), exit_usage);
  if (line.check_config) return exit_ok;
  log::set_level(settings->log_level);
  if (line.print_id) return print_id(*settings);
  std::optional<Detached> detached;
  if (settings->daemon) {
    auto begun = Detached::begin();
    if (!begun) return complain(begun.error(), exit_failure);
    detached.emplace(std::move(*begun));
  }
  log::set_sink(settings->log_sink);  // after begin(), which closes descriptors
  log::info("event=memory-lock what=\"{}\"", words_for(lock_memory()));
  const int code = serve_from(line, *settings, detached);
  if (detached) detached->fail(code);
  return code;
}
