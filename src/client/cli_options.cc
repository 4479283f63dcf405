#include "client/cli_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/program.h"
#include "client/cli_output.h"
#include "proto/identity.h"

namespace sims::client::cli {

namespace {

constexpr std::int64_t default_timeout_s = 30;  // of everything but listen
constexpr std::int64_t max_timeout_s = 31'536'000;
constexpr std::uint64_t max_count = 1'000'000'000;

struct Raw {
  Options options;
  std::string suite;
  std::optional<std::string> text;
  std::vector<std::string> number;
  std::int64_t timeout_s = 0;
};

void add_options(CLI::App& app, Raw& raw) {
  add_common_options(app);
  app.add_option("--server", raw.options.server,
                 "the server (default: the one that sims-tui used last, else localhost)")
      ->type_name("HOST[:PORT]")
      ->check(not_empty());
  app.add_option("--name", raw.options.name,
                 "the name to log in with (default: what sims-tui used last, else USER)")
      ->type_name("NAME")
      ->check(not_empty());
  std::vector<std::string> labels;
  for (const auto& suite : crypto::all_suites())
    labels.emplace_back(suite.label);
  app.add_option("--suite", raw.suite, "offer only this cipher suite")
      ->type_name(CLI::detail::join(labels, "|"))
      ->check(CLI::IsMember(labels).description(""));
  app.add_option("--home", raw.options.home, "keep everything in DIR instead of the XDG folders")
      ->type_name("DIR")
      ->check(not_empty());
  app.add_flag("--accept-new", raw.options.accept_new,
               "take a first-seen key without asking, never a changed one");
}

CLI::App* add_command(CLI::App& app, Raw& raw, const char* name, Command command, const char* help) {
  auto* sub = app.add_subcommand(name, help)->group("Commands");
  sub->fallthrough();  // the common options may follow the command
  sub->footer("The options of sims --help may follow, too.");
  sub->callback([&raw, command] { raw.options.command = command; });
  return sub;
}

void add_timeout(CLI::App* sub, Raw& raw, const std::string& help) {
  sub->add_option("--timeout", raw.timeout_s, help)
      ->type_name("SECONDS")
      ->check(CLI::Range(std::int64_t{1}, max_timeout_s).description(""));
}

void add_commands(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.require_subcommand(1);
  add_command(app, raw, "id", Command::id, "print the own id");
  auto* list = add_command(app, raw, "list", Command::list, "print who is online");
  list->add_flag("--json", o.json, "one JSON object a line");
  auto* send =
      add_command(app, raw, "send", Command::send, "send one message; exit status 0: it was delivered");
  send->add_option("PEER", o.target, "to whom")->required();
  send->add_option("TEXT", raw.text, "the message; none or -: standard input");
  add_timeout(send, raw, fmt::format("give up after so many seconds (default: {})", default_timeout_s));
  auto* listen = add_command(app, raw, "listen", Command::listen, "print messages as they come");
  listen->add_flag("--json", o.json, "one JSON object a line");
  listen->add_option("--count", o.count, "end after so many messages (default: never)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, max_count).description(""));
  add_timeout(listen, raw, "end after so many seconds (default: never)");
  auto* fingerprint =
      add_command(app, raw, "fingerprint", Command::fingerprint, "print a peer's id and safety number");
  fingerprint->add_option("PEER", o.target, "whose")->required();
  auto* verify =
      add_command(app, raw, "verify", Command::verify, "compare the safety number that a peer sees");
  verify->add_option("PEER", o.target, "who")->required();
  verify->add_option("NUMBER", raw.number, "60 digits, or the QR code's text")->required();
  auto* forget = add_command(app, raw, "forget", Command::forget, "forget the key of a server or peer");
  forget->add_option("SERVER|PEER", o.target, "whose")->required();
  app.footer(fmt::format(
      "Without --timeout all but listen give up after {} seconds.\nsims COMMAND --help tells the rest.",
      default_timeout_s));
}

// What CLI11 does not check; the words for what is wrong, or none.
std::string complete(Raw& raw) {
  Options& o = raw.options;
  if (!o.name.empty() && !proto::valid_name(o.name)) {
    return "--name: a name is a letter a-z or a digit, then up to 31 of a-z0-9._-";
  }
  if (!raw.suite.empty()) o.suites = {crypto::find_suite_by_label(raw.suite)};
  if (o.command == Command::send && raw.text && *raw.text != "-") o.text = raw.text;
  for (const auto& group : raw.number)
    o.number += (o.number.empty() ? "" : " ") + group;
  if (raw.timeout_s == 0 && o.command != Command::listen) raw.timeout_s = default_timeout_s;
  if (raw.timeout_s > 0) o.timeout_ms = raw.timeout_s * 1'000;
  bool peer = o.command == Command::send || o.command == Command::fingerprint || o.command == Command::verify;
  if (peer && !proto::valid_name(o.target)) return "PEER: not a name";
  return "";
}

}  // namespace

std::variant<Options, int> parse_arguments(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("Secure instant messaging for scripts. See sims(1).", "sims");
  add_options(app, raw);
  add_commands(app, raw);
  if (const auto status = sims::parse_arguments(app, argc, argv)) return *status;
  if (std::string wrong = complete(raw); !wrong.empty()) {
    tell(wrong);
    return Exit::usage;
  }
  return std::move(raw.options);
}

}  // namespace sims::client::cli
