#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/output.h"
#include "os/program.h"
#include "proto/identity.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

constexpr std::int64_t default_timeout_s = 30;  // of all commands but listen and pipe
constexpr std::int64_t default_wait_s = 30;
constexpr std::int64_t max_timeout_s = 31'536'000;
constexpr std::uint64_t max_count = 1'000'000'000;

struct Raw {
  Options options;
  std::string suite;
  std::optional<std::string> text;
  std::vector<std::string> number;
  std::int64_t timeout_s = 0, wait_s = default_wait_s;
  bool no_history = false;
  std::string new_key_file;
  bool remove = false, status = false;
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
  app.add_option("--key-file", raw.options.key_file,
                 "open the store with this key file (default: SIMS_KEY_FILE)")
      ->type_name("FILE")
      ->check(not_empty());
  app.add_option("--invite", raw.options.invite,
                 "an invitation, for the first login to a server that requires one")
      ->type_name("CODE")
      ->check(not_empty());
  app.add_option("--wait", raw.wait_s, "wait for another program on this store (default: 30; 0: not at all)")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::int64_t{0}, max_timeout_s).description(""));
  app.add_flag("--accept-new", raw.options.accept_new,
               "accept an unknown key without asking, but never a changed one");
  app.add_flag("--no-history", raw.no_history, "do not keep messages after they were delivered or printed");
}

CLI::App* add_command(CLI::App& app, Raw& raw, const char* name, Command command, const char* help) {
  auto* sub = app.add_subcommand(name, help)->group("Commands");
  sub->fallthrough();  // the common options may follow the command
  sub->footer("The options of sims --help are valid here, too.");
  sub->callback([&raw, command] { raw.options.command = command; });
  return sub;
}

void add_timeout(CLI::App* sub, Raw& raw, const std::string& help) {
  sub->add_option("--timeout", raw.timeout_s, help)
      ->type_name("SECONDS")
      ->check(CLI::Range(std::int64_t{1}, max_timeout_s).description(""));
}

void add_peer(CLI::App* sub, Raw& raw, const char* help) {
  sub->add_option("PEER", raw.options.target, help)->required();
}

void add_json(CLI::App* sub, Raw& raw) {
  sub->add_flag("--json", raw.options.json, "one JSON object a line");
}

void add_talking(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  add_json(add_command(app, raw, "list", Command::list, "print the users that are online"), raw);
  auto* find = add_command(app, raw, "find", Command::find, "look up a registered user");
  find->add_option("NAME|ID", raw.options.target, "the user's name or id")->required();
  add_json(find, raw);
  auto* send =
      add_command(app, raw, "send", Command::send, "send one message; exit with 0 if it was delivered");
  add_peer(send, raw, "the receiver");
  send->add_option("TEXT", raw.text, "the message; none or -: standard input");
  add_timeout(send, raw, fmt::format("give up after this many seconds (default: {})", default_timeout_s));
  auto* listen = add_command(app, raw, "listen", Command::listen, "print messages as they come");
  add_json(listen, raw);
  listen->add_option("--count", o.count, "exit after this many messages (default: never)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, max_count).description(""));
  add_timeout(listen, raw, "exit after this many seconds (default: never)");
  auto* pipe =
      add_command(app, raw, "pipe", Command::pipe, "read requests, write answers and messages; for bots");
  pipe->add_flag("--json", o.json, "one JSON object a line, both ways")->required();
  add_timeout(
      pipe, raw,
      fmt::format("seconds to wait for each answer after the input ends (default: {})", default_timeout_s));
}

void add_people(CLI::App& app, Raw& raw) {
  add_command(app, raw, "peers", Command::peers, "print the names of the remembered peers");
  add_json(add_command(app, raw, "requests", Command::requests, "print open requests of strangers"), raw);
  add_peer(add_command(app, raw, "accept", Command::accept, "make a contact of a stranger"), raw,
           "the stranger");
  add_peer(add_command(app, raw, "decline", Command::decline, "forget a stranger and their messages"), raw,
           "the stranger");
  add_peer(add_command(app, raw, "block", Command::block, "drop all further messages of a peer"), raw,
           "the peer");
  add_peer(add_command(app, raw, "fingerprint", Command::fingerprint, "print a peer's id and safety number"),
           raw, "the peer");
  auto* verify =
      add_command(app, raw, "verify", Command::verify, "compare the safety number that a peer sees");
  add_peer(verify, raw, "the peer");
  verify->add_option("NUMBER", raw.number, "60 digits, or the QR code's text")->required();
  add_peer(add_command(app, raw, "resend", Command::resend, "send held messages to the peer's current key"),
           raw, "the peer");
  add_peer(add_command(app, raw, "discard", Command::discard, "drop messages held for a peer"), raw,
           "the peer");
  auto* forget = add_command(app, raw, "forget", Command::forget, "forget the key of a server or peer");
  forget->add_option("SERVER|PEER", raw.options.target, "the server or peer")->required();
}

void add_store(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  auto* history = add_command(app, raw, "history", Command::history, "print the history with a peer");
  add_peer(history, raw, "the peer");
  add_json(history, raw);
  history->add_option("--search", raw.text, "only messages with this text, in upper or lower case")
      ->type_name("WORDS");
  history->add_option("--limit", o.count, "only the newest N (default: all)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, max_count).description(""));
  auto* exported = add_command(app, raw, "export", Command::export_history, "write the history to a file");
  add_peer(exported, raw, "the peer");
  exported->add_option("FILE", o.file, "a new file; none: standard output")->check(not_empty());
  add_json(exported, raw);
  add_peer(add_command(app, raw, "erase", Command::erase, "erase the history with a peer"), raw, "the peer");
  auto* passphrase =
      add_command(app, raw, "passphrase", Command::passphrase, "set or change the store's passphrase");
  auto* by_file = passphrase->add_option("--new-key-file", raw.new_key_file,
                                         "let this file open the store; made if it is missing");
  by_file->type_name("FILE")->check(not_empty());
  auto* remove =
      passphrase->add_flag("--remove", raw.remove, "store the key in clear, so that the store needs neither");
  auto* status = passphrase->add_flag("--status", raw.status, "print how the store is opened, and exit");
  by_file->excludes(remove)->excludes(status);
  remove->excludes(status);
}

void add_commands(CLI::App& app, Raw& raw) {
  app.require_subcommand(1);
  add_command(app, raw, "id", Command::id, "print your own id");
  add_talking(app, raw);
  add_people(app, raw);
  add_store(app, raw);
  app.footer(
      fmt::format("Without --timeout all commands but listen and pipe give up after {} seconds.\n"
                  "sims COMMAND --help prints a command's options.",
                  default_timeout_s));
}

bool takes_peer(Command command) {
  switch (command) {
    case Command::id:
    case Command::list:
    case Command::listen:
    case Command::pipe:
    case Command::forget:  // SERVER or PEER
    case Command::find:    // NAME or ID
    case Command::peers:
    case Command::requests:
    case Command::passphrase:
      return false;
    default:
      return true;
  }
}

// The checks that CLI11 does not make. Returns the error, or an empty text.
std::string complete(Raw& raw) {
  Options& o = raw.options;
  if (!o.name.empty() && !proto::valid_name(o.name)) {
    return "--name: a name is a letter a-z or a digit, then up to 31 of a-z0-9._-";
  }
  if (o.invite.size() > proto::max_invitation || !utf8_valid(o.invite)) {
    return "--invite: not an invitation";
  }
  if (!raw.suite.empty()) o.suites = {crypto::find_suite_by_label(raw.suite)};
  if (raw.text && (o.command == Command::history || *raw.text != "-")) o.text = raw.text;
  o.keep_history = !raw.no_history;
  if (raw.status) o.change = Options::Change::none;
  if (raw.remove) o.change = Options::Change::remove;
  if (!raw.new_key_file.empty()) {
    o.change = Options::Change::key_file;
    o.file = raw.new_key_file;
  }
  for (const auto& group : raw.number)
    o.number += (o.number.empty() ? "" : " ") + group;
  if (raw.timeout_s == 0 && o.command != Command::listen) raw.timeout_s = default_timeout_s;
  o.wait_ms = raw.wait_s * 1'000;
  if (raw.timeout_s > 0) o.timeout_ms = raw.timeout_s * 1'000;
  if (o.command == Command::find && !proto::valid_name(o.target) && !proto::Id::shaped(o.target))
    return "NAME|ID: neither a name nor an id";
  if (takes_peer(o.command) && !proto::valid_name(o.target)) return "PEER: not a name";
  return "";
}

}  // namespace

std::variant<Options, int> parse_arguments(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("Secure instant messaging for scripts. See sims(1).", "sims");
  add_options(app, raw);
  add_commands(app, raw);
  if (const auto unknown = unknown_command(app, argc, argv)) {
    tell(*unknown);
    return Exit::usage;
  }
  if (const auto status = sims::parse_arguments(app, argc, argv)) return *status;
  if (std::string wrong = complete(raw); !wrong.empty()) {
    tell(wrong);
    return Exit::usage;
  }
  return std::move(raw.options);
}

}  // namespace sims::client::cli
