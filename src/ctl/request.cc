// Parses durations, checks arguments, and writes the request as one JSON line.
#include "ctl/request.h"

#include <charconv>

#include "ctl/commands.h"
#include "proto/wire/json.h"

namespace sims::server {

namespace {

struct Unit {
  char letter;
  std::uint64_t seconds;
};
constexpr Unit units[] = {{'w', 7 * 86'400}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}};
constexpr std::uint64_t max_of_a_unit = 1'000'000'000;

}  // namespace

Result<std::uint64_t> parse_duration(std::string_view text) {
  const auto bad = [] { return fail("a time is a number with its unit, such as 90s, 1h30m, 2d or 1w"); };
  std::uint64_t total = 0;
  const Unit* before = nullptr;  // each unit at most once, larger ones first
  while (!text.empty()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || digits == text.size() || number > max_of_a_unit) return bad();
    const Unit* unit = before == nullptr ? std::begin(units) : before + 1;
    while (unit != std::end(units) && unit->letter != text[digits])
      ++unit;
    if (unit == std::end(units)) return bad();
    total += number * unit->seconds;
    before = unit;
    text.remove_prefix(digits + 1);
  }
  if (total == 0) return bad();
  return total;
}

Result<void> check_request(const CtlOptions& o) {
  const auto check = ctl_command(o.command).argument.check;
  return check == nullptr ? Result<void>() : check(o);
}

std::string request_line(const CtlOptions& o, std::string_view after) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object().field("do", o.command);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.field(key, value);
  };
  add("who", o.who);
  add("reason", o.reason);
  add("name", o.name);
  add("level", o.level);
  add("path", o.path);
  if (o.purge) json.key("purge").boolean(true);
  if (o.restored) json.key("restored").boolean(true);
  if (o.valid_s) json.field("for", *o.valid_s);
  if (!after.empty()) line += ",\"after\":" + std::string(after);
  json.end_object();
  return line + "\n";
}

}  // namespace sims::server
