// The metrics in Prometheus' text format, and the HTTP requests for them.
#include "server/admin/metrics.h"

#include <doctest/doctest.h>

#include <regex>
#include <set>
#include <sstream>

#include "proto/wire/json.h"
#include "server/admin/metrics_http.h"

namespace sims {
namespace {

using server::MetricsHttp;

server::Stats some_stats() {
  server::Stats s;
  s.opened = 9;
  s.refused[static_cast<std::size_t>(server::Refused::queue)] = 4;
  s.handshakes[0] = {5, 9, 6, 7, 8};
  s.handshakes[2] = {0, 4, 1, 2, 3};
  s.messages = 12;
  s.rsa_keys = 3;
  s.hop.add(40);
  s.hop.add(60, 2);
  s.hop.add(3'000'000);
  return s;
}

TEST_CASE("metrics: all counters are there, with their labels") {
  server::Status status;
  status.version = "1 \"x\"\\\n";
  status.resident = 4'096;
  const auto text = "\n" + metrics_text(some_stats(), status);
  for (const char* line :
       {"sims_info{version=\"1 \\\"x\\\"\\\\\\n\"} 1", "sims_connections_opened_total 9",
        "sims_refused_total{reason=\"queue\"} 4", "sims_refused_total{reason=\"banned\"} 0",
        "sims_handshakes_total{suite=\"ecdhe\",outcome=\"done\"} 5",
        "sims_handshakes_total{suite=\"ecdhe\",outcome=\"timed-out\"} 7",
        "sims_handshakes_total{suite=\"ecdhe\",outcome=\"refused\"} 9",
        "sims_handshakes_total{suite=\"none\",outcome=\"left\"} 3",
        "sims_handshakes_total{suite=\"none\",outcome=\"failed\"} 1", "sims_messages_total 12",
        "sims_keys_ready{kind=\"rsa\"} 3", "process_resident_memory_bytes 4096",
        "# TYPE sims_hop_seconds histogram", "sims_hop_seconds_bucket{le=\"0.00005\"} 1",
        "sims_hop_seconds_bucket{le=\"0.0001\"} 3", "sims_hop_seconds_bucket{le=\"2.5\"} 3",
        "sims_hop_seconds_bucket{le=\"+Inf\"} 4", "sims_hop_seconds_sum 3.00016", "sims_hop_seconds_count 4"})
    CHECK_MESSAGE(text.find("\n" + std::string(line) + "\n") != std::string::npos, line);
}

TEST_CASE("metrics: mailboxes") {
  server::Status status;
  auto& mail = status.mail;
  std::uint64_t n = 0;
  for (auto* number :
       {&mail.letters, &mail.receipts, &mail.bytes, &mail.oldest_unix_s, &mail.prekeys, &mail.disk_bytes,
        &mail.stored, &mail.struck, &mail.expired, &mail.full, &mail.dropped_receipts, &mail.failed,
        &mail.commits, &mail.waiting_puts, &mail.waiting_put_bytes})
    *number = ++n;
  mail.trouble = "no space";
  const auto text = "\n" + metrics_text(some_stats(), status);
  for (const char* line :
       {"sims_mail_waiting{kind=\"letters\"} 1", "sims_mail_waiting{kind=\"receipts\"} 2",
        "sims_mail_waiting_bytes 3", "sims_mail_oldest_timestamp_seconds 4", "sims_prekeys 5",
        "sims_mail_disk_bytes 6", "sims_mail_stored_total 7", "sims_mail_given_total 8",
        "sims_mail_expired_total 9", "sims_mail_full_total 10", "sims_mail_dropped_receipts_total 11",
        "sims_mail_failed_total 12", "sims_mail_commits_total 13", "sims_mail_unwritten 14",
        "sims_mail_unwritten_bytes 15", "sims_mail_trouble 1"})
    CHECK_MESSAGE(text.find("\n" + std::string(line) + "\n") != std::string::npos, line);
}

// The format's own description: exposition formats, version 0.0.4.
TEST_CASE("metrics: every line is of the format, every metric has its help and type before it, once") {
  const std::regex about("# (HELP|TYPE) ([a-z0-9_]+) .+");
  const std::regex sample(
      "([a-z0-9_]+?)(_bucket|_sum|_count)?(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\\})? [0-9.]+");
  std::istringstream text(metrics_text(some_stats(), {}));
  std::set<std::string> helps, types, seen;
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (std::regex_match(line, match, about)) {
      CHECK((match[1] == "HELP" ? helps : types).insert(match[2]).second);
      continue;
    }
    REQUIRE_MESSAGE(std::regex_match(line, match, sample), line);
    const std::string name = match[1].str() + (types.contains(match[1]) ? "" : match[2].str());
    CHECK_MESSAGE((helps.contains(name) && types.contains(name)), line);
    CHECK(seen.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(seen.size() > 60);
}

TEST_CASE("metrics: as JSON") {
  std::string text;
  proto::JsonWriter json(text);
  json.begin_object();
  write_stats(json, some_stats(), {});
  json.end_object();
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  CHECK(root->get_number("messages_total") == 12);
  CHECK(root->get("refused_total")->get_number("queue") == 4);
  CHECK(root->get("handshakes_total")->get("ecdhe")->get_number("failed") == 6);
  CHECK(root->get("hop")->get("up_to_us")->get_number("100") == 2);
  CHECK(root->get("hop")->get("up_to_us")->get_number("more") == 1);
}

std::string ask(std::string_view bytes) {
  MetricsHttp http;
  return http.received(bytes_of(bytes), [] { return std::string("THEM\n"); }).value_or("");
}
std::string status_of(std::string_view bytes) {
  const auto all = ask(bytes);
  return all.empty() ? "" : all.substr(9, 3);
}

TEST_CASE("metrics over HTTP: GET /metrics") {
  CHECK(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 5\r\n"
        "Connection: close\r\n\r\nTHEM\n");
  CHECK(status_of("GET /metrics?x=1 HTTP/1.0\n\n") == "200");
  MetricsHttp http;
  std::string said;
  int times = 0;
  for (const char c : std::string("GET /metrics HTTP/1.1\r\nA: b\r\n\r\nmore"))
    said += http.received(bytes_of({&c, 1}), [&] { return ++times, std::string(); }).value_or("");
  CHECK(times == 1);
  CHECK(said.starts_with("HTTP/1.1 200"));
}

TEST_CASE("metrics over HTTP: anything else") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == "404");
  CHECK(status_of("GET /metricsx HTTP/1.1\r\n\r\n") == "404");
  CHECK(status_of("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc") == "405");
  CHECK(ask("HEAD /metrics HTTP/1.1\r\n\r\n").find("\r\nAllow: GET\r\n") != std::string::npos);
  for (const char* bad :
       {"\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "GET /metrics HTTP/2\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "GET /met rics HTTP/1.1\r\n\r\n", "G(T /metrics HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", "GET /metrics HTTP/1.1\r\n folded: x\r\n\r\n"})
    CHECK_MESSAGE(status_of(bad) == "400", bad);
  CHECK(status_of("GET /metrics HTTP/1.1\r\nHost: x\r\n") == "");  // it may go on
  CHECK(status_of(std::string(4'096, 'x')) == "");
  CHECK(status_of(std::string(4'097, 'x')) == "400");
  CHECK(status_of("GET /metrics HTTP/1.1\r\nA: " + std::string(70'000, 'x') + "\r\n\r\n") == "400");
}

}  // namespace
}  // namespace sims
