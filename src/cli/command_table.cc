// The rows of sims' commands and options, with their help texts.
#include "cli/command_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace sims::client::cli {

namespace {

using Values = OptionRow::Values;

std::string suite_labels() {
  std::string labels;
  for (const auto& suite : crypto::all_suites())
    labels += (labels.empty() ? "" : "|") + std::string(suite.label);
  return labels;
}

OptionRow peer(std::string help) {
  return {"PEER", "", std::move(help), &Given::target, Values::any, true};
}
OptionRow json() {
  return {"--json", "", "one JSON object a line", &Given::json};
}
OptionRow timeout(std::string help) {
  return {"--timeout", "SECONDS", std::move(help), &Given::timeout_s, Values::positive_seconds};
}

std::vector<OptionRow> make_common() {
  return {
      {"--server", "HOST[:PORT]", "the server (default: the one that sims-tui used last, else localhost)",
       &Given::server, Values::filled},
      {"--name", "NAME", "the name to log in with (default: what sims-tui used last, else USER)",
       &Given::name, Values::filled},
      {"--suite", suite_labels(), "offer only this cipher suite", &Given::suite, Values::suite},
      {"--home", "DIR", "keep everything in DIR instead of the XDG folders", &Given::home, Values::filled},
      {"--key-file", "FILE", "open the store with this key file (default: SIMS_KEY_FILE)", &Given::key_file,
       Values::filled},
      {"--invite", "CODE", "an invitation, for the first login to a server that requires one", &Given::invite,
       Values::filled},
      {"--wait", "SECONDS", "wait for another program on this store (default: 30; 0: not at all)",
       &Given::wait_s, Values::seconds},
      {"--accept-new", "", "accept an unknown key without asking, but never a changed one",
       &Given::accept_new},
      {"--no-history", "", "do not keep messages after they were delivered or printed", &Given::no_history},
  };
}

std::vector<CommandRow> make_table() {
  const auto send_timeout = fmt::format("give up after this many seconds (default: {})", default_timeout_s);
  const auto pipe_timeout =
      fmt::format("seconds to wait for each answer after the input ends (default: {})", default_timeout_s);
  return {
      {Command::id, "id", "print your own id", {}},
      {Command::list, "list", "print the users that are online", {json()}},
      {Command::find,
       "find",
       "look up a registered user",
       {{"NAME|ID", "", "the user's name or id", &Given::target, Values::any, true}, json()}},
      {Command::send,
       "send",
       "send one message; status 0: delivered, 10: the relay keeps it",
       {peer("the receiver"),
        {"TEXT", "", "the message; none or -: standard input", &Given::text},
        timeout(send_timeout),
        {"--wait-for", "STATE", "wait until it is delivered, or mailed (default): the relay keeps it",
         &Given::wait_for, Values::delivery}}},
      {Command::listen,
       "listen",
       "print messages as they come",
       {json(),
        {"--count", "N", "exit after this many messages (default: never)", &Given::count, Values::positive},
        timeout("exit after this many seconds (default: never)")}},
      {Command::pipe,
       "pipe",
       "read requests, write answers and messages; for bots",
       {{"--json", "", "one JSON object a line, both ways", &Given::json, Values::any, true},
        timeout(pipe_timeout)}},
      {Command::peers, "peers", "print the names of the remembered peers", {}},
      {Command::requests, "requests", "print open requests of strangers", {json()}},
      {Command::mail, "mail", "print the messages of ours that wait, and for whom", {json()}},
      {Command::accept, "accept", "make a contact of a stranger", {peer("the stranger")}},
      {Command::decline, "decline", "forget a stranger and their messages", {peer("the stranger")}},
      {Command::block, "block", "drop all further messages of a peer", {peer("the peer")}},
      {Command::fingerprint, "fingerprint", "print a peer's id and safety number", {peer("the peer")}},
      {Command::verify,
       "verify",
       "compare the safety number that a peer sees",
       {peer("the peer"),
        {"NUMBER", "", "60 digits, or the QR code's text", &Given::number, Values::any, true}}},
      {Command::resend, "resend", "send held messages to the peer's current key", {peer("the peer")}},
      {Command::discard, "discard", "drop messages held for a peer", {peer("the peer")}},
      {Command::forget,
       "forget",
       "forget the key of a server or peer",
       {{"SERVER|PEER", "", "the server or peer", &Given::target, Values::any, true}}},
      {Command::history,
       "history",
       "print the history with a peer",
       {peer("the peer"),
        json(),
        {"--search", "WORDS", "only messages with this text, in upper or lower case", &Given::text},
        {"--limit", "N", "only the newest N (default: all)", &Given::count, Values::positive}}},
      {Command::export_history,
       "export",
       "write the history to a file",
       {peer("the peer"),
        {"FILE", "", "a new file; none: standard output", &Given::file, Values::filled},
        json()}},
      {Command::erase, "erase", "erase the history with a peer", {peer("the peer")}},
      {Command::passphrase,
       "passphrase",
       "set or change the store's passphrase",
       {{"--new-key-file", "FILE", "let this file open the store; made if it is missing",
         &Given::new_key_file, Values::filled, false, true},
        {"--remove", "", "store the key in clear, so that the store needs neither", &Given::remove,
         Values::any, false, true},
        {"--status", "", "print how the store is opened, and exit", &Given::status, Values::any, false,
         true}}},
  };
}

}  // namespace

bool CommandRow::takes_peer() const {
  return std::ranges::find(options, "PEER", &OptionRow::name) != options.end();
}

std::span<const OptionRow> common_options() {
  static const auto options = make_common();
  return options;
}

std::span<const CommandRow> command_table() {
  static const auto table = make_table();
  return table;
}

const CommandRow& command_row(Command command) {
  const auto table = command_table();
  const auto row = std::ranges::find(table, command, &CommandRow::command);
  assert(row != table.end());
  return *row;
}

}  // namespace sims::client::cli
