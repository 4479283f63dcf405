// Compares sims-tui(1) with the tables of commands, options and actions.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tui/edit/keymap.h"
#include "tui/state/options.h"
#include "tui/ui/commands.h"

using namespace sims::tui;

namespace {

// The text behind each ".It MACRO" of a section.
std::vector<std::string> items(const std::string& section, const std::string& macro) {
  std::ifstream file("man/sims-tui.1");
  REQUIRE(file.good());
  std::vector<std::string> out;
  bool here = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(".Ss ") || line.starts_with(".Sh ")) here = line == ".Ss " + section;
    if (here && line.starts_with(".It " + macro + " ")) out.push_back(line.substr(5 + macro.size()));
  }
  return out;
}

bool mdoc(const std::string& word) {
  for (const char* own : {"Ar", "Cm", "Op", "Oo", "Oc", "Pq", "No", "Ns", "or", "to", ","})
    if (word == own) return true;
  return false;
}

// The words of a line of mdoc or of a table, without macros and brackets: "[NAME [TEXT]]" and "Oo Ar NAME Oo
// Ar TEXT Oc Oc" have the same.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line + " ") {
    if (std::string_view(" []|,()").find(c) == std::string_view::npos) {
      out.back() += c;
    } else if (!out.back().empty()) {
      if (mdoc(out.back())) out.pop_back();
      out.emplace_back();
    }
  }
  out.pop_back();
  return out;
}

}  // namespace

TEST_CASE("manual: lists each command with its arguments, and no other") {
  std::vector<std::vector<std::string>> listed, wanted;
  for (const auto& item : items("Commands", "Ic"))
    listed.push_back(words(item));
  for (const Command& c : all_commands()) {
    if (c.name == "/history") {  // two commands in one row
      wanted.push_back({"/history", "export", "NAME", "FILE"});
      wanted.push_back({"/history", "delete", "NAME"});
    } else {
      wanted.push_back(words(std::string(c.name) + " " + std::string(c.arguments)));
    }
  }
  REQUIRE(listed.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(wanted[i].front());
    CHECK(listed[i] == wanted[i]);
  }
}

TEST_CASE("manual: lists each option with its values, and no other") {
  std::vector<std::vector<std::string>> listed, wanted;
  for (const auto& item : items("Options", "Cm"))
    listed.push_back(words(item));
  for (const Option& option : all_options())
    wanted.push_back(words(std::string(option.name) + " " + option_values(option)));
  REQUIRE(listed.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(wanted[i].front());
    CHECK(listed[i] == wanted[i]);
  }
}

TEST_CASE("manual: lists each action with its keys, and no other") {
  std::vector<std::vector<std::string>> listed;
  for (const auto& item : items("Keys", "Cm"))
    listed.push_back(words(item));
  REQUIRE(listed.size() == all_actions().size() - 9);
  std::size_t i = 0;
  for (const ActionInfo& info : all_actions()) {
    if (info.action > Action::window_1 && info.action <= Action::window_10) continue;
    CAPTURE(info.name);
    const bool numbered = info.action == Action::window_1;
    CHECK(listed[i++] == (numbered ? words("window-1 window-10 alt-1 alt-0")
                                   : words(std::string(info.name) + " " + std::string(info.keys))));
  }
}
