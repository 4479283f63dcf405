// Typing key by key: the cells and the cursor are right after each key.
#include <doctest/doctest.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

const std::string prompt = "[status] ";

// Types, then waits until the input line holds `text` and the cursor is `column` columns behind the prompt.
void types(TermProgram& program, std::string_view keys, const std::string& text, int column) {
  program.type(keys);
  const int last = program.screen().size().height - 1;
  const auto shown = [&] {
    std::string wanted = prompt + text;
    wanted.erase(wanted.find_last_not_of(' ') + 1);
    return program.screen().row(last) == wanted &&
           program.screen().cursor() == tui::Point{static_cast<int>(prompt.size()) + column, last};
  };
  program.see(shown, "\"" + text + "\" in the input, cursor at " + std::to_string(column));
  CHECK(program.screen().cursor_visible());
}

constexpr const char* left = "\x1b[D";
constexpr const char* right = "\x1b[C";

}  // namespace

TEST_CASE("typing: letters, killing, yanking") {
  World world;
  auto program = world.alone();
  types(*program, "h", "h", 1);
  types(*program, "e", "he", 2);
  types(*program, "llo world", "hello world", 11);
  types(*program, "\x01", "hello world", 0);  // Ctrl-A
  types(*program, "\x06", "hello world", 1);  // Ctrl-F
  types(*program,
        "\x1b"
        "f",
        "hello world", 5);              // Alt-F
  types(*program, "\x0b", "hello", 5);  // Ctrl-K
  types(*program, "\x17", "", 0);       // Ctrl-W
  // Ctrl-Y: kills that follow each other are yanked as one text.
  types(*program, "\x19", "hello world", 11);
  types(*program, "\x1f", "", 0);  // Ctrl-_: undone
  types(*program, "hell", "hell", 4);
  types(*program, left, "hell", 3);
  types(*program, "p",
        "help"
        "l",
        4);
  types(*program, "\x1b[3~", "help", 4);  // Delete
  types(*program, "\x15", "", 0);         // Ctrl-U
  CHECK(program->output().violations().empty());
}

TEST_CASE("typing: wide characters take two cells, marks none") {
  World world;
  auto program = world.alone();
  const int last = 23;
  const int at = static_cast<int>(prompt.size());
  types(*program, "\xe6\xbc\xa2", "\xe6\xbc\xa2", 2);
  types(*program, "\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97", 4);
  CHECK(program->screen().cell(at, last).text == "\xe6\xbc\xa2");
  CHECK(program->screen().cell(at, last).width == 2);
  CHECK(program->screen().cell(at + 1, last).width == 0);
  CHECK(program->screen().cell(at + 2, last).text == "\xe5\xad\x97");
  types(*program, left, "\xe6\xbc\xa2\xe5\xad\x97", 2);
  types(*program, "x", "\xe6\xbc\xa2x\xe5\xad\x97", 3);
  types(*program, right, "\xe6\xbc\xa2x\xe5\xad\x97", 5);
  types(*program, "\x7f", "\xe6\xbc\xa2x", 3);
  types(*program, "\x7f", "\xe6\xbc\xa2", 2);
  types(*program, "\x7f", "", 0);
  // A letter and its mark are one cluster: the cursor passes both, Backspace deletes both.
  types(*program, "e", "e", 1);
  types(*program, "\xcc\x81", "e\xcc\x81", 1);
  CHECK(program->screen().cell(at, last).text == "e\xcc\x81");
  types(*program, "z", "e\xcc\x81z", 2);
  types(*program, left, "e\xcc\x81z", 1);
  types(*program, left, "e\xcc\x81z", 0);
  types(*program, "\x05", "e\xcc\x81z", 2);
  types(*program, "\x7f\x7f", "", 0);
  types(*program, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2);
  types(*program, "!", "\xf0\x9f\x98\x80!", 3);
  CHECK(program->screen().cell(at, last).width == 2);
  types(*program, "\x01\x04", "!", 0);
  CHECK(program->output().violations().empty());
}

TEST_CASE("typing: bytes in pieces, as over a slow link") {
  World world;
  auto program = world.alone();
  for (const char c : std::string("\xf0\x9f\x98\x80"))
    program->type({&c, 1});
  types(*program, "", "\xf0\x9f\x98\x80", 2);
  program->type("\x1b[");
  types(*program, "D", "\xf0\x9f\x98\x80", 0);
}

TEST_CASE("typing: the input grows to a third of the screen and shrinks again") {
  World world;
  auto program = world.alone();
  program->type(std::string(60, 'a'));
  program->see(std::string(60, 'a'));
  CHECK(program->row_with(prompt) == 23);
  program->type(std::string(40, 'b'));
  program->see([&] { return program->row_with(prompt) == 22; }, "an input of two rows");
  program->type(std::string(1'500, 'c'));
  program->see([&] { return program->screen().row(16).find("ccccc") != std::string::npos; },
               "eight rows of input");
  CHECK(program->screen().row(15).find("ccccc") == std::string::npos);
  program->type("\x15");
  program->see([&] { return program->screen().row(23) == "[status]"; }, "an input of one row");
  CHECK(program->output().violations().empty());
}
