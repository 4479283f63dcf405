// The table of simsd's options: for each the function that checks and stores its value.
#include "server/daemon/settings.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/endpoint.h"
#include "os/files.h"
#include "server/accounts/state_dir.h"
#include "server/daemon/metrics_socket.h"

namespace sims::server {

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t most_mail_days = 30;  // readers forget the session of a letter 32 days after its first

Result<void> set_listen(Settings& s, const std::vector<std::string>& list) {
  if (list.empty()) return fail("must name at least one address");
  for (const auto& text : list)
    if (auto at = Endpoint::parse(text, proto::default_port); !at)
      return fail("has a bad address \"" + escape_for_log(text) + "\": " + at.error());
  s.listen = list;
  return {};
}

Result<void> set_path(std::string& to, const std::string& path) {
  if (path.empty() || path[0] != '/') return fail("must be an absolute path");
  to = path;
  return {};
}

Result<void> set_suites(Settings& s, const std::vector<std::string>& names) {
  crypto::SuiteList list;
  for (const auto& name : names) {
    const auto* suite = crypto::find_suite_by_label(name);
    if (!suite) suite = crypto::find_suite(name);
    if (!suite) {
      std::string known;
      for (const auto& row : crypto::all_suites())
        known += (known.empty() ? "" : ", ") + std::string(row.label);
      return fail("has no suite \"" + escape_for_log(name) + "\"; there are: " + known);
    }
    if (std::find(list.begin(), list.end(), suite) == list.end()) list.push_back(suite);
  }
  if (list.empty()) return fail("must name at least one suite");
  s.policy.suites = list;
  return {};
}

ConfigSetter<std::int64_t> number(std::int64_t low, std::int64_t high,
                                  std::function<void(std::int64_t)> set) {
  return [low, high, set = std::move(set)](std::int64_t value) -> Result<void> {
    if (value < low || value > high) return fail(fmt::format("must be {} to {}", low, high));
    set(value);
    return {};
  };
}

std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

struct GivenValues {
  const std::vector<std::string>& values;
  Result<void> operator()(const ConfigSetter<std::string>& set) const { return set(values.front()); }
  Result<void> operator()(const ConfigSetter<std::vector<std::string>>& set) const { return set(values); }
  Result<void> operator()(const ConfigSetter<bool>& set) const { return set(values.front() == "true"); }
};

}  // namespace

std::string server_name_of(std::string_view host) {
  std::string name;
  for (char c : host.substr(0, proto::max_name)) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (name.empty() && !word) continue;
    name += word || c == '.' || c == '_' ? c : '-';
  }
  while (!name.empty() && (name.back() == '.' || name.back() == '-'))
    name.pop_back();
  return name.empty() ? "simsd" : name;
}

namespace {

Result<void> set_exempt(Limits& limits, const std::vector<std::string>& list) {
  std::vector<AddressRange> ranges;
  for (const auto& text : list) {
    const auto range = AddressRange::parse(text);
    if (!range) return fail("has \"" + escape_for_log(text) + "\", which " + range.error());
    ranges.push_back(*range);
  }
  limits.exempt = std::move(ranges);
  return {};
}

std::vector<ConfigOption> limits_table(Settings& s) {
  auto& limits = s.policy.limits;
  const auto size = [](std::size_t& to) {
    return [&to](std::int64_t v) { to = static_cast<std::size_t>(v); };
  };
  const auto seconds = [](std::int64_t& to) { return [&to](std::int64_t v) { to = v * 1'000; }; };
  const auto as_is = [](std::int64_t& to) { return [&to](std::int64_t v) { to = v; }; };
  constexpr std::int64_t million = 1'000'000, max_bytes = 1 << 30;
  return {
      {"limits.connections", number(1, million, size(limits.connections))},
      {"limits.connections-per-address", number(1, million, size(limits.connections_per_address))},
      {"limits.unauthenticated", number(1, million, size(limits.unauthenticated))},
      {"limits.unauthenticated-per-address", number(1, million, size(limits.unauthenticated_per_address))},
      {"limits.handshake-seconds",
       number(1, proto::handshake_deadline_ms / 1'000, seconds(limits.handshake_ms))},
      {"limits.handshakes", number(1, million, as_is(limits.handshakes.each))},
      {"limits.handshakes-burst", number(1, million, as_is(limits.handshakes.burst))},
      {"limits.handshakes-per-address", number(1, million, as_is(limits.handshakes_per_address.each))},
      {"limits.handshakes-per-address-burst", number(1, million, as_is(limits.handshakes_per_address.burst))},
      {"limits.rsa-handshakes-per-address",
       number(1, million,
              [&](std::int64_t value) {
                limits.rsa_handshakes_per_address = {value, value, 60'000};
              })},
      {"limits.logins-per-id", number(1, million, as_is(limits.logins.each))},
      {"limits.logins-per-id-burst", number(1, million, as_is(limits.logins.burst))},
      {"limits.registrations-per-address",
       number(1, million,
              [&limits](std::int64_t v) { limits.registrations.each = limits.registrations.burst = v; })},
      {"limits.penalty-seconds", number(0, day_s, seconds(limits.penalty_max_ms))},
      {"limits.exempt",
       ConfigSetter<std::vector<std::string>>([&limits](auto list) { return set_exempt(limits, list); })},
      {"limits.messages", number(1, million, as_is(limits.messages.each))},
      {"limits.messages-burst", number(1, 100 * million, as_is(limits.messages.burst))},
      {"limits.message-bytes", number(1'024, max_bytes, as_is(limits.message_bytes.each))},
      {"limits.message-bytes-burst",
       number(proto::max_frame, 100 * max_bytes, as_is(limits.message_bytes.burst))},
      {"limits.lists", number(1, million, as_is(limits.lists.each))},
      {"limits.lists-burst", number(1, million, as_is(limits.lists.burst))},
      {"limits.finds", number(1, million,
                              [&limits](std::int64_t value) {
                                limits.finds = {value, value, 60'000};
                              })},
      {"limits.unanswered-calls", number(1, 10'000, size(limits.unanswered_calls))},
      {"limits.prekey-requests", number(1, million, as_is(limits.prekey_requests.each))},
      {"limits.prekey-requests-burst", number(1, million, as_is(limits.prekey_requests.burst))},
      {"limits.prekey-uploads", number(1, million,
                                       [&limits](std::int64_t value) {
                                         limits.prekey_uploads = {value, value, 60'000};
                                       })},
      {"limits.prekeys-per-asker", number(1, 110, size(limits.mail.once_keys))},
      {"limits.mail-letters", number(1, million, size(limits.mail.owner_letters))},
      {"limits.mail-bytes", number(proto::max_forwarded, max_bytes, size(limits.mail.owner_bytes))},
      {"limits.mail-letters-per-sender", number(1, million, size(limits.mail.sender_letters))},
      {"limits.mail-bytes-per-sender",
       number(proto::max_forwarded, max_bytes, size(limits.mail.sender_bytes))},
      {"limits.mail-letters-of-newcomer", number(1, million, size(limits.mail.newcomer_letters))},
      {"limits.mail-receipts", number(1, million, size(limits.mail.owner_receipts))},
      {"limits.mail-receipts-per-sender", number(1, million, size(limits.mail.sender_receipts))},
      {"limits.mail-days",
       number(1, most_mail_days,
              [&limits](std::int64_t v) { limits.mail.days = static_cast<std::uint64_t>(v); })},
      {"limits.mail-bytes-total",
       number(1 << 20, 1'024 * max_bytes,
              [&limits](std::int64_t v) { limits.mail.total_bytes = static_cast<std::uint64_t>(v); })},
      {"limits.mail-queue-bytes", number(1 << 20, max_bytes, size(limits.mail.queued_bytes))},
      {"limits.queue-bytes", number(proto::max_frame, max_bytes, size(limits.queue_bytes))},
      {"limits.queue-bytes-total", number(1 << 20, 1'024 * max_bytes, size(limits.queue_bytes_total))},
      {"limits.stall-seconds", number(1, day_s, seconds(limits.stall_ms))},
      {"limits.ping-seconds", number(1, day_s, seconds(limits.ping_ms))},
      {"limits.rsa-keys", number(1, 1'000, size(s.rsa_keys))},
  };
}

}  // namespace

namespace {

using Text = ConfigSetter<std::string>;
using List = ConfigSetter<std::vector<std::string>>;
using Flag = ConfigSetter<bool>;
using Form = ServerOption::Form;

Result<void> set_name(Settings& s, const std::string& name) {
  if (!proto::valid_name(name)) return fail("must match [a-z0-9][a-z0-9._-]{0,31}");
  s.name = name;
  return {};
}

Result<void> set_registration(Settings& s, const std::string& word) {
  if (word != "open" && word != "closed") return fail("must be \"open\" or \"closed\"");
  s.policy.registration_open = word == "open";
  return {};
}

Result<void> set_log_level(Settings& s, const std::string& word) {
  const auto level = log::parse_level(word);
  if (!level) return fail("must be error, warning, notice, info or debug");
  s.log_level = *level;
  return {};
}

Result<void> set_log(Settings& s, const std::string& word) {
  if (word != "stderr" && word != "syslog") return fail("must be \"stderr\" or \"syslog\"");
  s.log_sink = word == "syslog" ? log::Sink::syslog : log::Sink::standard_error;
  return {};
}

Result<void> set_metrics_listen(Settings& s, const std::string& text) {
  const auto at = parse_metrics_address(text);
  TRY(at);
  s.metrics_listen = at->str();
  return {};
}

Result<void> set_user(Settings& s, const std::string& name) {
  if (name.empty()) return fail("must name a user");
  s.user = name;
  return {};
}

// A setter bound to the settings: of a text or list that is checked, of a path, of a flag.
template <class T, Result<void> (*set)(Settings&, const T&)>
OptionSetter checked(Settings& s) {
  return ConfigSetter<T>([&s](const T& value) { return set(s, value); });
}
template <std::string Settings::*member>
OptionSetter path(Settings& s) {
  return Text([&s](const std::string& value) { return set_path(s.*member, value); });
}
template <bool Settings::*member>
OptionSetter flag(Settings& s) {
  return Flag([&s](bool on) -> Result<void> {
    s.*member = on;
    return {};
  });
}
template <Result<void> (*set)(Settings&, const std::string&)>
constexpr auto text = checked<std::string, set>;
template <Result<void> (*set)(Settings&, const std::vector<std::string>&)>
constexpr auto list = checked<std::vector<std::string>, set>;

constexpr ServerOption options[] = {
    {"listen", Form::list, "ADDR:PORT",
     "serve on this address, may be repeated; port 0: a free one\n"
     "(default: port 7467 of every address)",
     list<set_listen>},
    {"state-dir", Form::path, "DIR", "folder of the identity key and the accounts",
     path<&Settings::state_dir>},
    {"name", Form::text, "NAME", "the server's own name (default: the host's)", text<set_name>},
    {"suites", Form::comma_list, "LIST", "cipher suites to accept, joined by commas (default: ecdhe,rsa)",
     list<set_suites>},
    {"registration", Form::text, "open|closed", "whether new names may be registered (default: open)",
     text<set_registration>},
    {"log-level", Form::text, "LEVEL", "error, warning, notice, info or debug (default: info)",
     text<set_log_level>},
    {"log", Form::text, "stderr|syslog", "where to log to (default: stderr)", text<set_log>},
    {"metrics-listen", Form::text, "ADDR:PORT",
     "answer GET /metrics on this loopback address (default: none)", text<set_metrics_listen>},
    {"daemon", Form::flag, "true", "go into the background once everything is open", flag<&Settings::daemon>},
    {"pid-file", Form::path, "FILE", "write the process id to FILE while serving", path<&Settings::pid_file>},
    {"user", Form::text, "NAME", "started by root: become this user once the ports are bound",
     text<set_user>},
    {"confine", Form::flag, "false", "keep system calls that serving does not need",
     flag<&Settings::confine>},
};

}  // namespace

std::string ServerOption::name() const {
  const bool off = form == Form::flag && std::string_view(value) == "false";
  return (off ? "--no-" : "--") + std::string(key);
}

std::span<const ServerOption> server_options() {
  return options;
}

std::vector<ConfigOption> settings_table(Settings& s) {
  std::vector<ConfigOption> table;
  for (const auto& option : options)
    table.push_back(
        {option.key, std::visit([](auto set) -> AnyConfigSetter { return set; }, option.setter(s))});
  auto limits = limits_table(s);
  std::move(limits.begin(), limits.end(), std::back_inserter(table));
  return table;
}

Result<Settings> load_settings(const CommandLine& line) {
  Settings settings;
  settings.name = server_name_of(host_name());
  settings.state_dir = default_state_dir();
  const auto table = settings_table(settings);
  if (!line.config.empty()) TRY(load_config(line.config, table));
  for (const auto& given : line.given) {
    const auto& key = given.first;
    const auto option =
        std::find_if(std::begin(options), std::end(options), [&](const auto& o) { return o.key == key; });
    if (auto done = std::visit(GivenValues{given.second}, option->setter(settings)); !done)
      return fail("--" + key + " " + done.error());
  }
  if (settings.state_dir.empty()) return fail("no home directory: give --state-dir");
  return settings;
}

Result<Settings> reload_settings(const CommandLine& line) {
  if (file_exists(line.config) && !file_size(line.config))
    return fail(line.config + ": not a regular file; simsd reads it only at the start");
  return load_settings(line);
}

}  // namespace sims::server
