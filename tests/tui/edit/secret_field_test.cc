// The field for a passphrase: typing, pastes, its bound, and memory that is wiped.
#include "tui/edit/secret_field.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <new>

using namespace sims;
using namespace sims::tui;

namespace {

Key typed(char32_t c) {
  Key key;
  key.ch = c;
  return key;
}

std::string taken(SecretField& field) {
  return std::string(text_of(field.take().view()));
}

bool all_zero(const unsigned char* memory, std::size_t size) {
  return std::all_of(memory, memory + size, [](unsigned char c) { return c == 0; });
}

}  // namespace

TEST_CASE("secret field: typing, Backspace, Ctrl-U") {
  SecretField field;
  for (char32_t c : U"pässw漢")
    if (c != 0) CHECK(field.handle(typed(c)));
  CHECK(field.size() == 6);
  Key back;
  back.code = KeyCode::backspace;
  CHECK(field.handle(back));
  CHECK(field.size() == 5);
  CHECK(taken(field) == "pässw");
  CHECK(field.empty());
  CHECK(field.handle(back));
  field.insert("more");
  Key clear = typed(U'u');
  clear.ctrl = true;
  CHECK(field.handle(clear));
  CHECK(field.empty());
  CHECK(taken(field).empty());
  for (KeyCode code : {KeyCode::enter, KeyCode::tab, KeyCode::escape, KeyCode::up, KeyCode::focus_in}) {
    Key key;
    key.code = code;
    CHECK_FALSE(field.handle(key));
  }
  Key yank = typed(U'y');
  yank.ctrl = true;
  CHECK_FALSE(field.handle(yank));
}

TEST_CASE("secret field: a paste is taken whole or not at all") {
  SecretField field;
  Key paste;
  paste.code = KeyCode::paste;
  paste.text = "correct horse\r\n";
  CHECK(field.handle(paste));
  CHECK_FALSE(field.refused());
  CHECK(taken(field) == "correct horse");
  for (const std::string& bad : {std::string("two\nlines"), std::string("\xff"), std::string("nul\0", 4),
                                 std::string("esc\x1b"), std::string("\xc2\x9b"), std::string(1'025, 'x')}) {
    paste.text = bad;
    CHECK(field.handle(paste));
    CHECK(field.refused());
    CHECK(field.empty());
  }
  paste.text = "the beginning";
  paste.cut = 1;
  CHECK(field.handle(paste));
  CHECK(field.refused());
  CHECK(field.empty());
}

TEST_CASE("secret field: bounded") {
  SecretField field;
  CHECK(field.insert(std::string(1'023, 'x')));
  CHECK_FALSE(field.insert("é"));
  CHECK(field.insert("y"));
  field.handle(typed(U'z'));
  CHECK(field.refused());
  CHECK(field.size() == 1'024);
}

TEST_CASE("secret field: nothing stays in its memory") {
  alignas(SecretField) unsigned char memory[sizeof(SecretField)] = {};
  auto* field = new (memory) SecretField;
  field->insert("geheim");
  SecretField moved(std::move(*field));
  CHECK(all_zero(memory, sizeof memory));
  CHECK(taken(moved) == "geheim");
  field->insert("geheim");
  moved = std::move(*field);
  CHECK(all_zero(memory, sizeof memory));
  field->insert("geheim");
  field->clear();
  CHECK(all_zero(memory, sizeof memory));
  field->insert("x");
  field->backspace();
  CHECK(all_zero(memory, sizeof memory));
  field->insert("geheim");
  field->~SecretField();
  CHECK(all_zero(memory, SecretField::max_bytes));
}
