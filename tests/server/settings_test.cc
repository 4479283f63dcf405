// Options and simsd.conf(5): defaults, precedence, and errors that name their place.
#include "server/settings.h"

#include <doctest/doctest.h>

#include "base/files.h"
#include "folder.h"

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
    daemon = true
    pid-file = "/run/simsd.pid"
    [limits]
    connections = 10
    connections-per-address = 3
    handshake-seconds = 5
    queue-bytes = 100000
    ping-seconds = 60
    rsa-keys = 2
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
  CHECK(s->daemon);
  CHECK(s->pid_file == "/run/simsd.pid");
  CHECK(s->policy.limits.connections == 10);
  CHECK(s->policy.limits.connections_per_address == 3);
  CHECK(s->policy.limits.handshake_ms == 5'000);
  CHECK(s->policy.limits.queue_bytes == 100'000);
  CHECK(s->policy.limits.ping_ms == 60'000);
  CHECK(s->rsa_keys == 2);
}

TEST_CASE("the command line wins over the file") {
  File file;
  CommandLine line;
  line.given["name"] = {"other"};
  line.given["suites"] = {"ecdhe"};
  const auto s = file.load("name = \"relay\"\nsuites = [\"rsa\"]\nstate-dir = \"/else\"\n", line);
  REQUIRE(s);
  CHECK(s->name == "other");
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
  for (const std::string bad :
       {"name = \"Relay\"", "suites = []", "suites = [\"NONE\"]", "registration = \"maybe\"",
        "log-level = \"loud\"", "pid-file = \"relative\"", "state-dir = \"\"", "listen = []",
        "listen = [\"1.2.3.4:99999\"]", "daemon = \"yes\"", "limits.connections = 0",
        "limits.connections = -1", "limits.handshake-seconds = 31", "limits.queue-bytes = 10",
        "limits.ping-seconds = 0", "limits.rsa-keys = 0", "limits.connections = 1.5"}) {
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
