#include "ctl/output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sims::server {

namespace {

using proto::JsonValue;
using proto::JsonWriter;
using Cells = std::vector<std::string>;

std::string text_of(const JsonValue& value, std::string_view key) {
  const auto text = safe_text(value.get_string(key).value_or(""), Lines::fold);
  return text.empty() ? "-" : text;
}
std::uint64_t number_of(const JsonValue& value, std::string_view key) {
  return value.get_number(key).value_or(0);
}

// Columns as wide as their widest cell, two spaces between; the last one, and the end of a line, unpadded.
std::string aligned(const std::vector<Cells>& rows) {
  std::vector<int> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(static_cast<std::size_t>(widths[i] - text_width(row[i]) + 2), ' ');
    }
    out += '\n';
  }
  return out;
}

Cells titles(std::string_view command) {
  if (command == "clients")
    return {"CONN", "NAME", "ADDRESS", "SUITE", "SINCE", "FROM IT", "TO IT", "QUEUED", "ID"};
  if (command == "bans") return {"KIND", "VALUE", "SINCE", "UNTIL", "REASON"};
  return {"NAME", "REGISTERED", "ID"};
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
  return until == 0 ? "for ever" : time(until);
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
       {"memory", memory},
       {"log level", text_of(s, "log_level")}});
}

// One line a number: the keys that lead to it, and it.
void add_numbers(std::vector<Cells>& rows, const std::string& keys, const JsonValue& value) {
  if (const auto number = value.number()) rows.push_back({keys, std::to_string(*number)});
  for (auto member = value.is_object() ? value.first() : std::nullopt; member; member = member->next())
    add_numbers(rows, keys + (keys.empty() ? "" : " ") + safe_text(member->key(), Lines::fold), *member);
}

void write(JsonWriter& json, const JsonValue& value, bool bare) {
  switch (value.kind()) {
    case JsonValue::Kind::string:
      json.value(*value.string());
      break;
    case JsonValue::Kind::number:
      json.value(*value.number());
      break;
    case JsonValue::Kind::boolean:
      json.boolean(*value.boolean());
      break;
    case JsonValue::Kind::object:
      json.begin_object();
      for (auto member = value.first(); member; member = member->next()) {
        if (bare && (member->key() == "ok" || member->key() == "next")) continue;
        json.key(member->key());
        write(json, *member, false);
      }
      json.end_object();
      break;
    default:  // no answer has an array or a null
      json.value("");
  }
}

}  // namespace

CtlTable::CtlTable(std::string_view command, TimeWords time)
    : command_(command), time_(std::move(time)), rows_{titles(command)} {}

void CtlTable::add(const JsonValue& row) {
  if (command_ == "clients")
    rows_.push_back(client_cells(row, time_));
  else if (command_ == "bans")
    rows_.push_back({text_of(row, "kind"), text_of(row, "value"), time_(number_of(row, "made")),
                     until_words(number_of(row, "until"), time_), text_of(row, "reason")});
  else
    rows_.push_back({text_of(row, "name"), time_(number_of(row, "registered")), text_of(row, "id")});
}

std::string CtlTable::str() const {
  return aligned(rows_);
}

std::string ctl_words(std::string_view command, const JsonValue& answer, const TimeWords& time) {
  if (command == "status") return status_words(answer, time);
  if (command == "metrics") return safe_text(answer.get_string("text").value_or(""), Lines::keep);
  if (command == "invite") return text_of(answer, "code") + "\n";
  if (command == "kick") return fmt::format("cut off: {}\n", number_of(answer, "kicked"));
  if (command == "ban")
    return fmt::format("banned: {} {}, {}{}\n", text_of(answer, "kind"), text_of(answer, "value"),
                       number_of(answer, "until") == 0 ? "" : "until ",
                       until_words(number_of(answer, "until"), time));
  if (command == "stats") {
    std::vector<Cells> rows;
    add_numbers(rows, "", answer);
    return aligned(rows);
  }
  return {};
}

std::string ctl_json(const JsonValue& value) {
  std::string out;
  JsonWriter json(out);
  write(json, value, true);
  return out + "\n";
}

std::string ctl_raw(const JsonValue& value) {
  std::string out;
  JsonWriter json(out);
  write(json, value, false);
  return out;
}

std::string duration_words(std::uint64_t seconds) {
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr Unit units[] = {{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}};
  std::string out;
  int shown = 0;
  for (const auto& unit : units) {
    const auto count = seconds / unit.seconds;
    seconds %= unit.seconds;
    if ((count == 0 && shown == 0 && unit.seconds != 1) || shown == 2) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : " ", count, unit.name);
    ++shown;
  }
  return out;
}

std::string size_words(std::uint64_t bytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto tenths = bytes * 10;
  while (tenths >= 10'240 && unit + 1 < std::size(units)) {
    tenths = (tenths + 512) / 1'024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} bytes", bytes);
  return fmt::format("{}.{} {}", tenths / 10, tenths % 10, units[unit]);
}

}  // namespace sims::server
