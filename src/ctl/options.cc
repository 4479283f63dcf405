// Parses the command line of simsctl with CLI11 by the command table.
#include "ctl/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "ctl/commands.h"
#include "os/program.h"
#include "server/accounts/state_dir.h"

namespace sims::server {

namespace {

constexpr int usage = 2;

struct Raw {
  CtlOptions options;
  std::string state_dir, valid;
};

int complain(std::string_view what) {
  static_cast<void>(std::fprintf(stderr, "simsctl: %s\n", safe_text(what, Lines::fold).c_str()));
  return usage;
}

void add(CLI::App& app, Raw& raw, const CtlCommand& command) {
  auto* sub = app.add_subcommand(command.name, command.help)->group("Commands");
  sub->fallthrough();  // the common options may follow the command
  sub->footer("The options of simsctl --help may follow the command too.");
  sub->callback([&raw, &command] { raw.options.command = command.name; });
  if (const auto& argument = command.argument; argument.value != nullptr) {
    auto* added = sub->add_option(argument.name, raw.options.*argument.value, argument.help)
                      ->required(argument.required);
    if (argument.check == nullptr) added->check(not_empty());
  }
  for (const auto& flag : command.flags)
    sub->add_flag(flag.name, raw.options.*flag.value, flag.help);
  if (command.for_help != nullptr)
    sub->add_option("--for", raw.valid, command.for_help)->type_name("TIME")->check(not_empty());
  if (command.has_reason)
    sub->add_option("--reason", raw.options.reason, "for `simsctl bans`; clients are not told")
        ->type_name("WORDS");
}

void describe(CLI::App& app, Raw& raw) {
  add_common_options(app);
  app.add_option("--state-dir", raw.state_dir, "the server's state folder (default: simsd's own default)")
      ->type_name("DIR")
      ->check(not_empty());
  app.add_option("--socket", raw.options.socket, "its control socket (default: control in that folder)")
      ->type_name("PATH")
      ->check(not_empty());
  app.add_flag("--json", raw.options.json, "print JSON, one object a line");
  app.require_subcommand(1);
  for (const auto& command : ctl_commands())
    add(app, raw, command);
  app.footer("simsctl COMMAND --help prints the options of a command.");
}

// Fills in defaults and checks the values that CLI11 does not check.
Result<void> complete(Raw& raw) {
  auto& o = raw.options;
  if (!raw.valid.empty()) {
    const auto valid_s = parse_duration(raw.valid);
    if (!valid_s) return fail("--for: " + valid_s.error());
    o.valid_s = *valid_s;
  }
  if (!o.path.empty()) o.path = absolute_path(o.path);
  if (o.socket.empty()) {
    const auto folder = raw.state_dir.empty() ? default_state_dir() : absolute_path(raw.state_dir);
    if (folder.empty()) return fail("no home directory: give --state-dir");
    o.socket = folder + "/control";
  }
  return check_request(o);
}

}  // namespace

std::variant<CtlOptions, int> parse_ctl_arguments(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("Monitor and control a running simsd. See simsctl(8).", "simsctl");
  describe(app, raw);
  if (const auto unknown = unknown_command(app, argc, argv)) return complain(*unknown);
  if (const auto status = parse_arguments(app, argc, argv)) return *status;
  if (const auto checked = complete(raw); !checked) return complain(checked.error());
  return std::move(raw.options);
}

}  // namespace sims::server
