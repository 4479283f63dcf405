#include "tui/commands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace sims::tui;

namespace {

std::string why(const Parsed& p) {
  return std::holds_alternative<Refused>(p) ? std::get<Refused>(p).why : "(not refused)";
}

std::string body(const Parsed& p) {
  return std::holds_alternative<Text>(p) ? std::get<Text>(p).body : "(no text)";
}

}  // namespace

TEST_CASE("commands: the table is complete and sorted") {
  std::string_view last;
  for (const Command& c : all_commands()) {
    CAPTURE(c.name);
    CHECK(c.name.front() == '/');
    CHECK(c.name > last);
    CHECK_FALSE(c.help.empty());
    CHECK(c.help.back() == '.');
    CHECK(c.arguments.empty() == (c.takes == 0));
    CHECK(c.needs <= c.takes);
    CHECK(find_command(c.name) == &c);
    CHECK(help_text().find(c.help) != std::string::npos);
    last = c.name;
  }
}

TEST_CASE("commands: the manual page lists each, and no other") {
  std::ifstream file("man/sims-tui.1");
  REQUIRE(file.good());
  std::string line;
  std::vector<std::string> listed;
  while (std::getline(file, line)) {
    if (line.rfind(".It Ic /", 0) == 0) {
      std::istringstream words(line);
      std::string it, ic, name;
      words >> it >> ic >> name;
      listed.push_back(name);
    }
  }
  std::vector<std::string> wanted;
  for (const Command& c : all_commands())
    wanted.emplace_back(c.name);
  CHECK(listed == wanted);
}

TEST_CASE("commands: plain text and the slash") {
  CHECK(body(parse_line("hello / there")) == "hello / there");
  CHECK(body(parse_line("//etc/passwd is a file")) == "/etc/passwd is a file");
  CHECK(std::holds_alternative<Nothing>(parse_line("")));
  CHECK(std::holds_alternative<Nothing>(parse_line("  \n ")));
  CHECK(body(parse_line(" indented")) == " indented");
}

TEST_CASE("commands: what looks like a command is never a text") {
  for (const char* line : {"/qurey bob", "/", "/foo", "/etc/passwd", " /quit", "\t/quit", "\n/msg bob secret",
                           "/QUIT", "/q uit"}) {
    CAPTURE(line);
    CHECK(std::holds_alternative<Refused>(parse_line(line)));
  }
  CHECK(why(parse_line(" /verify")).find("space") != std::string::npos);
}

TEST_CASE("commands: a typo suggests the nearest") {
  CHECK(why(parse_line("/qurey bob")).find("Did you mean /query?") != std::string::npos);
  CHECK(why(parse_line("/qui")).find("/quit?") != std::string::npos);
  CHECK(why(parse_line("/Help")).find("/help?") != std::string::npos);
  CHECK(why(parse_line("/verifi bob")).find("/verify?") != std::string::npos);
  CHECK(nearest_command("/zzzzzzzz") == nullptr);
  CHECK(nearest_command("/x") == nullptr);
  CHECK(nearest_command("/" + std::string(10'000, 'q')) == nullptr);
}

TEST_CASE("commands: words") {
  auto call = std::get<Invocation>(parse_line("/msg  bob   hello  there "));
  CHECK(call.command->id == CommandId::msg);
  CHECK(call.words == std::vector<std::string>{"bob", "hello  there"});
  call = std::get<Invocation>(parse_line("/verify bob 12345 67890"));
  CHECK(call.words == std::vector<std::string>{"bob", "12345 67890"});
  call = std::get<Invocation>(parse_line("/me waves at all"));
  CHECK(call.words == std::vector<std::string>{"waves at all"});
  CHECK(why(parse_line("/msg bob")).find("Usage: /msg NAME TEXT") != std::string::npos);
  CHECK(why(parse_line("/clear all")).find("no arguments") != std::string::npos);
}

TEST_CASE("commands: completion") {
  const Completables with{{"alice", "bob", "bobby"}, 12};
  auto c = complete("/qu", 3, with);
  CHECK(c.candidates == std::vector<std::string>{"/query ", "/quit "});
  CHECK(c.from == 0);
  c = complete("/query bo", 9, with);
  CHECK(c.candidates == std::vector<std::string>{"bob ", "bobby "});
  CHECK(c.from == 7);
  CHECK(complete("/query ", 7, with).candidates.size() == 3);
  CHECK(complete("/query bob b", 12, with).candidates.empty());
  CHECK(complete("/help ver", 9, with).candidates == std::vector<std::string>{"verify "});
  CHECK(complete("/win 1", 6, with).candidates.size() == 4);
  CHECK(complete("ask al", 6, with).candidates == std::vector<std::string>{"alice "});
  CHECK(complete("ask ", 4, with).candidates.empty());
  CHECK(complete("", 0, with).candidates.empty());
  CHECK(complete("/clear a", 8, with).candidates.empty());
  CHECK(complete("bo more", 2, with).to == 2);
}
