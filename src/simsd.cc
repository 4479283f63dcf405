// simsd(8): the SIMS relay. Arguments, state folder, the way into the background; the serving is
// server/daemon's.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>

#include "base/process.h"
#include "base/version.h"
#include "server/daemon.h"
#include "server/detach.h"

namespace {

using namespace sims;
using namespace sims::server;

enum Exit { exit_ok = 0, exit_failure = 1, exit_usage = 2 };

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "simsd: %s\n", what.c_str());
  return code;
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::absolute(path, ignored);
  return ignored ? path : full.lexically_normal().string();
}

// Adds an option whose value goes to the settings table under its own name.
void add(CLI::App& app, CommandLine& line, const std::string& key, const char* value, const char* help) {
  app.add_option_function<std::string>(
         "--" + key, [&line, key](const std::string& text) { line.given[key] = {text}; }, help)
      ->type_name(value);
}

void describe(CLI::App& app, CommandLine& line) {
  app.set_help_flag("--help", "show this help and exit");
  std::string version = version_text("simsd");
  version.pop_back();  // CLI11 ends the line itself
  app.set_version_flag("--version", version, "show the version and exit");
  app.add_option_function<std::string>(
         "--config", [&line](const std::string& path) { line.config = absolute(path); },
         "read options from FILE, see simsd.conf(5)")
      ->type_name("FILE");
  app.add_option_function<std::vector<std::string>>(
         "--listen", [&line](const std::vector<std::string>& list) { line.given["listen"] = list; },
         "serve on this address, may be repeated; port 0: a free one (default: port 7467 of every address)")
      ->type_name("ADDR:PORT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option_function<std::string>(
         "--state-dir", [&line](const std::string& path) { line.given["state-dir"] = {absolute(path)}; },
         "folder of the identity key and the accounts")
      ->type_name("DIR");
  add(app, line, "name", "NAME", "the server's own name (default: the host's)");
  app.add_option_function<std::vector<std::string>>(
         "--suites", [&line](const std::vector<std::string>& list) { line.given["suites"] = list; },
         "cipher suites to accept, best first, joined by commas: ecdhe,rsa")
      ->type_name("LIST")
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add(app, line, "registration", "open|closed", "whether new names may be registered (default: open)");
  add(app, line, "log-level", "LEVEL", "error, warning, notice, info or debug (default: info)");
  app.add_flag_callback(
      "--daemon", [&line] { line.given["daemon"] = {"true"}; },
      "go into the background once everything is open");
  app.add_option_function<std::string>(
         "--pid-file", [&line](const std::string& path) { line.given["pid-file"] = {absolute(path)}; },
         "write the process id to FILE while serving")
      ->type_name("FILE");
  app.add_flag("--check-config", line.check_config,
               "check the options and the configuration file, then exit");
  app.add_flag("--print-id", line.print_id, "print the server's id (made if there is none), then exit");
}

int print_id(const Settings& settings) {
  auto identity = load_identity(settings.state_dir);
  if (!identity) return complain(identity.error(), exit_failure);
  std::printf("%s\n", proto::Id::of(identity->public_key()).str().c_str());
  return exit_ok;
}

int serve_from(const CommandLine& line, const Settings& settings, std::optional<Detached>& detached) {
  auto state = StateFolder::open(settings.state_dir);
  if (!state) return complain(state.error(), exit_failure);
  const auto id = proto::Id::of(state->identity.public_key()).str();
  std::optional<PidFile> pid_file;
  DaemonHooks hooks;
  hooks.reload = [&] { return load_settings(line); };
  hooks.ready = [&](const std::string& addresses) -> Result<void> {
    if (!settings.pid_file.empty()) {
      auto written = PidFile::write(settings.pid_file);
      if (!written) return fail(written.error());
      pid_file.emplace(std::move(*written));
    }
    std::fprintf(stderr, "simsd: ready on %s id %s\n", addresses.c_str(), id.c_str());
    if (detached) detached->ready();
    return {};
  };
  auto served = serve(settings, *state, hooks);
  return served ? exit_ok : complain(served.error(), exit_failure);
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  log::set_program("simsd");
  CommandLine line;
  CLI::App app{"simsd, the SIMS relay: serves until SIGTERM. See simsd(8)."};
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
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
  const int code = serve_from(line, *settings, detached);
  if (detached) detached->fail(code);
  return code;
}
