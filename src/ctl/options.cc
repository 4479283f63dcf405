#include "ctl/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
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

CLI::App* add(CLI::App& app, Raw& raw, const char* name, const char* help) {
  auto* sub = app.add_subcommand(name, help)->group("Commands");
  sub->fallthrough();  // the common options may follow the command
  sub->footer("The options of simsctl --help may follow, too.");
  sub->callback([&raw, name] { raw.options.command = name; });
  return sub;
}

void add_for(CLI::App* sub, Raw& raw, const char* help) {
  sub->add_option("--for", raw.valid, help)->type_name("TIME")->check(not_empty());
}

void add_looking(CLI::App& app, Raw& raw) {
  add(app, raw, "status", "print how the server is");
  add(app, raw, "clients", "print who is connected");
  add(app, raw, "names", "print the registered names");
  add(app, raw, "stats", "print what was counted since the start");
  add(app, raw, "metrics", "print the same in Prometheus' text format");
}

void add_people(CLI::App& app, Raw& raw) {
  const auto add_who = [&](CLI::App* sub) {
    sub->add_option("WHO", raw.options.who, "an id, a name, ADDRESS or ADDRESS/PREFIX")->required();
  };
  auto* kick = add(app, raw, "kick", "cut off clients, who may come again");
  kick->add_option("WHO", raw.options.who, "an id, a name, ADDRESS, ADDRESS/PREFIX or conn:N")->required();
  auto* ban = add(app, raw, "ban", "cut off clients and refuse them from now on");
  add_who(ban);
  add_for(ban, raw, "until then, such as 1h30m, 2d or 1w (default: for ever)");
  ban->add_option("--reason", raw.options.reason, "for `simsctl bans`; clients are not told")
      ->type_name("WORDS");
  add_who(add(app, raw, "unban", "refuse them no longer"));
  add(app, raw, "bans", "print who is banned");
  add_for(add(app, raw, "invite", "make a code that registers one name while registration is closed"), raw,
          "how long it holds (default: 1w)");
  auto* release = add(app, raw, "release", "free a registered name: another key may register it");
  release->add_option("NAME", raw.options.name, "the name")->required();
}

void add_server(CLI::App& app, Raw& raw) {
  add(app, raw, "log-level", "log more or less, until the next reload")
      ->add_option("LEVEL", raw.options.level, "error, warning, notice, info or debug")
      ->required();
  add(app, raw, "reload", "read the configuration again");
  add(app, raw, "backup", "copy the accounts to a new file, while the server runs")
      ->add_option("FILE", raw.options.path, "the new file")
      ->required()
      ->check(not_empty());
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
  add_looking(app, raw);
  add_people(app, raw);
  add_server(app, raw);
  app.footer("simsctl COMMAND --help tells the rest.");
}

// What CLI11 does not check, and the defaults.
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
  CLI::App app("Asks and tells a running simsd. See simsctl(8).", "simsctl");
  describe(app, raw);
  if (const auto unknown = unknown_command(app, argc, argv)) return complain(*unknown);
  if (const auto status = parse_arguments(app, argc, argv)) return *status;
  if (const auto checked = complete(raw); !checked) return complain(checked.error());
  return std::move(raw.options);
}

}  // namespace sims::server
