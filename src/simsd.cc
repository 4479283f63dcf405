// simsd(8): the SIMS relay. Arguments, privileges, state folder, daemonizing; server/daemon does
// the serving.
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

void add_option(CLI::App& app, CommandLine& line, const ServerOption& option) {
  using Form = ServerOption::Form;
  using List = std::vector<std::string>;
  const std::string key(option.key);
  const auto give = [&line, key](const List& values) { line.given[key] = values; };
  if (option.form == Form::flag) {
    app.add_flag_callback(
        option.name(), [give, value = option.value] { give({value}); }, option.help);
  } else if (option.form == Form::list || option.form == Form::comma_list) {
    auto* added = app.add_option_function<List>(option.name(), give, option.help)
                      ->type_name(option.value)
                      ->expected(1)
                      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (option.form == Form::comma_list) added->delimiter(',');
  } else {
    const bool path = option.form == Form::path;
    app.add_option_function<std::string>(
           option.name(),
           [give, path](const std::string& text) { give({path ? absolute_path(text) : text}); }, option.help)
        ->type_name(option.value)
        ->check(not_empty());
  }
}

void describe(CLI::App& app, CommandLine& line) {
  add_common_options(app);
  app.add_option_function<std::string>(
         "--config", [&line](const std::string& path) { line.config = absolute_path(path); },
         "read options from FILE, see simsd.conf(5)")
      ->type_name("FILE")
      ->check(not_empty());
  for (const auto& option : server_options())
    add_option(app, line, option);
  app.add_flag("--check-config", line.check_config,
               "check the options and the configuration file, then exit");
  app.add_flag("--print-id", line.print_id, "print the server's id (made if there is none), then exit");
}

// The user to become: nullopt if none is configured, or if the process runs as that user already.
Result<std::optional<User>> wanted_user(const Settings& settings) {
  std::optional<User> wanted;
  if (settings.user.empty()) return wanted;
  auto user = User::find(settings.user);
  TRY(user);
  if (!user->is_us()) wanted = std::move(*user);
  return wanted;
}

// Becomes the user, who then owns everything made in the state folder.
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

// Resources that only root may be able to open: ports and pid file. The state folder is opened as
// the user.
struct Opened {
  Sockets sockets;
  std::optional<PidFile> pid_file;
};

Result<void> write_pid_file(const Settings& settings, Opened& opened) {
  if (settings.pid_file.empty() || opened.pid_file) return {};
  auto written = PidFile::write(settings.pid_file);
  TRY(written);
  opened.pid_file.emplace(std::move(*written));
  return {};
}

Result<Opened> open_as_root(const Settings& settings) {
  const auto user = wanted_user(settings);
  TRY(user);
  auto sockets = open_sockets(settings.listen);
  TRY(sockets);
  Opened opened{std::move(*sockets), {}};
  if (*user) TRY(write_pid_file(settings, opened));
  TRY(leave_root(*user, settings));
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
  CLI::App app("The SIMS relay. Serves until SIGTERM. See simsd(8).", "simsd");
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
