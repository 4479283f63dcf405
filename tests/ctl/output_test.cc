// simsctl without a server: commands, requests, and the output for answers.
#include <doctest/doctest.h>

#include <set>

#include "ctl/commands.h"
#include "ctl/options.h"
#include "server/admin/requests.h"

namespace sims {
namespace {

using namespace server;

TEST_CASE("simsctl: times") {
  CHECK(parse_duration("90s") == 90);
  CHECK(parse_duration("1h30m") == 5'400);
  CHECK(parse_duration("2d") == 172'800);
  CHECK(parse_duration("1w1s") == 604'801);
  for (const char* bad : {"", "90", "s", "1x", "0s", "30m1h", "1h1h", "-1s", "1 h", "1.5h", "1000000001s",
                          "99999999999999999999s"})
    CHECK_MESSAGE(!parse_duration(bad), bad);
}

TEST_CASE("simsctl: the request of a command line") {
  CtlOptions o;
  o.command = "ban";
  o.who = "10.0.0.0/8";
  o.reason = "\"why\"";
  o.valid_s = 5;
  CHECK(check_request(o));
  CHECK(request_line(o, "") ==
        "{\"do\":\"ban\",\"who\":\"10.0.0.0/8\",\"reason\":\"\\\"why\\\"\",\"for\":5}\n");
  o = {};
  o.command = "clients";
  CHECK(request_line(o, "100") == "{\"do\":\"clients\",\"after\":100}\n");
  o.command = "ban";
  o.who = "conn:1";
  CHECK_FALSE(check_request(o));
  o.command = "kick";
  CHECK(check_request(o));
  o.who = "Not A Name";
  CHECK_FALSE(check_request(o));
  o.command = "release";
  o.name = "A";
  CHECK_FALSE(check_request(o));
  o.command = "log-level";
  o.level = "loud";
  CHECK_FALSE(check_request(o));
}

TEST_CASE("simsctl: the server knows every command, and every request is a command") {
  std::set<std::string_view> commands, requests;
  for (const auto& command : ctl_commands())
    commands.insert(command.name);
  for (const auto name : request_names())
    requests.insert(name);
  CHECK(commands == requests);
}

struct Parsed {
  explicit Parsed(std::string json) : text(std::move(json)), root(tape.parse(text)) { REQUIRE(root); }
  std::string text;
  proto::JsonTape tape;
  proto::Checked<proto::JsonValue> root;
};

std::string time_words(std::uint64_t s) {
  return "T" + std::to_string(s);
}

TEST_CASE("simsctl: tables are aligned and safe for terminals") {
  CtlTable table(ctl_command("bans"), time_words);
  table.add(
      *Parsed(R"({"kind":"name","value":"mallory","reason":"\u001b[31m\u202e","made":1,"until":0})").root);
  table.add(*Parsed(R"({"kind":"address","value":"10.0.0.0/8","reason":"","made":10,"until":20})").root);
  CHECK(table.str() ==
        "KIND     VALUE       SINCE  UNTIL    REASON\n"
        "name     mallory     T1     forever  ^[[31m<U+202E>\n"
        "address  10.0.0.0/8  T10    T20      -\n");
}

TEST_CASE("simsctl: answers in words and as JSON") {
  const Parsed kicked(R"({"ok":true,"kicked":2,"next":7})");
  CHECK(ctl_command("kick").words(*kicked.root, time_words) == "disconnected: 2\n");
  CHECK(ctl_json(*kicked.root) == "{\"kicked\":2}\n");
  const Parsed stats(R"({"ok":true,"a":1,"b":{"c":22,"dd":3}})");
  CHECK(ctl_command("stats").words(*stats.root, time_words) == "a     1\nb c   22\nb dd  3\n");
  CHECK(ctl_json(*stats.root) == "{\"a\":1,\"b\":{\"c\":22,\"dd\":3}}\n");
  const Parsed banned(R"({"ok":true,"kind":"name","value":"x","until":5})");
  CHECK(ctl_command("ban").words(*banned.root, time_words) == "banned: name x, until T5\n");
  const Parsed status(
      R"({"ok":true,"version":"1","name":"a\nb","started":9,"uptime_s":90061,"memory_bound_bytes":2048})");
  const auto words = ctl_command("status").words(*status.root, time_words);
  CHECK(words.find("running since  T9 (1 d 1 h)\n") != std::string::npos);
  CHECK(words.find("memory         0 bytes (the configuration allows 2.0 KiB)\n") != std::string::npos);
  CHECK(words.find("a\nb") == std::string::npos);
}

TEST_CASE("simsctl: mail in words") {
  const Parsed status(
      R"({"ok":true,"mail_letters":2,"mail_receipts":1,"mail_bytes":1536,"mail_oldest":9,)"
      R"("mail_disk_bytes":8192,"mail_full":3,"mail_expired":4,"prekeys":5,"mail_trouble":"no space"})");
  const auto words = ctl_command("status").words(*status.root, time_words);
  CHECK(
      words.find(
          "mail           2 letters and 1 receipts wait (1.5 KiB), the oldest since T9; 8.0 KiB on disk\n") !=
      std::string::npos);
  CHECK(words.find("mail refused   3 by full mailboxes; 4 expired\n") != std::string::npos);
  CHECK(words.find("mail trouble   no space\n") != std::string::npos);
  const auto mail = [](std::string json) {
    const Parsed answer(std::move(json));
    return ctl_command("mail").words(*answer.root, time_words);
  };
  CHECK(mail(R"({"ok":true,"letters":2,"receipts":1,"bytes":10,"oldest":9,"senders":1,"given":3,"prekeys":)"
             R"({"ecdhe":{"once":99,"many":true},"rsa":{"once":9,"many":false}}})") ==
        "letters       2 from 1 senders\n"
        "receipts      1\n"
        "size          10 bytes, the oldest since T9\n"
        "given so far  3\n"
        "prekeys left  ecdhe: 99 and one for many sessions, rsa: 9\n");
  CHECK(mail(R"({"ok":true,"letters":0})").find("prekeys left  none\n") != std::string::npos);
  CHECK(mail(R"({"ok":true,"removed":4})") == "removed: 4\n");
  CHECK(mail(R"({"ok":true,"dropped":5})") == "prekeys dropped: 5\n");
}

TEST_CASE("simsctl: the arguments of mail") {
  const auto parse = [](std::vector<const char*> words) {
    words.insert(words.begin(), {"simsctl", "--socket", "/x"});
    const auto parsed = parse_ctl_arguments(static_cast<int>(words.size()), words.data());
    const auto* options = std::get_if<CtlOptions>(&parsed);
    return options != nullptr ? request_line(*options, "") : std::string();
  };
  CHECK(parse({"mail", "alice"}) == "{\"do\":\"mail\",\"who\":\"alice\"}\n");
  CHECK(parse({"mail", "alice", "--purge"}) == "{\"do\":\"mail\",\"who\":\"alice\",\"purge\":true}\n");
  CHECK(parse({"mail", "--restored"}) == "{\"do\":\"mail\",\"restored\":true}\n");
  CHECK(parse({"mail"}).empty());
  CHECK(parse({"mail", "--purge"}).empty());
  CHECK(parse({"mail", "conn:3"}).empty());
  CHECK(parse({"mail", "alice", "--restored"}).empty());
}

TEST_CASE("simsctl: sizes and durations in words") {
  CHECK(size_words(1'023) == "1023 bytes");
  CHECK(size_words(1'536) == "1.5 KiB");
  CHECK(size_words(std::uint64_t{3} << 30) == "3.0 GiB");
  CHECK(duration_words(0) == "0 s");
  CHECK(duration_words(59) == "59 s");
  CHECK(duration_words(3'600) == "1 h 0 min");
  CHECK(duration_words(400 * 86'400 + 5) == "400 d 0 h");
}

}  // namespace
}  // namespace sims
