// The table of slash commands, and how a line is parsed.
#include "tui/ui/commands.h"

#include <doctest/doctest.h>

#include <algorithm>

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

TEST_CASE("commands: plain text and the slash") {
  CHECK(body(parse_line("hello / there")) == "hello / there");
  CHECK(body(parse_line("//etc/passwd is a file")) == "/etc/passwd is a file");
  CHECK(std::holds_alternative<Nothing>(parse_line("")));
  CHECK(std::holds_alternative<Nothing>(parse_line("  \n ")));
  CHECK(body(parse_line(" indented")) == " indented");
}

TEST_CASE("commands: a line that looks like a command is never a text") {
  for (const char* line : {"/qurey bob", "/", "/foo", "/etc/passwd", "/QUIT", "/q uit"}) {
    CAPTURE(line);
    CHECK(std::holds_alternative<Refused>(parse_line(line)));
  }
  for (const char* line : {" /quit", "\t/quit", "\n/msg bob secret", "  //quit"}) {
    CAPTURE(line);
    REQUIRE(std::holds_alternative<AmbiguousSlash>(parse_line(line)));
    CHECK(std::get<AmbiguousSlash>(parse_line(line)).command ==
          std::string(line).substr(std::string(line).find('/')));
  }
}

TEST_CASE("commands: a typo suggests the nearest, another program's word ours") {
  CHECK(why(parse_line("/qurey bob")) == "There is no command /qurey. Did you mean /query?");
  CHECK(why(parse_line("/qui")).find("/quit?") != std::string::npos);
  CHECK(why(parse_line("/Help")).find("/help?") != std::string::npos);
  CHECK(why(parse_line("/verifi bob")).find("/verify?") != std::string::npos);
  CHECK(why(parse_line("/unblock bob")) == "There is no command /unblock. Here it is /accept.");
  for (const std::string& far : {std::string("/zzzzzzzz"), std::string("/x"), "/" + std::string(10'000, 'q')})
    CHECK(why(parse_line(far)).find("/help lists them") != std::string::npos);
}

TEST_CASE("commands: words") {
  auto call = std::get<Invocation>(parse_line("/msg  bob   hello  there "));
  CHECK(call.command == find_command("/msg"));
  CHECK(call.words == std::vector<std::string>{"bob", "hello  there"});
  call = std::get<Invocation>(parse_line("/verify bob 12345 67890"));
  CHECK(call.words == std::vector<std::string>{"bob", "12345 67890"});
  call = std::get<Invocation>(parse_line("/me waves at all"));
  CHECK(call.words == std::vector<std::string>{"waves at all"});
  CHECK(why(parse_line("/msg bob")).find("Usage: /msg NAME TEXT") != std::string::npos);
  CHECK(why(parse_line("/clear all")).find("no arguments") != std::string::npos);
}
