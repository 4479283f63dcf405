// The candidates of a completion, by the place of the cursor.
#include "tui/ui/completion.h"

#include <doctest/doctest.h>

using namespace sims::tui;

namespace {

using Strings = std::vector<std::string>;

Completables some() {
  Completables out{{"alice", "bob", "bobby"}, {"bobby"}, 12, nullptr};
  out.files = [](const std::string& beginning) {
    Strings found;
    for (const char* name : {"/tmp/", "/tmp/a.txt", "./b.txt"}) {
      if (std::string(name).rfind(beginning, 0) == 0) found.emplace_back(name);
    }
    return found;
  };
  return out;
}

Strings offers(std::string_view line) {
  return complete(line, line.size(), some()).candidates;
}

}  // namespace

TEST_CASE("completion: commands, and what each takes") {
  CHECK(offers("/qu") == Strings{"/query ", "/quit "});
  CHECK(offers("/query bo") == Strings{"bob ", "bobby "});
  CHECK(offers("/query ").size() == 3);
  CHECK(offers("/query bob b").empty());
  CHECK(offers("/help ver") == Strings{"verify "});
  CHECK(offers("/help /ver") == Strings{"/verify "});
  CHECK(offers("/win 1").size() == 4);
  CHECK(offers("/accept ") == Strings{"bobby "});
  CHECK(offers("/theme l") == Strings{"light "});
  CHECK(offers("/clear a").empty());
  CHECK(offers("/nonsense a").empty());
}

TEST_CASE("completion: options, then their values") {
  CHECK(offers("/set pa") == Strings{"paste-lines "});
  CHECK(offers("/set mouse ") == Strings{"off ", "on "});
  CHECK(offers("/set theme c") == Strings{"contrast "});
  CHECK(offers("/set paste-lines ").empty());
  CHECK(offers("/set nonsense ").empty());
  CHECK(offers("/set theme dark l").empty());
}

TEST_CASE("completion: /history, its names and files") {
  CHECK(offers("/history ") == Strings{"delete ", "export "});
  CHECK(offers("/history delete a") == Strings{"alice "});
  CHECK(offers("/history export a") == Strings{"alice "});
  CHECK(offers("/history export /t") == Strings{"/tmp/", "/tmp/a.txt "});
  CHECK(offers("/history export alice ./") == Strings{"./b.txt "});
  CHECK(offers("/history export ./b.txt ").empty());
  CHECK(offers("/history delete /t").empty());
  CHECK(offers("/history nonsense a").empty());
}

TEST_CASE("completion: names in a text, where the cursor is") {
  CHECK(offers("ask al") == Strings{"alice "});
  CHECK(offers("ask ").empty());
  CHECK(offers("").empty());
  const auto c = complete("bo more", 2, some());
  CHECK(c.from == 0);
  CHECK(c.to == 2);
  CHECK(c.candidates.size() == 2);
  CHECK(complete("/query bo", 9, some()).from == 7);
  CHECK(complete("/query bo", 0, some()).candidates.empty());
}

TEST_CASE("completion: short names of emoji, anywhere but in a command's name") {
  CHECK(offers("lunch :pizz") == Strings{"🍕 "});
  CHECK(offers("lunch :pizza:") == Strings{"🍕 "});
  CHECK(offers("lunch :pizz:").empty());
  CHECK(offers("(:pizza:") == Strings{"🍕 "});
  CHECK(offers("/me eats :pizz") == Strings{"🍕 "});
  CHECK(offers(":").empty());
  CHECK(offers("at 12:").empty());
  CHECK(offers(":c").size() > 10);
  CHECK(complete("(:pizza:", 8, {}).from == 1);
  CHECK(complete("say (:pizz) now", 10, {}).from == 5);
  CHECK(complete("say (:pizz) now", 10, {}).to == 10);
}

TEST_CASE("completion: actions of /bind") {
  CHECK(offers("/bind ctrl-x undo") == Strings{"undo "});
  CHECK(offers("/bind ctrl-x no") == Strings{"none "});
  CHECK(offers("/bind undo").empty());
}
