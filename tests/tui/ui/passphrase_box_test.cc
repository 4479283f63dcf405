// The box for the passphrase: unlocks, changes, and leaves nothing behind.
#include <doctest/doctest.h>

#include "tui/ui/fixture.h"
#include "tui/ui/passphrase_box.h"
#include "tui/ui/stage.h"
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

TEST_CASE("passphrase box: locking leaves nothing of the conversations, unlocking asks for the passphrase") {
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

TEST_CASE("passphrase box: Escape cancels the work, Ctrl-C leaves from an empty line") {
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

TEST_CASE("passphrase box: a passphrase is set by giving it twice, with a word about short and empty ones") {
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

TEST_CASE("passphrase box: the current passphrase is asked for first") {
  Stage s;
  s.intents.passphrase = "old";
  test::type(s.ui, "/passphrase\r");
  CHECK(s.passphrase().focus == PassphraseState::current_field);
  test::type(s.ui, "old\rnew passphrase\rnew passphrase\r");
  CHECK(s.intents.last() == "set_passphrase 'old' 'new passphrase'");
  s.ui.passphrase_answer(fail("wrong passphrase"));
  CHECK(s.passphrase().focus == PassphraseState::current_field);
}

TEST_CASE("passphrase box: fits every screen") {
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

namespace {

struct Alone {
  test::Stage s;
  Notices notices{s.ui, s.intents};
  PassphraseBox box{s.ui, s.intents, s.intents, notices};

  PassphraseState& state() { return s.state.passphrase; }
};

}  // namespace

TEST_CASE(
    "passphrase box alone: closed it takes no key, and an answer that nobody waits for changes nothing") {
  Alone a;
  CHECK_FALSE(test::feed(a.box, "x"));
  a.box.answer({});
  a.box.open_for_change();
  a.box.answer(fail("late"));
  CHECK(a.state().problem.empty());
  CHECK(a.state().open());
}

TEST_CASE("passphrase box alone: Up and Down stay among the fields that are asked for") {
  Alone a;
  SUBCASE("there is none yet") {
    a.box.open_for_change();
    test::feed(a.box, "\x1b[A\x1b[A");
    CHECK(a.state().focus == PassphraseState::fresh_field);
  }
  SUBCASE("there is one") {
    a.s.intents.passphrase = "old";
    a.box.open_for_change();
    test::feed(a.box, "\t\x1b[A\x1b[Z");
    CHECK(a.state().focus == PassphraseState::current_field);
  }
  test::feed(a.box, "\t\t\x1b[B\x1b[B");
  CHECK(a.state().focus == PassphraseState::again_field);
}

TEST_CASE("passphrase box alone: to unlock there is one field, and an empty one is no try") {
  Alone a;
  a.state().kind = PassphraseState::Kind::unlock;
  CHECK(test::feed(a.box, "\r\t\x1b[B"));
  CHECK(a.state().focus == PassphraseState::current_field);
  CHECK(a.s.intents.log.empty());
  test::feed(a.box, "word\r");
  CHECK(a.s.intents.last() == "unlock word");
  CHECK(a.state().entries[PassphraseState::current_field].empty());
}

TEST_CASE("passphrase box alone: an error is shown until the next key, at the field to mend") {
  Alone a;
  a.box.open_for_change();
  test::feed(a.box, "several words\rseveral words\r");
  REQUIRE(a.state().busy);
  a.box.answer(fail("the disk is full"));
  CHECK(a.state().problem == "the disk is full");
  CHECK(a.state().focus == PassphraseState::fresh_field);
  CHECK(a.s.screen().find("the disk is full") != std::string::npos);
  test::feed(a.box, "s");
  CHECK(a.state().problem.empty());
}

TEST_CASE("passphrase box alone: the new state of the store is said, whether it has a passphrase or not") {
  for (const std::string fresh : {"several words", ""}) {
    Alone a;
    a.box.open_for_change();
    test::feed(a.box, fresh + "\r" + fresh + "\r");
    a.s.intents.passphrase = fresh;
    a.box.answer({});
    CHECK_FALSE(a.state().open());
    CHECK(a.s.intents.logged(fresh.empty() ? "The store has no passphrase now"
                                           : "The store has a new passphrase."));
  }
}

TEST_CASE("passphrase box alone: leaving it empties all of its fields") {
  for (const char* key : {"\x1b", "\x03"}) {
    Alone a;
    a.s.intents.passphrase = "old";
    a.box.open_for_change();
    test::feed(a.box, "one\ttwo\tthree");
    test::feed(a.box, key);
    CHECK_FALSE(a.state().open());
    for (const SecretField& entry : a.state().entries)
      CHECK(entry.empty());
  }
}
