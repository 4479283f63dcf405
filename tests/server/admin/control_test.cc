// The control protocol of simsctl: each request and its answer, pages, late answers, invalid
// requests.
#include "server/admin/control.h"

#include <doctest/doctest.h>

#include "proto/wire/json.h"
#include "server/admin/fake_operations.h"
#include "server/admin/requests.h"

namespace sims {
namespace {

using server::Ban;
using server::ControlSession;
using server::Target;

constexpr std::uint64_t now_s = 1'800'000'000;
const std::string an_id(43, 'A');

struct Talk {
  test::FakeOperations ops;
  int woken = 0;
  ControlSession session{ops, [] { return now_s; }, [this] { ++woken; }};

  std::string say(std::string_view bytes) {
    session.received(bytes_of(bytes));
    return session.take_output();
  }
  std::string ask(const std::string& request) { return say(request + "\n"); }
};

server::ClientInfo client(server::ConnId conn, const std::string& name) {
  server::ClientInfo info;
  info.conn = conn;
  info.address = "192.0.2.1";
  info.name = name;
  return info;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE("control: status and stats") {
  Talk t;
  t.ops.state.version = "1.2";
  t.ops.state.online = 3;
  t.ops.state.registration_open = true;
  t.ops.state.log_level = log::Level::debug;
  t.ops.numbers.messages = 77;
  const auto status = t.ask(R"({"do":"status"})");
  CHECK(status.starts_with(R"({"ok":true,"version":"1.2",)"));
  CHECK(status.find(R"("online":3,)") != std::string::npos);
  CHECK(status.find(R"("registration":"open")") != std::string::npos);
  CHECK(status.find(R"("log_level":"debug")") != std::string::npos);
  CHECK(t.ask(R"({"do":"stats"})").find(R"("messages_total":77,)") != std::string::npos);
  CHECK(t.ask(R"({"do":"metrics"})").find(R"(\nsims_messages_total 77\n)") != std::string::npos);
}

TEST_CASE("control: clients, a page at a time") {
  Talk t;
  for (std::uint64_t i = 1; i <= 2 * server::control_page + 1; ++i)
    t.ops.connected.push_back(client(i, "a\x1b"));
  const auto first = t.ask(R"({"do":"clients"})");
  CHECK(lines(first) == server::control_page + 1);
  CHECK(first.starts_with(R"({"row":{"conn":1,"address":"192.0.2.1","id":"","name":"a\u001b",)"));
  CHECK(first.ends_with("{\"ok\":true,\"next\":100}\n"));
  CHECK(t.ask(R"({"do":"clients","after":100})").ends_with("{\"ok\":true,\"next\":200}\n"));
  const auto last = t.ask(R"({"do":"clients","after":200})");
  CHECK(lines(last) == 2);
  CHECK(last.ends_with("{\"ok\":true}\n"));
}

TEST_CASE("control: names and bans, a page at a time, each once") {
  Talk t;
  for (int i = 0; i < 150; ++i) {
    t.ops.accounts.push_back({"name" + std::to_string(1'000 + i), *proto::Id::shaped(an_id), 5});
    t.ops.banned.push_back(
        {i % 2 ? Ban::Kind::name : Ban::Kind::address, "value" + std::to_string(i), "why", 1, 0});
  }
  CHECK(t.ask(R"({"do":"names"})").ends_with("\"next\":\"name1099\"}\n"));
  CHECK(lines(t.ask(R"({"do":"names","after":"name1099"})")) == 51);
  auto all = t.ask(R"({"do":"bans"})");
  const auto next = all.rfind("\"next\":");
  REQUIRE(next != std::string::npos);
  all += t.ask(R"({"do":"bans","after":)" + all.substr(next + 7, all.size() - next - 9) + "}");
  for (const auto& ban : t.ops.banned) {
    const auto field = "\"value\":\"" + ban.value + "\"";
    const auto at = all.find(field);
    CHECK(at != std::string::npos);
    CHECK(all.find(field, at + 1) == std::string::npos);
  }
}

TEST_CASE("control: what waits in mailboxes, with trouble in words") {
  Talk t;
  t.ops.state.mail.letters = 12;
  t.ops.state.mail.oldest_unix_s = 34;
  t.ops.state.mail.trouble = "no space";
  const auto status = t.ask(R"({"do":"status"})");
  CHECK(status.find(R"("mail_letters":12,)") != std::string::npos);
  CHECK(status.find(R"("mail_oldest":34,)") != std::string::npos);
  CHECK(status.find(R"("mail_trouble":"no space")") != std::string::npos);
}

TEST_CASE("control: one mailbox: counts and ages, purge, and prekeys after a restore") {
  Talk t;
  t.ops.box.letters = 3;
  t.ops.box.receipts = 4;
  t.ops.box.bytes = 500;
  t.ops.box.oldest_unix_s = 60;
  t.ops.box.senders = 2;
  t.ops.box.prekeys.taken = 7;
  t.ops.box.prekeys.left = {{"ECDHE_WITH_AES_128_CBC_SHA256", 99, true},
                            {"RSA_WITH_AES_128_CBC_SHA256", 9, false}};
  CHECK(t.ask(R"({"do":"mail","who":"alice"})") ==
        R"({"ok":true,"letters":3,"receipts":4,"bytes":500,"oldest":60,"senders":2,"given":7,)"
        R"("prekeys":{"ecdhe":{"once":99,"many":true},"rsa":{"once":9,"many":false}}})"
        "\n");
  CHECK(t.ops.told.back() == "mail alice");
  t.ask(R"({"do":"mail","who":")" + an_id + "\"}");
  CHECK(t.ops.told.back() == "mail " + an_id);
  CHECK(t.ask(R"({"do":"mail","who":"alice","purge":true})") == "{\"ok\":true,\"removed\":12}\n");
  CHECK(t.ops.told.back() == "purge-mail alice");
  CHECK(t.ask(R"({"do":"mail","restored":true})") == "{\"ok\":true,\"dropped\":34}\n");
  CHECK(t.ops.told.back() == "drop-prekeys");
  const auto count = t.ops.told.size();
  for (const char* wrong : {R"({"do":"mail"})", R"({"do":"mail","who":"10.0.0.1"})",
                            R"({"do":"mail","who":"conn:1"})", R"({"do":"mail","purge":true})"})
    CHECK_MESSAGE(t.ask(wrong).starts_with("{\"error\":"), wrong);
  CHECK(t.ops.told.size() == count);
  t.ops.refusal = "damaged";
  CHECK(t.ask(R"({"do":"mail","who":"alice"})") == "{\"error\":\"damaged\"}\n");
}

TEST_CASE("control: kick, by each kind of target") {
  Talk t;
  t.ops.connected.resize(2);
  for (const auto& [who, told] :
       std::vector<std::pair<std::string, std::string>>{{an_id, "kick id " + an_id},
                                                        {"alice", "kick name alice"},
                                                        {"name:10.0.0.1", "kick name 10.0.0.1"},
                                                        {"10.0.0.1", "kick address 10.0.0.1"},
                                                        {"::ffff:10.0.0.1", "kick address 10.0.0.1"},
                                                        {"10.0.0.0/8", "kick address 10.0.0.0/8"},
                                                        {"2001:DB8::/32", "kick address 2001:db8::/32"},
                                                        {"conn:7", "kick conn 7"}}) {
    CHECK(t.ask(R"({"do":"kick","who":")" + who + "\"}") == "{\"ok\":true,\"kicked\":2}\n");
    CHECK(t.ops.told.back() == told);
  }
  for (const char* who : {"", "Alice", "10.0.0.1/8", "10.0.0.0/33", "conn:", "conn:-1", "conn:1x", "id:alice",
                          "1.2.3.4:5", "conn:99999999999999999999"})
    CHECK(t.ask(std::string(R"({"do":"kick","who":")") + who + "\"}").starts_with("{\"error\":"));
  CHECK(t.ops.told.size() == 8);
}

TEST_CASE("control: ban and unban") {
  Talk t;
  CHECK(t.ask(R"({"do":"ban","who":"192.0.2.0/24","for":60,"reason":"spam"})") ==
        "{\"ok\":true,\"kind\":\"address\",\"value\":\"192.0.2.0/24\",\"until\":1800000060}\n");
  CHECK(t.ops.last_ban.kind == Ban::Kind::address);
  CHECK(t.ops.last_ban.reason == "spam");
  CHECK(t.ops.last_ban.made == now_s);
  CHECK(t.ops.last_ban.until == now_s + 60);
  t.ask(R"({"do":"ban","who":"mallory"})");
  CHECK(t.ops.last_ban.kind == Ban::Kind::name);
  CHECK(t.ops.last_ban.until == 0);
  const auto count = t.ops.told.size();
  CHECK(t.ask(R"({"do":"ban","who":"conn:7"})").find("cannot be banned") != std::string::npos);
  CHECK(t.ask(R"({"do":"ban","who":"x","for":9007199254740991})").starts_with("{\"error\":"));
  CHECK(t.ask(R"({"do":"ban","who":"x","reason":")" + std::string(201, 'r') + "\"}")
            .starts_with("{\"error\":"));
  CHECK(t.ops.told.size() == count);
  t.ops.banned = {{Ban::Kind::name, "mallory", "", 0, 0}};
  CHECK(t.ask(R"({"do":"unban","who":"mallory"})") == "{\"ok\":true}\n");
  CHECK(t.ask(R"({"do":"unban","who":"alice"})").find("no such ban") != std::string::npos);
}

TEST_CASE("control: invitations, names, the server itself") {
  Talk t;
  CHECK(t.ask(R"({"do":"invite"})") == "{\"ok\":true,\"code\":\"CODE\",\"until\":1800604800}\n");
  CHECK(t.ask(R"({"do":"invite","for":0})").starts_with("{\"error\":"));
  CHECK(t.ask(R"({"do":"release","name":"alice"})") == "{\"ok\":true}\n");
  CHECK(t.ask(R"({"do":"release","name":"nobody"})").find("not registered") != std::string::npos);
  CHECK(t.ask(R"({"do":"release","name":"A b"})").starts_with("{\"error\":"));
  CHECK(t.ask(R"({"do":"log-level","level":"debug"})") == "{\"ok\":true}\n");
  CHECK(t.ask(R"({"do":"log-level","level":"loud"})").starts_with("{\"error\":"));
  CHECK(t.ask(R"({"do":"reload"})") == "{\"ok\":true}\n");
  CHECK(t.ask(R"({"do":"backup","path":"/a/b"})") == "{\"ok\":true}\n");
  CHECK(t.ask(R"({"do":"backup","path":"b"})").starts_with("{\"error\":"));
  CHECK(t.ops.told == std::vector<std::string>{"invite 604800", "release alice", "release nobody",
                                               "log-level debug", "reload", "backup /a/b"});
  t.ops.refusal = "the disk is \"full\"";
  for (const char* request : {R"({"do":"reload"})", R"({"do":"backup","path":"/x"})", R"({"do":"invite"})"})
    CHECK(t.ask(request) == "{\"error\":\"the disk is \\\"full\\\"\"}\n");
}

TEST_CASE("control: requests wait for a late answer, and keep their order") {
  Talk t;
  t.ops.later = true;
  CHECK(t.say("{\"do\":\"backup\",\"path\":\"/"
              "x\"}\n{\"do\":\"release\",\"name\":\"bob\"}\n{\"do\":\"reload\"}\n")
            .empty());
  CHECK(t.session.busy());
  CHECK(t.ops.told.size() == 1);
  t.ops.answer_next();
  CHECK(t.woken == 1);
  CHECK(t.session.take_output() == "{\"ok\":true}\n");
  CHECK(t.ops.told.size() == 2);
  t.ops.answer_next();
  CHECK(t.session.take_output() == "{\"ok\":true}\n{\"ok\":true}\n");
  CHECK(t.ops.told.back() == "reload");
  CHECK_FALSE(t.session.busy());
}

TEST_CASE("control: an answer after the connection's end is dropped") {
  test::FakeOperations ops;
  ops.later = true;
  int woken = 0;
  {
    ControlSession session(
        ops, [] { return now_s; }, [&] { ++woken; });
    session.received(bytes_of("{\"do\":\"invite\"}\n"));
  }
  ops.answer_next();
  CHECK(woken == 0);
}

TEST_CASE("control: no request is run for a client that does not read, and its requests are bounded") {
  Talk t;
  t.session.set_output_blocked(true);
  CHECK(t.ask(R"({"do":"reload"})").empty());
  CHECK(t.ops.told.empty());
  t.session.set_output_blocked(false);
  CHECK(t.session.take_output() == "{\"ok\":true}\n");
  t.session.set_output_blocked(true);
  for (int i = 0; i < 500; ++i)
    t.session.received(bytes_of("{\"do\":\"reload\"}\n"));
  CHECK(t.session.finished());
  CHECK(t.session.take_output().find("too many") != std::string::npos);
  CHECK(t.ops.told.size() == 1);
}

TEST_CASE("control: output is bounded however many requests come in one piece") {
  Talk t;
  for (std::uint64_t i = 1; i <= server::control_page; ++i)
    t.ops.connected.push_back(client(i, std::string(32, 'x')));
  std::string flood;
  while (flood.size() < 65'536)
    flood += "{\"do\":\"clients\"}\n";
  CHECK(t.say(flood).size() < 4 * ControlSession::output_enough);
  CHECK(t.session.finished());
}

TEST_CASE("control: an invalid request is answered in words, and ends the connection") {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), std::string("\n"), std::string("[]\n"), std::string("{\"do\":\n"),
        std::string("\x16\x03\x01\n"), std::string("{\"do\":\"\xff\"}\n"), std::string(5'000, 'x'),
        "{\"do\":\"" + std::string(5'000, 'x') + "\"}\n"}) {
    Talk t;
    const auto said = t.say(bytes);
    CHECK(said.starts_with("{\"error\":"));
    CHECK(lines(said) == 1);
    CHECK(t.session.finished());
    CHECK(t.say("{\"do\":\"reload\"}\n").empty());
    CHECK(t.ops.told.empty());
  }
  Talk t;
  for (const char* request :
       {"{}", R"({"do":7})", R"({"do":"dance"})", R"({"do":"kick"})", R"({"do":"kick","who":1})"})
    CHECK(t.ask(request).starts_with("{\"error\":"));
  CHECK_FALSE(t.session.finished());  // these were requests
}

TEST_CASE("control: a request a byte at a time") {
  Talk t;
  std::string said;
  for (const char c : std::string("{\"do\":\"reload\"}\n"))
    said += t.say({&c, 1});
  CHECK(said == "{\"ok\":true}\n");
}

}  // namespace
}  // namespace sims
