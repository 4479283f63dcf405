// The rows of simsctl's commands: arguments, checks, and the columns of their output.
#include "ctl/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/text.h"
#include "os/log.h"
#include "proto/identity.h"
#include "server/admin/operations.h"

namespace sims::server {

namespace {

using proto::JsonValue;
using Cells = std::vector<std::string>;

// --- checks of arguments -----------------------------------------------------------------------------

Result<void> check_target(const CtlOptions& o) {
  const auto who = Target::parse(o.who);
  return who ? Result<void>() : fail(who.error());
}

Result<void> check_ban_target(const CtlOptions& o) {
  const auto who = Target::parse(o.who);
  TRY(who);
  if (!who->ban_kind()) return fail("a connection cannot be banned: say its id, name or address");
  return {};
}

Result<void> check_name(const CtlOptions& o) {
  if (proto::valid_name(o.name)) return {};
  return fail("NAME: a name is a letter a-z or a digit, then up to 31 of a-z0-9._-");
}

Result<void> check_mail(const CtlOptions& o) {
  if (o.restored && (o.purge || !o.who.empty()))
    return fail("--restored is for all mailboxes: it stands alone");
  if (o.restored) return {};
  if (o.who.empty()) return fail("say whose mailbox: an id or a name; or --restored");
  const auto who = Target::parse(o.who);
  TRY(who);
  if (who->kind != Target::Kind::id && who->kind != Target::Kind::name)
    return fail("a mailbox has an id or a name");
  return {};
}

Result<void> check_level(const CtlOptions& o) {
  if (log::parse_level(o.level)) return {};
  return fail("LEVEL: error, warning, notice, info or debug");
}

// --- output ------------------------------------------------------------------------------------------

std::string text_of(const JsonValue& value, std::string_view key) {
  const auto text = safe_text(value.get_string(key).value_or(""), Lines::fold);
  return text.empty() ? "-" : text;
}
std::uint64_t number_of(const JsonValue& value, std::string_view key) {
  return value.get_number(key).value_or(0);
}

Cells client_titles() {
  return {"CONN", "NAME", "ADDRESS", "SUITE", "SINCE", "FROM IT", "TO IT", "QUEUED", "ID"};
}

Cells client_cells(const JsonValue& row, const TimeWords& time) {
  return {std::to_string(number_of(row, "conn")),
          text_of(row, "name"),
          text_of(row, "address"),
          text_of(row, "suite"),
          time(number_of(row, "since")),
          std::to_string(number_of(row, "messages_in")),
          std::to_string(number_of(row, "messages_out")),
          std::to_string(number_of(row, "queued_bytes")),
          text_of(row, "id")};
}

std::string until_words(std::uint64_t until, const TimeWords& time) {
  return until == 0 ? "forever" : time(until);
}

Cells ban_titles() {
  return {"KIND", "VALUE", "SINCE", "UNTIL", "REASON"};
}

Cells ban_cells(const JsonValue& row, const TimeWords& time) {
  return {text_of(row, "kind"), text_of(row, "value"), time(number_of(row, "made")),
          until_words(number_of(row, "until"), time), text_of(row, "reason")};
}

Cells name_titles() {
  return {"NAME", "REGISTERED", "ID"};
}

Cells name_cells(const JsonValue& row, const TimeWords& time) {
  return {text_of(row, "name"), time(number_of(row, "registered")), text_of(row, "id")};
}

std::string oldest_words(std::uint64_t oldest, const TimeWords& time) {
  return oldest == 0 ? "" : ", the oldest since " + time(oldest);
}

std::string waiting_words(const JsonValue& s, const TimeWords& time) {
  return fmt::format("{} letters and {} receipts wait ({}){}; {} on disk", number_of(s, "mail_letters"),
                     number_of(s, "mail_receipts"), size_words(number_of(s, "mail_bytes")),
                     oldest_words(number_of(s, "mail_oldest"), time),
                     size_words(number_of(s, "mail_disk_bytes")));
}

// Counts and ages of a mailbox, never its content; or the number of what was removed.
std::string mail_words(const JsonValue& answer, const TimeWords& time) {
  if (const auto removed = answer.get_number("removed")) return fmt::format("removed: {}\n", *removed);
  if (const auto dropped = answer.get_number("dropped"))
    return fmt::format("prekeys dropped: {}\n", *dropped);
  std::string prekeys;
  const auto left = answer.get("prekeys");
  for (auto suite = left ? left->first() : std::nullopt; suite; suite = suite->next()) {
    const auto many = suite->get("many");
    prekeys += fmt::format("{}{}: {}{}", prekeys.empty() ? "" : ", ", safe_text(suite->key(), Lines::fold),
                           number_of(*suite, "once"),
                           many && many->boolean().value_or(false) ? " and one for many sessions" : "");
  }
  return aligned(
      {{"letters",
        fmt::format("{} from {} senders", number_of(answer, "letters"), number_of(answer, "senders"))},
       {"receipts", std::to_string(number_of(answer, "receipts"))},
       {"size", size_words(number_of(answer, "bytes")) + oldest_words(number_of(answer, "oldest"), time)},
       {"given so far", std::to_string(number_of(answer, "given"))},
       {"prekeys left", prekeys.empty() ? "none" : prekeys}});
}

std::string status_words(const JsonValue& s, const TimeWords& time) {
  const auto memory =
      fmt::format("{} (the configuration allows {})", size_words(number_of(s, "resident_bytes")),
                  size_words(number_of(s, "memory_bound_bytes")));
  const auto names = fmt::format("{} registered, registration {}, {} invitations", number_of(s, "accounts"),
                                 text_of(s, "registration"), number_of(s, "invitations"));
  const auto since =
      fmt::format("{} ({})", time(number_of(s, "started")), duration_words(number_of(s, "uptime_s")));
  return aligned(
      {{"version", text_of(s, "version")},
       {"id", text_of(s, "id")},
       {"name", text_of(s, "name")},
       {"addresses", text_of(s, "addresses")},
       {"state folder", text_of(s, "state_dir")},
       {"running since", since},
       {"connections", fmt::format("{}, {} logged in", number_of(s, "connections"), number_of(s, "online"))},
       {"names", names},
       {"mail", waiting_words(s, time)},
       {"mail refused", fmt::format("{} by full mailboxes; {} expired", number_of(s, "mail_full"),
                                    number_of(s, "mail_expired"))},
       {"prekeys", fmt::format("{} left", number_of(s, "prekeys"))},
       {"mail trouble",
        s.get_string("mail_trouble").value_or("").empty() ? "none" : text_of(s, "mail_trouble")},
       {"memory", memory},
       {"log level", text_of(s, "log_level")}});
}

// Adds one line for each number: the keys that lead to it, and the number.
void add_numbers(std::vector<Cells>& rows, const std::string& keys, const JsonValue& value) {
  if (const auto number = value.number()) rows.push_back({keys, std::to_string(*number)});
  for (auto member = value.is_object() ? value.first() : std::nullopt; member; member = member->next())
    add_numbers(rows, keys + (keys.empty() ? "" : " ") + safe_text(member->key(), Lines::fold), *member);
}

std::string stats_words(const JsonValue& answer, const TimeWords&) {
  std::vector<Cells> rows;
  add_numbers(rows, "", answer);
  return aligned(rows);
}

std::string metrics_words(const JsonValue& answer, const TimeWords&) {
  return safe_text(answer.get_string("text").value_or(""), Lines::keep);
}

std::string kick_words(const JsonValue& answer, const TimeWords&) {
  return fmt::format("disconnected: {}\n", number_of(answer, "kicked"));
}

std::string ban_words(const JsonValue& answer, const TimeWords& time) {
  const auto until = number_of(answer, "until");
  return fmt::format("banned: {} {}, {}{}\n", text_of(answer, "kind"), text_of(answer, "value"),
                     until == 0 ? "" : "until ", until_words(until, time));
}

std::string invite_words(const JsonValue& answer, const TimeWords&) {
  return text_of(answer, "code") + "\n";
}

// --- the table ---------------------------------------------------------------------------------------

constexpr const char* kick_who = "an id, a name, ADDRESS, ADDRESS/PREFIX or conn:N";
constexpr const char* mail_who = "the owner: an id or a name";
constexpr CtlCommand::Flag mail_flags[] = {
    {"--purge", "remove what waits in the mailbox", &CtlOptions::purge},
    {"--restored", "drop all prekeys, after an older mail.db was put back", &CtlOptions::restored}};
constexpr const char* ban_who = "an id, a name, ADDRESS or ADDRESS/PREFIX";

constexpr CtlCommand commands[] = {
    {.name = "status", .help = "print the state of the server", .words = status_words},
    {.name = "clients",
     .help = "print the connected clients",
     .titles = client_titles,
     .cells = client_cells},
    {.name = "names", .help = "print the registered names", .titles = name_titles, .cells = name_cells},
    {.name = "stats", .help = "print counters since the start, and gauges", .words = stats_words},
    {.name = "metrics", .help = "print the same in Prometheus' text format", .words = metrics_words},
    {.name = "kick",
     .help = "disconnect clients; they may connect again",
     .argument = {"WHO", kick_who, &CtlOptions::who, check_target},
     .words = kick_words},
    {.name = "ban",
     .help = "disconnect clients and refuse them from now on",
     .argument = {"WHO", ban_who, &CtlOptions::who, check_ban_target},
     .for_help = "how long, such as 1h30m, 2d or 1w (default: forever)",
     .has_reason = true,
     .words = ban_words},
    {.name = "unban",
     .help = "remove a ban",
     .argument = {"WHO", ban_who, &CtlOptions::who, check_ban_target}},
    {.name = "bans", .help = "print the bans", .titles = ban_titles, .cells = ban_cells},
    {.name = "invite",
     .help = "make a code that registers one name while registration is closed",
     .for_help = "how long it is valid (default: 1w)",
     .words = invite_words},
    {.name = "release",
     .help = "free a registered name: another key may register it",
     .argument = {"NAME", "the name", &CtlOptions::name, check_name}},
    {.name = "mail",
     .help = "print how much waits in a mailbox, and how old it is",
     .argument = {"WHO", mail_who, &CtlOptions::who, check_mail, false},
     .flags = mail_flags,
     .words = mail_words},
    {.name = "log-level",
     .help = "log more or less, until the next reload",
     .argument = {"LEVEL", "error, warning, notice, info or debug", &CtlOptions::level, check_level}},
    {.name = "reload", .help = "read the configuration again"},
    {.name = "backup",
     .help = "copy accounts and mailboxes to new files, while the server runs",
     .argument = {"FILE", "the new file; FILE.mail gets the mailboxes", &CtlOptions::path},
     .may_take_long = true},
};

}  // namespace

std::span<const CtlCommand> ctl_commands() {
  return commands;
}

const CtlCommand& ctl_command(std::string_view name) {
  const auto* row =
      std::find_if(std::begin(commands), std::end(commands), [&](const auto& c) { return c.name == name; });
  assert(row != std::end(commands));
  return *row;
}

}  // namespace sims::server
