// The report of /doctor: none or the right advice.
#include "tui/app/doctor.h"

#include <doctest/doctest.h>

#include "tui/ui/fixture.h"

using namespace sims;
using namespace sims::tui;

namespace {

struct Stage {
  test::FakeIntents intents;
  Ui ui{intents, {}, {"ecdhe"}, test::utc};
  DoctorFacts facts;
  Now now{1'000, 1'795'334'400'000};

  Stage() {
    intents.fake = test::some_model();
    ui.resize({80, 24});
    facts = {"xterm-256color", "C.UTF-8", 256,  false, true,  false, false, 1'000, 0,
             "store.db",       "conf",    true, false, 4'096, {},    {}};
  }
  std::string text() { return doctor_text(facts, intents.fake, ui.state(), now); }
  bool says(std::string_view part) { return text().find(part) != std::string::npos; }
};

}  // namespace

TEST_CASE("doctor: a healthy client gets no advice") {
  Stage s;
  CHECK_FALSE(s.says("->"));
  CHECK(s.says("TERM=xterm-256color, 80x24"));
  CHECK(s.says("online at chat.example.org:7467, ECDHE, round trip 12 ms"));
  CHECK(s.says("2026-11-22 08:00 (UTC+00:00)"));
  CHECK_FALSE(s.says("session"));
  test::type(s.ui, "/query bob\r");
  CHECK(s.says("bob: RSA, 2 key rotations so far"));
}

TEST_CASE("doctor: advice follows each problem") {
  Stage s;
  const auto advised = [&](std::string_view part) { return s.says("->") && s.says(part); };
  s.facts.locale = "C";
  CHECK(advised("/set ascii on"));
  s.facts.locale = "C.UTF-8";
  s.facts.modern = false;
  CHECK(advised("lines that come at once count as a paste"));
  s.facts.modern = true;
  s.facts.passphrase = false;
  CHECK(advised("/passphrase"));
  s.facts.passphrase = true;
  s.facts.colours = 8;
  CHECK(advised("TERM=xterm-256color"));
  s.facts.colours = 256;
  s.facts.odd_widths = 300;
  CHECK(advised("drawn as ?"));
  s.facts.odd_widths = 0;
  s.now.unix_ms = 0;
  CHECK(advised("set the clock"));
  s.now.unix_ms = 1'795'334'400'000;
  s.intents.fake.link = client::LinkState::offline;
  CHECK(advised("/connect"));
}
