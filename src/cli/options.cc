// Parses the command line with CLI11 by the command table, and checks the values.
#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/command_table.h"
#include "cli/output.h"
#include "os/program.h"
#include "proto/identity.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

constexpr std::int64_t max_timeout_s = 31'536'000;
constexpr std::uint64_t max_count = 1'000'000'000;

void check_values(CLI::Option& option, OptionRow::Values values) {
  using Values = OptionRow::Values;
  switch (values) {
    case Values::any:
      return;
    case Values::filled:
      option.check(not_empty());
      return;
    case Values::suite: {
      std::vector<std::string> labels;
      for (const auto& suite : crypto::all_suites())
        labels.emplace_back(suite.label);
      option.check(CLI::IsMember(labels).description(""));
      return;
    }
    case Values::delivery:
      option.check(CLI::IsMember({"mailed", "delivered"}).description(""));
      return;
    case Values::seconds:
      option.check(CLI::Range(std::int64_t{0}, max_timeout_s).description(""));
      return;
    case Values::positive_seconds:
      option.check(CLI::Range(std::int64_t{1}, max_timeout_s).description(""));
      return;
    case Values::positive:
      option.check(CLI::Range(std::uint64_t{1}, max_count).description(""));
      return;
  }
}

CLI::Option* add(CLI::App& app, Given& given, const OptionRow& row) {
  const auto add_to = [&](auto place) {
    if constexpr (std::is_same_v<decltype(place), bool Given::*>)
      return app.add_flag(row.name, given.*place, row.help);
    else
      return app.add_option(row.name, given.*place, row.help);
  };
  auto* option = std::visit(add_to, row.place);
  if (!row.value.empty()) option->type_name(row.value);
  option->required(row.required);
  check_values(*option, row.values);
  return option;
}

void add(CLI::App& app, Given& given, Command& chosen, const CommandRow& row) {
  auto* sub = app.add_subcommand(row.name, row.help)->group("Commands");
  sub->fallthrough();  // the common options may follow the command
  sub->footer("The options of sims --help are valid here, too.");
  sub->callback([&chosen, &row] { chosen = row.command; });
  std::vector<CLI::Option*> alone;
  for (const auto& option : row.options) {
    auto* added = add(*sub, given, option);
    if (!option.alone) continue;
    for (auto* other : alone)
      other->excludes(added);
    alone.push_back(added);
  }
}

void describe(CLI::App& app, Given& given, Command& chosen) {
  add_common_options(app);
  for (const auto& option : common_options())
    add(app, given, option);
  app.require_subcommand(1);
  for (const auto& row : command_table())
    add(app, given, chosen, row);
  app.footer(
      fmt::format("Without --timeout all commands but listen and pipe give up after {} seconds.\n"
                  "sims COMMAND --help prints a command's options.",
                  default_timeout_s));
}

// The options of `command`, after the checks that CLI11 does not make.
Result<Options> complete(const Given& given, Command command) {
  if (!given.name.empty() && !proto::valid_name(given.name))
    return fail("--name: a name is a letter a-z or a digit, then up to 31 of a-z0-9._-");
  if (given.invite.size() > proto::max_invitation || !utf8_valid(given.invite))
    return fail("--invite: not an invitation");
  Options o;
  o.server = given.server;
  o.name = given.name;
  o.home = given.home;
  o.key_file = given.key_file;
  if (!given.suite.empty()) o.suites = {crypto::find_suite_by_label(given.suite)};
  o.invite = given.invite;
  o.accept_new = given.accept_new;
  o.keep_history = !given.no_history;
  o.command = command;
  o.json = given.json;
  o.target = given.target;
  if (given.text && (command == Command::history || *given.text != "-")) o.text = given.text;
  for (const auto& group : given.number)
    o.number += (o.number.empty() ? "" : " ") + group;
  o.wait_for = given.wait_for;
  o.count = given.count;
  o.file = given.file;
  if (given.status) o.change = Options::Change::none;
  if (given.remove) o.change = Options::Change::remove;
  if (!given.new_key_file.empty()) {
    o.change = Options::Change::key_file;
    o.file = given.new_key_file;
  }
  const bool endless = given.timeout_s == 0 && command == Command::listen;
  if (!endless) o.timeout_ms = (given.timeout_s == 0 ? default_timeout_s : given.timeout_s) * 1'000;
  o.wait_ms = given.wait_s * 1'000;
  if (command == Command::find && !proto::valid_name(o.target) && !proto::Id::shaped(o.target))
    return fail("NAME|ID: neither a name nor an id");
  if (command_row(command).takes_peer() && !proto::valid_name(o.target)) return fail("PEER: not a name");
  return o;
}

}  // namespace

std::variant<Options, int> parse_arguments(int argc, const char* const* argv) {
  Given given;
  Command command = Command::id;
  CLI::App app("Secure instant messaging for scripts. See sims(1).", "sims");
  describe(app, given, command);
  if (const auto unknown = unknown_command(app, argc, argv)) {
    tell(*unknown);
    return Exit::usage;
  }
  if (const auto status = sims::parse_arguments(app, argc, argv)) return *status;
  auto options = complete(given, command);
  if (options) return std::move(*options);
  tell(options.error());
  return Exit::usage;
}

}  // namespace sims::client::cli
