// Formats rows as an aligned table, answers as JSON, and durations and sizes as words.
#include "ctl/output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ctl/commands.h"

namespace sims::server {

namespace {

using proto::JsonValue;
using proto::JsonWriter;

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

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
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

CtlTable::CtlTable(const CtlCommand& command, TimeWords time)
    : command_(command), time_(std::move(time)), rows_{command.titles()} {}

void CtlTable::add(const JsonValue& row) {
  rows_.push_back(command_.cells(row, time_));
}

std::string CtlTable::str() const {
  return aligned(rows_);
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
