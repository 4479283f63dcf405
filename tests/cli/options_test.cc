// The table of commands and options beside sims(1). tests/man.sh and tests/completions.sh hold sims(1) and the completions
// against --help, which is made from the table.
#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command_table.h"
#include "support/vectors.h"

using namespace sims::client::cli;

namespace {

// "PEER", "NAME|ID", "--json", "--timeout SECONDS".
using Words = std::multiset<std::string>;

// The arguments and options of an mdoc line: "Ar PEER Oo Fl -json Oc Op Fl -limit Ar N".
Words of_manual(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> out;
  std::string macro;
  bool joins = false, option = false;  // the next word belongs to the last one
  for (std::string word; in >> word;) {
    if (word == "|") {
      joins = !out.back().starts_with("--");
      option = false;
    } else if (word == "Oo" || word == "Oc" || word == "Op") {
      joins = option = false;
    } else if (word == "Fl" || word == "Ar" || word == "Cm") {
      macro = word;
    } else if (macro == "Fl") {
      out.push_back("-" + word);
      option = true;
    } else if (joins) {
      if (word != "-") out.back() += "|" + word;  // "-" is a value of TEXT: standard input
      joins = false;
    } else if (option) {
      out.back() += " " + word;
      option = false;
    } else {
      out.push_back(word);
    }
  }
  return {out.begin(), out.end()};
}

Words of_row(const CommandRow& row) {
  Words out;
  for (const auto& option : row.options)
    out.insert(option.name + (option.value.empty() ? "" : " " + option.value));
  return out;
}

}  // namespace

TEST_CASE("sims(1) lists each command with its arguments and options, and each common option") {
  const auto manual = sims::test::read_text("man/sims.1");
  for (const auto& row : command_table()) {
    CAPTURE(std::string(row.name));
    const std::string item = "\n.It Cm " + std::string(row.name);
    auto at = manual.find(item + " ");
    if (at == std::string::npos) at = manual.find(item + "\n");
    REQUIRE(at != std::string::npos);
    const auto begin = at + item.size();
    const auto listed = of_manual(manual.substr(begin, manual.find('\n', begin) - begin));
    CHECK(listed == of_row(row));
    CHECK(&command_row(row.command) == &row);
  }
  for (const auto& option : common_options()) {
    CAPTURE(option.name);
    CHECK(manual.find("\n.It Fl " + option.name.substr(1) + (option.value.empty() ? "\n" : " ")) !=
          std::string::npos);
  }
}
