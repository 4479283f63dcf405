// The command line of sims, and its output as plain lines and as JSON.
#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

#include "cli/options.h"
#include "cli/output.h"
#include "client/model/words.h"
#include "os/program.h"
#include "proto/limits.h"
#include "proto/wire/json.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::client;
using namespace sims::client::cli;

namespace {

std::variant<Options, int> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "sims");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

Options parsed(std::vector<const char*> words) {
  auto result = parse(std::move(words));
  REQUIRE(std::holds_alternative<Options>(result));
  return std::get<Options>(result);
}

Peer some_peer() {
  test::FixedRng rng;
  Peer peer;
  peer.name = "bob";
  peer.id = Id::of(crypto::SigningKey::generate(rng).public_key());
  peer.online = true;
  peer.since = 12;
  return peer;
}

}  // namespace

TEST_CASE("options are taken before and after the command") {
  auto o =
      parsed({"--server", "h:1", "send", "bob", "hi", "--name", "alice", "--timeout", "2", "--accept-new"});
  CHECK(o.command == Command::send);
  CHECK(o.server == "h:1");
  CHECK(o.name == "alice");
  CHECK(o.target == "bob");
  CHECK(o.text == "hi");
  CHECK(o.timeout_ms == 2'000);
  CHECK(o.accept_new);
  CHECK(o.suites == crypto::default_suites());
}

TEST_CASE("commands and their arguments") {
  CHECK(parsed({"find", "bob"}).target == "bob");
  const std::string id = some_peer().id.str();
  CHECK(parsed({"find", "--json", id.c_str()}).target == id);
  CHECK(std::get<int>(parse({"find", "Bob"})) == Exit::usage);
  CHECK_FALSE(parsed({"send", "bob"}).text.has_value());
  CHECK_FALSE(parsed({"send", "bob", "-"}).text.has_value());
  CHECK(parsed({"send", "bob", ""}).text == "");
  CHECK(parsed({"send", "bob", "--", "-x"}).text == "-x");
  CHECK(parsed({"send", "bob"}).timeout_ms == 30'000);
  CHECK(parsed({"send", "bob"}).wait_for.empty());
  CHECK(parsed({"send", "bob", "--wait-for", "delivered"}).wait_for == "delivered");
  CHECK_FALSE(parsed({"listen"}).timeout_ms.has_value());
  CHECK(parsed({"listen", "--count", "3", "--json"}).count == 3);
  CHECK(parsed({"verify", "bob", "12345", "67890"}).number == "12345 67890");
  CHECK(parsed({"forget", "[::1]:7467"}).target == "[::1]:7467");
  CHECK(parsed({"history", "bob"}).count == 0);
  CHECK_FALSE(parsed({"history", "bob"}).text);
  auto history = parsed({"history", "bob", "--search", "-", "--limit", "5", "--json"});
  CHECK(history.text == "-");
  CHECK(history.count == 5);
  CHECK(history.json);
  CHECK(parsed({"export", "bob", "f.txt"}).file == "f.txt");
  CHECK(parsed({"export", "bob"}).file.empty());
  CHECK(parsed({"decline", "bob"}).command == Command::decline);
  CHECK(parsed({"--key-file", "k", "id"}).key_file == "k");
  CHECK(parsed({"id"}).keep_history);
  CHECK_FALSE(parsed({"listen", "--no-history"}).keep_history);
  using Change = Options::Change;
  CHECK(parsed({"passphrase"}).change == Change::set);
  CHECK(parsed({"passphrase", "--status"}).change == Change::none);
  CHECK(parsed({"passphrase", "--remove"}).change == Change::remove);
  CHECK(parsed({"passphrase", "--new-key-file", "k"}).change == Change::key_file);
  CHECK(parsed({"passphrase", "--new-key-file", "k"}).file == "k");
  CHECK(parsed({"--invite", "F65W1R-88XZNH-2HHXP2-5Q3WRT-1C", "list"}).invite ==
        "F65W1R-88XZNH-2HHXP2-5Q3WRT-1C");
  CHECK(parsed({"list"}).invite.empty());
  CHECK(parsed({"list", "--invite", std::string(proto::max_invitation, 'a').c_str()}).invite.size() ==
        proto::max_invitation);
  auto suites = parsed({"--suite", "rsa", "id"}).suites;
  REQUIRE(suites.size() == 1);
  CHECK(suites[0]->label == "rsa");
}

TEST_CASE("wrong usage is exit status 2") {
  const std::string too_long(proto::max_invitation + 1, 'a');
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{},
                                             {"nonsense"},
                                             {"send"},
                                             {"verify", "bob"},
                                             {"list", "--nonsense"},
                                             {"id", "list"},
                                             {"--suite", "none", "id"},
                                             {"send", "bob", "--timeout", "0"},
                                             {"send", "bob", "--wait-for", "sent"},
                                             {"send", "bob", "a", "b"},
                                             {"listen", "--count", "-1"},
                                             {"--name", "No Name", "id"},
                                             {"passphrase", "--remove", "--status"},
                                             {"passphrase", "--remove", "--new-key-file", "k"},
                                             {"history"},
                                             {"history", "bob", "--limit", "0"},
                                             {"export", "bob", "a", "b"},
                                             {"erase", "Bob!"},
                                             {"--key-file", "", "id"},
                                             {"--invite", too_long.c_str(), "list"},
                                             {"--invite", "\xff", "list"},
                                             {"send", "Bob!", "x"}}) {
    CAPTURE(words);
    auto result = parse(words);
    REQUIRE(std::holds_alternative<int>(result));
    CHECK(std::get<int>(result) == Exit::usage);
  }
}

TEST_CASE("attack 7: a withheld text is printed with its time of sending") {
  Peer peer = some_peer();
  Line line;
  line.at_unix_ms = 1'795'391'135'403;
  line.sent_unix_ms = line.at_unix_ms - 60'000;
  line.text = "pay";
  CHECK(message_line(peer, line) == "2026-11-22T23:45:35Z bob pay\n");
  CHECK(message_json(peer, line).find("\"sent\":1795391075403,\"request\"") != std::string::npos);
  line.disordered = true;
  CHECK(message_line(peer, line) == "2026-11-22T23:45:35Z bob (sent 2026-11-22T23:44:35Z) pay\n");
  CHECK(message_json(peer, line).find("\"sent_is\":\"earlier\"") != std::string::npos);
  line.sent_unix_ms = line.at_unix_ms + 3'600'000;
  line.missing = "uid";
  CHECK(message_line(peer, line) ==
        "2026-11-22T23:45:35Z bob (something before this has not come) (sent 2026-11-23T00:45:35Z, unlikely) "
        "pay\n");
  CHECK(message_json(peer, line).find("\"sent_is\":\"unlikely\",\"incomplete\":true") != std::string::npos);

  HistoryEntry entry;
  entry.at_unix_ms = line.at_unix_ms;
  entry.sent_unix_ms = line.at_unix_ms - 3'600'000;
  entry.body = "pay";
  CHECK(entry_line("bob", entry) == "2026-11-22T23:45:35Z < (sent 2026-11-22T22:45:35Z) pay\n");
  CHECK(entry_json("bob", entry).find("\"sent_is\":\"earlier\"") != std::string::npos);
  CHECK(entry_json("bob", entry).find("incomplete") == std::string::npos);
  entry.incomplete = true;
  CHECK(entry_line("bob", entry) ==
        "2026-11-22T23:45:35Z < (something before this has not come) (sent 2026-11-22T22:45:35Z) pay\n");
  CHECK(entry_json("bob", entry).find("\"sent_is\":\"earlier\",\"incomplete\":true") != std::string::npos);
}

TEST_CASE("remote text is safe in plain lines and whole in JSON") {
  Peer peer = some_peer();
  Line line;
  line.at_unix_ms = 1'795'391'135'403;
  line.text = "a\x1b[2J\nb\xc2\x9b\xe2\x80\xae\x7f\"\\ \xc3\xbc \xf0\x9f\x8c\x8d";
  std::string plain = message_line(peer, line);
  CHECK(plain.starts_with("2026-11-22T23:45:35Z bob a"));
  CHECK(plain.find(" bob a") != std::string::npos);
  CHECK(std::count(plain.begin(), plain.end(), '\n') == 1);
  for (const char* bad : {"\x1b", "\xc2\x9b", "\xe2\x80\xae", "\x7f"})
    CHECK(plain.find(bad) == std::string::npos);

  std::string json = message_json(peer, line);
  for (char c : json.substr(0, json.size() - 1))
    CHECK((c >= ' ' && c <= '~'));
  CHECK(json.back() == '\n');
  json.pop_back();
  proto::JsonTape tape;
  auto read = tape.parse(json);
  REQUIRE(read.has_value());
  CHECK(read->get_string("body") == line.text);
  CHECK(read->get_string("from") == "bob");
  CHECK(read->get_string("id") == peer.id.text());
  CHECK(read->get_string("kind") == "text");
  CHECK(read->get_number("at") == 1'795'391'135'403);
  CHECK(read->get("verified")->boolean() == false);
  CHECK(read->get("request")->boolean() == false);
}

TEST_CASE("the history: author and delivery, safe in lines and whole in JSON") {
  HistoryEntry entry;
  entry.at_unix_ms = 1'795'391'135'403;
  entry.uid = "u";
  entry.body = "a\x1b[2J\nb";
  CHECK(entry_line("bob", entry).starts_with("2026-11-22T23:45:35Z < a"));
  CHECK(entry_line("bob", entry).find('\x1b') == std::string::npos);
  CHECK(entry_json("bob", entry) ==
        R"({"peer":"bob","mine":false,"kind":"text","body":"a\u001b[2J\nb","at":1795391135403,"uid":"u"})"
        "\n");
  entry.body = "waves";
  entry.action = true;
  CHECK(entry_line("bob", entry) == "2026-11-22T23:45:35Z < * bob waves\n");
  entry.mine = true;
  for (auto [delivery, mark, word] :
       {std::tuple(Delivery::queued, '.', "queued"), std::tuple(Delivery::sent, '-', "sent"),
        std::tuple(Delivery::mailed, '-', "mailed"), std::tuple(Delivery::delivered, '+', "delivered"),
        std::tuple(Delivery::failed, 'x', "failed")}) {
    entry.delivery = delivery;
    entry.why = "no luck";
    CHECK(entry_line("bob", entry) == std::string("2026-11-22T23:45:35Z ") + mark + " * waves\n");
    const auto json = entry_json("bob", entry);
    CHECK(json.find(std::string(R"("mine":true,"kind":"action")")) != json.npos);
    CHECK(json.find(std::string(R"("delivery":")") + word + '"') != json.npos);
    CHECK((json.find(R"("why":"no luck")") != json.npos) ==
          (delivery == Delivery::failed || delivery == Delivery::queued));
  }
}

TEST_CASE("requests, and the contacts they look like") {
  Request request{"b0b", {some_peer().id, false, 1'795'391'135'403, Standing::request}, 3, std::nullopt};
  const std::string id = some_peer().id.str();
  CHECK(request_line(request) == "2026-11-22T23:45:35Z b0b                    3 " + id + "\n");
  CHECK(request_json(request) ==
        R"({"name":"b0b","id":")" + id + R"(","since":1795391135403,"messages":3})" + "\n");
  request.looks_like = "bob";
  CHECK(request_line(request).ends_with(id + " looks like bob\n"));
  CHECK(request_json(request).ends_with(R"("messages":3,"looks_like":"bob"})"
                                        "\n"));
}

TEST_CASE("texts that wait: where, since when, and why") {
  WaitingTexts texts;
  texts.name = "bob";
  texts.id = some_peer().id;
  texts.count = 3;
  texts.oldest_unix_ms = 1'795'391'135'403;
  const std::string id = texts.id.str();
  CHECK(mail_line(texts) == "bob                  queued    3 2026-11-22T23:45:35Z\n");
  texts.why = "the mailbox of bob is full";
  texts.again_unix_ms = texts.oldest_unix_ms + 600'000;
  CHECK(mail_line(texts) ==
        "bob                  queued    3 2026-11-22T23:45:35Z the mailbox of bob is full; tried again at "
        "2026-11-22T23:55:35Z\n");
  CHECK(mail_json(texts) == R"({"name":"bob","id":")" + id +
                                R"(","state":"queued","messages":3,"oldest":1795391135403,)"
                                R"("why":"the mailbox of bob is full","again":1795391735403})"
                                "\n");
  texts = {WaitingTexts::Place::mailed,  "bob", texts.id, 1, texts.oldest_unix_ms,
           texts.oldest_unix_ms + 1'000, "",    0};
  CHECK(mail_line(texts) ==
        "bob                  mailed    1 2026-11-22T23:45:35Z at the relay since 2026-11-22T23:45:36Z\n");
  CHECK(mail_json(texts).find(
            R"("state":"mailed","messages":1,"oldest":1795391135403,"since":1795391136403})") !=
        std::string::npos);
}

TEST_CASE("actions, and remarks about remote text") {
  Peer peer = some_peer();
  Line line;
  line.kind = Line::Kind::action;
  line.text = "waves";
  CHECK(message_line(peer, line) == "1970-01-01T00:00:00Z * bob waves\n");
  CHECK(message_json(peer, line).find("\"kind\":\"action\"") != std::string::npos);
  std::string remarked = remark("the server says: \x1b]0;x\x07\n");
  CHECK(remarked.starts_with("sims: the server says: "));
  CHECK(remarked.find('\x1b') == std::string::npos);
  CHECK(remarked.find('\n') == remarked.size() - 1);
}

TEST_CASE("the list shows trust") {
  Peer peer = some_peer();
  CHECK(trust_word(peer) == "new");
  peer.standing = client::Standing::request;
  CHECK(trust_word(peer) == "request");
  peer.standing = client::Standing::blocked;
  CHECK(trust_word(peer) == "blocked");
  peer.standing = client::Standing::contact;
  const auto listed = [&](const Id& id) {
    return Listed{"bob", id.str(), 12, std::string(trust_word(peer))};
  };
  CHECK(list_line(listed(peer.id)) == "bob                  unverified " + peer.id.str() + "\n");
  peer.trust = Trust::verified;
  CHECK(list_json(listed(peer.id)) ==
        "{\"name\":\"bob\",\"id\":\"" + peer.id.str() + "\",\"since\":12,\"trust\":\"verified\"}\n");
  peer.trust = Trust::changed;
  test::FixedRng rng(9);
  peer.changed_to = Id::of(crypto::SigningKey::generate(rng).public_key());
  CHECK(list_line(listed(*peer.changed_to)) ==
        "bob                  changed    " + peer.changed_to->str() + "\n");
}

TEST_CASE("an unknown command suggests a similar one") {
  CHECK(std::get<int>(parse({"sned", "bob", "hi"})) == Exit::usage);
  CLI::App app("", "sims");
  app.add_option("--home");
  app.add_flag("--json");
  app.add_subcommand("send");
  app.add_subcommand("listen");
  const auto said = [&](std::vector<const char*> words) {
    words.insert(words.begin(), "sims");
    return unknown_command(app, static_cast<int>(words.size()), words.data()).value_or("known");
  };
  CHECK(said({"sned"}) == "there is no command sned. Did you mean send? (sims --help tells more)");
  CHECK(said({"--home", "sned", "send"}) == "known");
  CHECK(said({"--home=x", "--json", "lisen"}) ==
        "there is no command lisen. Did you mean listen? (sims --help tells more)");
  CHECK(said({"completelydifferent"}) == "there is no command completelydifferent. (sims --help tells more)");
  CHECK(said({"listen", "sned"}) == "known");
  CHECK(said({"--json"}) == "known");
}

TEST_CASE("the command peers takes no peer") {
  CHECK(parsed({"peers"}).command == Command::peers);
  CHECK(parsed({"--home", "h", "peers"}).home == "h");
}
