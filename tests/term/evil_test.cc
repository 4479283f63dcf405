// Attack 39: escape sequences in texts, reasons, errors and names of a peer or a server. Only printable text
// and the screen's own sequences may reach the terminal, which TermProgram's Output checks.
#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>

#include "proto/wire/encode.h"
#include "support/fixed_rng.h"
#include "term/evil_server.h"
#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

// The lines of naughty.txt, with \xNN for bytes as in the file.
std::vector<std::string> naughty() {
  std::ifstream in("tests/term/naughty.txt");
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') out.push_back(line);
  REQUIRE(out.size() > 80);
  return out;
}

std::string bytes_in(const std::string& line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line.compare(at, 2, "\\x") == 0) {
      out += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
      at += 3;
    } else {
      out += line[at];
    }
  }
  return out;
}

// All lines as texts of at most `most` bytes, which a reason or an error can carry.
std::vector<std::string> pieces(std::size_t most) {
  std::vector<std::string> out(1);
  for (const auto& line : naughty()) {
    const std::string bytes = bytes_in(line).substr(0, most);
    if (out.back().size() + bytes.size() > most) out.emplace_back();
    out.back() += bytes + " ";
  }
  return out;
}

std::string escaped(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    char room[8];
    static_cast<void>(std::snprintf(room, sizeof room, "\\x%02x", static_cast<unsigned char>(c)));
    out += room;
  }
  return out;
}

// Valid UTF-8 of all kinds, mixed with escapes and control characters.
std::string random_text(FixedRng& random) {
  static const std::vector<std::string> sharp = {
      "\x1b[", "\x1b]0;",  "\x07", "\x1b\\",       "\xc2\x9b",     "\xc2\x9d",         "\x1bP",
      "\r",    "\xcc\x81", "\n",   "\xe2\x80\xae", "\xe2\x80\x8d", "\xf0\x9f\x98\x80", "\x0e"};
  std::string out;
  for (std::size_t i = 1 + random.pick(60); i > 0; --i) {
    if (random.pick(3) == 0) {
      out += sharp[random.pick(sharp.size())];
    } else if (random.pick(2) == 0) {
      out += static_cast<char>(random.pick(127) + 1);
    } else {  // two bytes of UTF-8
      const auto c = 0x80 + random.pick(0x780);
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return out;
}

void page_through(TermProgram& program, int pages) {
  for (int i = 0; i < pages; ++i)
    program.type("\x1b[5~");
  for (int i = 0; i < pages; ++i)
    program.type("\x1b[6~");
  program.type("zqzq");
  program.see("zqzq");
  program.type("\x15");
  program.see_not("zqzq");
}

std::string error_frame(const std::string& code, const std::string& message) {
  proto::Error error;
  error.code = *proto::parse_error_code(code);
  error.message = message;
  return proto::encode(error);
}

}  // namespace

TEST_CASE("attack 39: texts and reasons of a peer") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice"});
  auto alice = world.tui("alice", server, {"--query", "mallory"});
  alice->see("online");
  std::vector<std::string> lines = {"a first one", "?"};
  for (const auto& line : naughty())
    lines.push_back(line);
  std::string marks = "many marks: e";
  for (int i = 0; i < 8'000; ++i)
    marks += "\xcc\x81";
  lines.push_back(escaped(marks));
  FixedRng random(3);
  for (int i = 0; i < 100; ++i)
    lines.push_back(escaped(random_text(random)));
  const auto reasons = pieces(400);
  for (std::size_t i = 0; i < 4; ++i) {
    lines.push_back("a text before it ends");
    lines.push_back("!" + escaped(reasons[i * reasons.size() / 4]));
  }
  lines.emplace_back("(that was all)");
  const auto mallory = world.talker(server, "mallory", "alice", 200, lines);
  alice->see("a first one");
  World::accept_request(*alice);
  alice->see("(that was all)");
  const std::string title = alice->output().title();
  for (const tui::Size size : {tui::Size{80, 24}, {33, 9}, {200, 60}}) {
    alice->resize(size);
    page_through(*alice, 60);
  }
  CHECK(alice->output().title() == title);
  CHECK(alice->output().bells() == 0);
  alice->type("/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}

TEST_CASE("attack 39: a server's answers to a login") {
  World world;
  for (const auto& piece : pieces(480)) {
    EvilServer server;
    server.refusal = error_frame("busy", piece);
    auto alice = world.tui("alice", server.address(), {"--accept-new"});
    alice->see("busy");
    alice->type("\x1b[5~\x1b[6~");
    alice->see("alice");
    alice->signal(SIGTERM);
    REQUIRE(alice->await_end() == 0);
    check_restored(*alice);
  }
}

TEST_CASE("attack 39: errors and names from a server") {
  World world;
  EvilServer server;
  server.listed = {{EvilServer::some_id(), "bob", 1}};
  auto alice = world.tui("alice", server.address(), {"--accept-new"});
  alice->see("online");
  alice->see("bob");
  const auto all = pieces(480);
  for (std::size_t i = 0; i < 4; ++i)
    server.give(error_frame(i % 2 ? "internal" : "rate-limited", all[i * all.size() / 4]));
  server.give(
      "{\"type\":\"error\",\"data\":{\"code\":\"\\u001b[31m\\u009bx\\u202e\",\"message\":\"new\\u001b]0;"
      "x\\u0007\"}}");
  server.give(error_frame("going-away", all.back()));
  server.hang_up();
  alice->see("reconnecting");
  page_through(*alice, 3);
  alice->type("/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}

TEST_CASE("attack 39: invalid names end the connection and are not drawn") {
  World world;
  for (const std::string name : {"\\u001b[31mallory", "m\\u202eallory", "m\\u200ballory", "\\u0000allory",
                                 "mallory\\u009b", "M allory"}) {
    EvilServer server;
    auto alice = world.tui("alice", server.address(), {"--accept-new"});
    alice->see("online");
    server.give("{\"type\":\"list\",\"event\":\"online\",\"data\":[{\"id\":\"" + EvilServer::some_id().str() +
                "\",\"name\":\"" + name + "\",\"since\":1}]}");
    alice->see("reconnecting");
    CHECK(alice->screen().text().find("allory") == std::string::npos);  // no fingerprint can contain it
    alice->signal(SIGTERM);
    REQUIRE(alice->await_end() == 0);
    check_restored(*alice);
  }
}
