// The table of metrics, each with name, help text and value, and its two output formats.
#include "server/admin/metrics.h"

#include <fmt/format.h>

#include "crypto/suite.h"

namespace sims::server {

namespace {

enum class Kind { counter, gauge, histogram };

struct Sample {
  std::uint64_t value;
  std::string_view label = {}, second = {};  // their values
};

struct Family {
  std::string_view name, help;
  Kind kind;
  std::vector<Sample> samples = {};
  std::string_view label = {}, second = {};  // their names
  const Histogram* histogram = nullptr;
};

std::vector<Sample> refusals(const Stats& s) {
  std::vector<Sample> all;
  for (std::size_t i = 0; i < refusal_names.size(); ++i)
    all.push_back({s.refused[i], refusal_names[i]});
  return all;
}

std::vector<Sample> handshakes(const Stats& s) {
  std::vector<Sample> all;
  const auto suites = crypto::all_suites();
  for (std::size_t i = 0; i < s.handshakes.size(); ++i) {
    const auto suite = i < suites.size() ? suites[i].label : "none";
    const auto& h = s.handshakes[i];
    if (i < suites.size()) all.push_back({h.done, suite, "done"});
    all.push_back({h.refused, suite, "refused"});
    all.push_back({h.failed, suite, "failed"});
    all.push_back({h.timed_out, suite, "timed-out"});
    all.push_back({h.left, suite, "left"});
  }
  return all;
}

void add_counters(std::vector<Family>& to, const Stats& s, const Status& status) {
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    to.push_back({name, help, Kind::counter, {{value}}});
  };
  add("sims_connections_opened_total", "Connections accepted.", s.opened);
  to.push_back({"sims_refused_total", "Connections, logins and messages refused.", Kind::counter, refusals(s),
                "reason"});
  to.push_back({"sims_handshakes_total", "Handshakes that ended, by suite (none: before one was chosen).",
                Kind::counter, handshakes(s), "suite", "outcome"});
  add("sims_registrations_total", "Names registered.", s.registrations);
  add("sims_messages_total", "Messages passed on.", s.messages);
  add("sims_message_bytes_total", "Bytes of the messages passed on.", s.message_bytes);
  add("sims_received_bytes_total", "Bytes read from clients.", s.bytes_in);
  add("sims_sent_bytes_total", "Bytes written to clients.", s.bytes_out);
  add("sims_faults_total", "Connections ended by a client's fault.", s.faults);
  add("sims_slow_readers_total", "Clients cut off because they read too slowly.", s.slow_readers);
  add("sims_silent_total", "Clients cut off because nothing was heard of them.", s.idle_cut);
  const auto& mail = status.mail;
  add("sims_mail_stored_total", "Letters and receipts stored for their owners.", mail.stored);
  add("sims_mail_given_total", "Letters and receipts that their owners have acked.", mail.struck);
  add("sims_mail_expired_total", "Letters and receipts that nobody fetched in time.", mail.expired);
  add("sims_mail_full_total", "Letters refused by a bound of a mailbox.", mail.full);
  add("sims_mail_dropped_receipts_total", "Receipts dropped by a bound.", mail.dropped_receipts);
  add("sims_mail_failed_total", "Letters and receipts that the disk did not take.", mail.failed);
  add("sims_mail_commits_total", "Transactions of mail.db.", mail.commits);
  add("sims_accept_pauses_total", "Pauses in accepting, for want of descriptors.", s.accept_pauses);
}

void add_gauges(std::vector<Family>& to, const Stats& s, const Status& status) {
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    to.push_back({name, help, Kind::gauge, {{value}}});
  };
  add("sims_connections", "Connections now.", s.connections);
  add("sims_online", "Clients logged in.", s.online);
  add("sims_unauthenticated", "Connections that have not logged in.", s.unauthenticated);
  add("sims_accounts", "Names registered in all.", status.accounts);
  add("sims_held_bytes", "Bytes of messages that are not whole yet.", s.partial_bytes);
  add("sims_queued_bytes", "Bytes that wait for clients to read them.", s.queued_bytes);
  add("sims_queued_most_bytes", "The most that waited for one client since the last reading.",
      s.max_queued_bytes);
  add("sims_addresses", "Addresses remembered, with counts, budgets and penalties.", s.addresses);
  to.push_back({"sims_keys_ready",
                "Ephemeral keys made ahead.",
                Kind::gauge,
                {{s.p384_keys, "p384"}, {s.rsa_keys, "rsa"}},
                "kind"});
  const auto& mail = status.mail;
  to.push_back({"sims_mail_waiting",
                "Items that wait for their owners.",
                Kind::gauge,
                {{mail.letters, "letters"}, {mail.receipts, "receipts"}},
                "kind"});
  add("sims_mail_waiting_bytes", "Bytes of these.", mail.bytes);
  add("sims_mail_oldest_timestamp_seconds",
      "When the oldest of these came, in seconds since 1970; 0: none waits.", mail.oldest_unix_s);
  add("sims_mail_unwritten", "Letters and receipts that wait for the disk.", mail.waiting_puts);
  add("sims_mail_unwritten_bytes", "Bytes of these.", mail.waiting_put_bytes);
  add("sims_mail_disk_bytes", "Bytes of mail.db and its log.", mail.disk_bytes);
  add("sims_mail_trouble", "1: letters are refused or mailboxes wait; simsctl status says why.",
      mail.trouble.empty() ? 0 : 1);
  add("sims_prekeys", "Prekeys for one session each that are left, of all owners.", mail.prekeys);
  add("sims_memory_bound_bytes", "Bytes of memory that the configuration allows.", status.memory_bound);
  add("process_resident_memory_bytes", "Resident memory.", status.resident);
  add("process_start_time_seconds", "Start, in seconds since 1970.", status.started_unix_s);
}

std::vector<Family> families(const Stats& s, const Status& status) {
  std::vector<Family> all;
  add_counters(all, s, status);
  add_gauges(all, s, status);
  all.push_back({"sims_hop_seconds",
                 "A message from the read of its bytes to their write.",
                 Kind::histogram,
                 {},
                 {},
                 {},
                 &s.hop});
  all.push_back({"sims_loop_lag_seconds",
                 "How much later than asked for a timer came.",
                 Kind::histogram,
                 {},
                 {},
                 {},
                 &s.loop_lag});
  return all;
}

std::string seconds(std::uint64_t us) {
  auto text = fmt::format("{}.{:06}", us / 1'000'000, us % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text + '0' : text;
}

// A label's value: backslash, double quote and line end must be escaped.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

void add_samples(std::string& out, const Family& f) {
  for (const auto& sample : f.samples) {
    out += f.name;
    if (!f.label.empty()) {
      out += fmt::format("{{{}={}", f.label, quoted(sample.label));
      if (!f.second.empty()) out += fmt::format(",{}={}", f.second, quoted(sample.second));
      out += '}';
    }
    out += fmt::format(" {}\n", sample.value);
  }
}

void add_histogram(std::string& out, std::string_view name, const Histogram& h) {
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < h.bounds_us.size(); ++i) {
    so_far += h.counts[i];
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, seconds(h.bounds_us[i]), so_far);
  }
  out += fmt::format("{}_bucket{{le=\"+Inf\"}} {}\n{}_sum {}\n{}_count {}\n", name, h.count, name,
                     seconds(h.sum_us), name, h.count);
}

void write_histogram(proto::JsonWriter& json, const Histogram& h) {
  json.begin_object().field("count", h.count).field("sum_us", h.sum_us).key("up_to_us").begin_object();
  for (std::size_t i = 0; i < h.bounds_us.size(); ++i)
    json.field(std::to_string(h.bounds_us[i]), h.counts[i]);
  json.field("more", h.counts.back()).end_object().end_object();
}

void write_samples(proto::JsonWriter& json, const Family& f) {
  if (f.label.empty()) {
    json.value(f.samples.front().value);
    return;
  }
  json.begin_object();
  std::string_view open;
  for (const auto& sample : f.samples) {
    if (f.second.empty()) {
      json.field(sample.label, sample.value);
      continue;
    }
    if (sample.label != open) {
      if (!open.empty()) json.end_object();
      json.key(sample.label).begin_object();
      open = sample.label;
    }
    json.field(sample.second, sample.value);
  }
  if (!open.empty()) json.end_object();
  json.end_object();
}

}  // namespace

std::string metrics_text(const Stats& stats, const Status& status) {
  static constexpr std::string_view types[] = {"counter", "gauge", "histogram"};
  std::string out =
      fmt::format("# HELP sims_info The server.\n# TYPE sims_info gauge\nsims_info{{version={}}} 1\n",
                  quoted(status.version));
  for (const auto& f : families(stats, status)) {
    out +=
        fmt::format("# HELP {} {}\n# TYPE {} {}\n", f.name, f.help, f.name, types[static_cast<int>(f.kind)]);
    if (f.histogram)
      add_histogram(out, f.name, *f.histogram);
    else
      add_samples(out, f);
  }
  return out;
}

void write_stats(proto::JsonWriter& json, const Stats& stats, const Status& status) {
  constexpr std::string_view prefix = "sims_", unit = "_seconds";
  for (const auto& f : families(stats, status)) {
    auto name = f.name;
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    if (f.histogram) name.remove_suffix(unit.size());
    json.key(name);
    if (f.histogram)
      write_histogram(json, *f.histogram);
    else
      write_samples(json, f);
  }
}

}  // namespace sims::server
