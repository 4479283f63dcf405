#include <doctest/doctest.h>

#include "tui/ui/fixture.h"
#include "tui/view/passphrase_box.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::FakeIntents;

namespace {

struct Stage {
  FakeIntents intents;
  Ui ui{intents, {"host", "7467", "alice", "ecdhe"}, {"ecdhe"}, test::utc};
  Stage() {
    intents.fake = test::some_model();
    ui.resize({80, 24});
    ui.model_changed();
  }
  const PassphraseState& passphrase() const { return ui.state().passphrase; }
  std::string screen(Size size = {80, 24}) {
    ui.resize(size);
    return test::dump(render(intents.fake, ui.state(), {1'000, 1'795'337'000'000}), false);
  }
};

}  // namespace

TEST_CASE("passphrase: locking leaves nothing of the conversations, unlocking asks for the passphrase") {
  Stage s;
  test::type(s.ui, "/query bob\r");
  test::type(s.ui, "a secret draft");
  s.ui.only_ascii();
  s.ui.locked();
  CHECK(s.ui.state().look.ascii);  // the terminal is no other one
  s.intents.fake = {};
  s.ui.model_changed();
  CHECK(s.ui.state().windows.size() == 1);
  const std::string locked = s.screen();
  CHECK(locked.find("Locked") != std::string::npos);
  CHECK(locked.find("secret") == std::string::npos);
  CHECK(locked.find("bob") == std::string::npos);
  test::type(s.ui, "correct horse");
  CHECK(s.screen().find("*************") != std::string::npos);
  CHECK(s.screen().find("horse") == std::string::npos);
  test::type(s.ui, "\r");
  CHECK(s.intents.last() == "unlock correct horse");
  CHECK(s.passphrase().busy);
  test::type(s.ui, "more\r");  // not while it is worked on
  CHECK(s.intents.last() == "unlock correct horse");
  s.ui.passphrase_answer(fail("wrong passphrase"));
  CHECK(s.screen().find("wrong passphrase") != std::string::npos);
  test::type(s.ui, "again\r");
  s.ui.passphrase_answer({});
  CHECK_FALSE(s.passphrase().open());
}

TEST_CASE("passphrase: Escape cancels the work, Ctrl-C leaves from an empty line") {
  Stage s;
  s.ui.locked();
  test::type(s.ui, "pass\r");
  test::type(s.ui, "\x1b");
  CHECK(s.intents.logged("cancel_passphrase"));
  CHECK_FALSE(s.passphrase().busy);
  s.ui.passphrase_answer({});  // too late
  CHECK(s.passphrase().open());
  test::type(s.ui, "pass\x03");
  CHECK_FALSE(s.intents.logged("quit"));
  test::type(s.ui, "\x03");
  CHECK(s.intents.logged("quit"));
}

TEST_CASE("passphrase: a passphrase is set by giving it twice, with a word about short and empty ones") {
  Stage s;
  test::type(s.ui, "/passphrase\r");
  REQUIRE(s.passphrase().kind == PassphraseState::Kind::change);
  CHECK(s.passphrase().focus == PassphraseState::fresh_field);
  test::type(s.ui, "short\r");
  CHECK(s.passphrase().problem.find("short") != std::string::npos);
  test::type(s.ui, "other\r");
  CHECK(s.passphrase().problem.find("differ") != std::string::npos);
  CHECK_FALSE(s.intents.logged("set_passphrase"));
  test::type(s.ui, "several words\rseveral words\r");
  CHECK(s.intents.last() == "set_passphrase '' 'several words'");
  s.ui.passphrase_answer({});
  CHECK_FALSE(s.passphrase().open());
  test::type(s.ui, "/passphrase\r\r");
  CHECK(s.passphrase().problem.find("no passphrase at all") != std::string::npos);
  test::type(s.ui, "\x1b");
  CHECK_FALSE(s.passphrase().open());
}

TEST_CASE("passphrase: the current passphrase is asked for first") {
  Stage s;
  s.intents.passphrase = "old";
  test::type(s.ui, "/passphrase\r");
  CHECK(s.passphrase().focus == PassphraseState::current_field);
  test::type(s.ui, "old\rnew passphrase\rnew passphrase\r");
  CHECK(s.intents.last() == "set_passphrase 'old' 'new passphrase'");
  s.ui.passphrase_answer(fail("wrong passphrase"));
  CHECK(s.passphrase().focus == PassphraseState::current_field);
}

TEST_CASE("passphrase: fits every screen") {
  for (const Size size : {Size{80, 24}, Size{40, 10}, Size{20, 5}, Size{10, 2}, Size{1, 1}, Size{200, 60}}) {
    Stage s;
    s.ui.locked();
    test::type(s.ui, std::string(100, 'x'));
    s.ui.resize(size);
    CHECK(test::printable(render(s.intents.fake, s.ui.state(), {})));
    Stage change;
    test::type(change.ui, "/passphrase\r");
    change.ui.resize(size);
    CHECK(test::printable(render(change.intents.fake, change.ui.state(), {})));
  }
}
