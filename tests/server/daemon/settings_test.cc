// Options and simsd.conf(5): defaults, precedence, and errors that name their place.
#include "server/daemon/settings.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "os/files.h"
#include "support/server_folder.h"

namespace sims {
namespace {

using server::CommandLine;
using server::load_settings;
using server::Settings;

struct File : test::Folder {
  Result<Settings> load(std::string_view text, CommandLine line = {}) {
    line.config = path + "/simsd.conf";
    REQUIRE(write_private_file(line.config, text));
    line.given.try_emplace("state-dir", std::vector<std::string>{"/nowhere"});
    return load_settings(line);
  }
  std::string error(std::string_view text) {
    auto loaded = load(text);
    REQUIRE_FALSE(loaded);
    return loaded.error().substr(path.size() + 1);
  }
};

TEST_CASE("every option of the file") {
  File file;
  CommandLine line;
  const auto s = file.load(R"(
    listen = ["127.0.0.1:0", "[::1]:7467"]
    name = "relay.example"
    suites = ["rsa", "ECDHE_WITH_AES_128_CBC_SHA256", "rsa"]
    registration = "closed"
    log-level = "debug"
    log = "syslog"
    metrics-listen = "[::1]"
    daemon = true
    pid-file = "/run/simsd.pid"
    user = "simsd"
    confine = false
    [limits]
    connections = 10
    connections-per-address = 3
    handshake-seconds = 5
    queue-bytes = 100000
    ping-seconds = 60
    rsa-keys = 2
    unauthenticated = 11
    unauthenticated-per-address = 12
    handshakes = 13
    handshakes-burst = 14
    handshakes-per-address = 15
    handshakes-per-address-burst = 16
    rsa-handshakes-per-address = 8
    logins-per-id = 9
    logins-per-id-burst = 10
    registrations-per-address = 17
    penalty-seconds = 18
    exempt = ["192.0.2.0/24", "2001:db8::1"]
    messages = 19
    messages-burst = 20
    message-bytes = 2100
    message-bytes-burst = 220000
    lists = 23
    lists-burst = 24
    finds = 28
    unanswered-calls = 25
    queue-bytes-total = 2600000
    stall-seconds = 27
    prekey-requests = 29
    prekey-requests-burst = 30
    prekey-uploads = 31
    prekeys-per-asker = 41
    mail-letters = 32
    mail-bytes = 3300000
    mail-letters-per-sender = 34
    mail-bytes-per-sender = 350000
    mail-letters-of-newcomer = 36
    mail-receipts = 37
    mail-receipts-per-sender = 38
    mail-days = 20
    mail-bytes-total = 3900000000
    mail-queue-bytes = 4000000
  )",
                           line);
  REQUIRE(s);
  CHECK(s->listen == std::vector<std::string>{"127.0.0.1:0", "[::1]:7467"});
  CHECK(s->state_dir == "/nowhere");
  CHECK(s->name == "relay.example");
  REQUIRE(s->policy.suites.size() == 2);
  CHECK(s->policy.suites[0]->label == "rsa");
  CHECK_FALSE(s->policy.registration_open);
  CHECK(s->log_level == log::Level::debug);
  CHECK(s->log_sink == log::Sink::syslog);
  CHECK(s->metrics_listen == "[::1]:9467");
  CHECK(s->daemon);
  CHECK(s->pid_file == "/run/simsd.pid");
  CHECK(s->user == "simsd");
  CHECK_FALSE(s->confine);
  CHECK(s->policy.limits.connections == 10);
  CHECK(s->policy.limits.connections_per_address == 3);
  CHECK(s->policy.limits.handshake_ms == 5'000);
  CHECK(s->policy.limits.queue_bytes == 100'000);
  CHECK(s->policy.limits.ping_ms == 60'000);
  CHECK(s->rsa_keys == 2);
  const auto& limits = s->policy.limits;
  CHECK(limits.unauthenticated == 11);
  CHECK(limits.unauthenticated_per_address == 12);
  CHECK(limits.handshakes.each == 13);
  CHECK(limits.handshakes.burst == 14);
  CHECK(limits.handshakes_per_address.each == 15);
  CHECK(limits.handshakes_per_address.burst == 16);
  CHECK(limits.rsa_handshakes_per_address == server::Rate{8, 8, 60'000});
  CHECK(limits.logins == server::Rate{9, 10});
  CHECK(limits.registrations.each == 17);
  CHECK(limits.registrations.burst == 17);
  CHECK(limits.penalty_max_ms == 18'000);
  REQUIRE(limits.exempt.size() == 2);
  CHECK(limits.exempt[0].str() == "192.0.2.0/24");
  CHECK(limits.messages.each == 19);
  CHECK(limits.messages.burst == 20);
  CHECK(limits.message_bytes.each == 2'100);
  CHECK(limits.message_bytes.burst == 220'000);
  CHECK(limits.lists.each == 23);
  CHECK(limits.lists.burst == 24);
  CHECK(limits.finds == server::Rate{28, 28, 60'000});
  CHECK(limits.unanswered_calls == 25);
  CHECK(limits.queue_bytes_total == 2'600'000);
  CHECK(limits.stall_ms == 27'000);
  CHECK(limits.prekey_requests == server::Rate{29, 30, 60'000});
  CHECK(limits.prekey_uploads == server::Rate{31, 31, 60'000});
  CHECK(limits.mail ==
        server::MailLimits{32, 3'300'000, 34, 350'000, 36, 37, 38, 20, 3'900'000'000, 4'000'000, 41});
}

std::string text_of_file(const char* path) {
  std::ifstream file(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The limits' keys as lines "key = value" of the file that comes with simsd.
std::map<std::string, std::string> defaults_told() {
  std::map<std::string, std::string> told;
  std::istringstream lines(text_of_file("contrib/simsd.conf"));
  bool limits = false;
  for (std::string line; std::getline(lines, line);) {
    limits |= line == "[limits]";
    const auto equals = line.find(" = ");
    if (!limits || line.empty() || line[0] != '#' || line[1] == ' ' || equals == std::string::npos) continue;
    auto value = line.substr(equals + 3, line.find("  #") - equals - 3);
    value.erase(value.find_last_not_of(' ') + 1);
    told[line.substr(1, equals - 1)] = value;
  }
  return told;
}

TEST_CASE("contrib/simsd.conf and simsd.conf(5) have every limit with its default") {
  const auto told = defaults_told();
  const auto manual = text_of_file("man/simsd.conf.5");
  Settings settings, again;
  std::string file = "[limits]\n";
  for (const auto& [key, value] : told)
    file += key + " = " + value + "\n";
  REQUIRE(parse_config(file, "defaults", server::settings_table(again)));
  for (const auto& option : server::settings_table(settings)) {
    if (!option.key.starts_with("limits.")) continue;
    const std::string key(option.key.substr(7));
    CAPTURE(key);
    REQUIRE(told.contains(key));
    auto shown = told.at(key);
    if (key == "exempt") shown = "Bq Qo 127.0.0.0/8 Qc , Qo ::1 Qc";
    CHECK(manual.find("Cm " + key + " No = " + shown) != std::string::npos);
  }
  CHECK(again.policy.limits == settings.policy.limits);
  CHECK(again.rsa_keys == settings.rsa_keys);
}

// man.sh and completions.sh hold simsd(8) and the completions against --help, which is made from
// the table.
TEST_CASE("every option of the table stands in simsd.conf, simsd.conf(5) and simsd(8)") {
  const auto file = text_of_file("contrib/simsd.conf"), manual = text_of_file("man/simsd.conf.5"),
             daemon = text_of_file("man/simsd.8");
  for (const auto& option : server::server_options()) {
    CAPTURE(option.key);
    const std::string key(option.key);
    CHECK(file.find("\n#" + key + " = ") != std::string::npos);
    CHECK(manual.find(".It Cm " + key + " No = ") != std::string::npos);
    CHECK(daemon.find("\n.It Fl " + option.name().substr(1)) != std::string::npos);
  }
}

TEST_CASE("the bound of the memory is the one of simsd.conf(5)") {
  const auto mib = server::memory_bound(server::Limits(), 10'000) >> 20;
  CHECK(mib == 877);
  CHECK(text_of_file("man/simsd.conf.5").find("some 880 MiB") != std::string::npos);
}

TEST_CASE("the command line wins over the file") {
  File file;
  CommandLine line;
  line.given["name"] = {"other"};
  line.given["suites"] = {"ecdhe"};
  line.given["confine"] = {"false"};
  const auto s =
      file.load("confine = true\nname = \"relay\"\nsuites = [\"rsa\"]\nstate-dir = \"/else\"\n", line);
  REQUIRE(s);
  CHECK(s->name == "other");
  CHECK_FALSE(s->confine);
  CHECK(s->state_dir == "/nowhere");
  REQUIRE(s->policy.suites.size() == 1);
  CHECK(s->policy.suites[0]->label == "ecdhe");
}

TEST_CASE("errors name file and line") {
  File file;
  CHECK(file.error("name = \"a\"\nnmae = \"b\"\n").starts_with("simsd.conf:2: unknown key"));
  CHECK(file.error("[limits]\n\nconections = 5\n").starts_with("simsd.conf:3: unknown key"));
  CHECK(file.error("[limit]\nconnections = 5\n").starts_with("simsd.conf:1: unknown key"));
  CHECK(file.error("\nname = \n").starts_with("simsd.conf:2:"));
  CHECK(file.error("listen = 7467\n").starts_with("simsd.conf:1: `listen` must be a list"));
  for (const std::string bad : {"name = \"Relay\"",
                                "suites = []",
                                "suites = [\"NONE\"]",
                                "registration = \"maybe\"",
                                "log-level = \"loud\"",
                                "pid-file = \"relative\"",
                                "state-dir = \"\"",
                                "listen = []",
                                "listen = [\"1.2.3.4:99999\"]",
                                "daemon = \"yes\"",
                                "user = \"\"",
                                "confine = 1",
                                "limits.connections = 0",
                                "limits.connections = -1",
                                "limits.handshake-seconds = 31",
                                "limits.queue-bytes = 10",
                                "limits.ping-seconds = 0",
                                "limits.exempt = [\"192.0.2.1/24\"]",
                                "limits.exempt = [\"localhost\"]",
                                "limits.messages = 0",
                                "limits.rsa-keys = 0",
                                "limits.connections = 1.5"}) {
    CAPTURE(bad);
    CHECK(file.error(bad + "\n").starts_with("simsd.conf:1:"));
  }
}

TEST_CASE("a bad option names the option; a missing file is an error") {
  CommandLine line;
  line.given["suites"] = {"ecdhe", "none"};
  auto loaded = load_settings(line);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error() == "--suites has no suite \"none\"; there are: ecdhe, rsa");
  CommandLine missing;
  missing.config = "/nonexistent/simsd.conf";
  CHECK_FALSE(load_settings(missing));
}

TEST_CASE("a reload does not wait for a pipe") {
  test::Folder folder;
  CommandLine line;
  line.config = folder.path + "/pipe";
  REQUIRE(::mkfifo(line.config.c_str(), 0600) == 0);
  const auto loaded = server::reload_settings(line);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error() == line.config + ": not a regular file; simsd reads it only at the start");
  line.config = folder.path + "/missing";
  CHECK(server::reload_settings(line).error().find("No such file") != std::string::npos);
}

TEST_CASE("a host's name as the server's") {
  CHECK(server::server_name_of("relay.example") == "relay.example");
  CHECK(server::server_name_of("Alices-MacBook") == "alices-macbook");
  CHECK(server::server_name_of("-_x y\xc3\xbc") == "x-y");
  CHECK(server::server_name_of("") == "simsd");
  CHECK(server::server_name_of("...") == "simsd");
  CHECK(server::server_name_of(std::string(100, 'a')) == std::string(32, 'a'));
  for (const auto* host : {"a..b.", "9", "Ü", "x.-"})
    CHECK(proto::valid_name(server::server_name_of(host)));
}

}  // namespace
}  // namespace sims
