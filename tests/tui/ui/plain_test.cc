// The output of --plain: each event once and in words, and only harmless bytes.
#include "tui/view/plain.h"

#include <doctest/doctest.h>

#include "tui/state/dialog_fields.h"
#include "tui/ui/fixture.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::FakeIntents;

namespace {

struct Stage {
  FakeIntents intents;
  Ui ui{intents, {"host", "7467", "alice", "ecdhe"}, {"ecdhe"}, test::utc};
  Plain plain;

  Stage() {
    intents.fake = test::some_model();
    ui.resize({80, 24});
  }
  std::string update(int width = 80) {
    ui.model_changed();
    return plain.update(intents.fake, ui.state(), width);
  }
  std::string type(std::string_view bytes) {
    test::type(ui, bytes);
    return update();
  }
};

}  // namespace

TEST_CASE("plain: a window that comes in front says its name and a few lines; then only what is new") {
  Stage s;
  CHECK(s.update().find("Window: status\r\n") != std::string::npos);
  s.type("/query bob");
  const std::string opened = s.type("\r");
  CHECK(opened.find("Window: bob, unverified\r\n") != std::string::npos);
  CHECK(opened.find("Good night") == std::string::npos);
  CHECK(opened.find("you: still queued\r\n") != std::string::npos);
  CHECK(opened.ends_with("bob> "));
  CHECK(s.update().empty());

  client::Line line;
  line.text = "new\x1b[2J";
  s.intents.add("bob", line);
  CHECK(s.update() == "\r     \r00:00 bob: new^[[2J\r\nbob> ");
  CHECK(s.update().empty());
}

TEST_CASE("attack 7: plain: what was withheld is read out with when it was sent") {
  Stage s;
  s.type("/query bob\r");
  client::Line line;
  line.at_unix_ms = 1'795'387'200'000;  // 22:40
  line.sent_unix_ms = line.at_unix_ms - 37 * 60'000;
  line.text = "Shall I pay?";
  s.intents.add("bob", line);
  CHECK(s.update().find("22:40 (sent 22:03) bob: Shall I pay?\r\n") != std::string::npos);
  line.sent_unix_ms = line.at_unix_ms + 86'400'000;
  s.intents.add("bob", line);
  CHECK(s.update().find("22:40 (sent 2026-11-23 22:40, which is unlikely) bob: ") != std::string::npos);
}

TEST_CASE("attack 30: plain: a line that counts is read out when its number is final") {
  Stage s;
  s.type("/query bob\r");
  client::Line line;
  line.kind = client::Line::Kind::alert;
  line.text = "held back: 1";
  line.counting = true;
  s.intents.add("bob", line);
  CHECK(s.update().empty());
  line.text = "after";
  line.counting = false;
  s.intents.add("bob", line);
  CHECK(s.update().find("held back") == std::string::npos);
  auto& lines = s.intents.fake.peers.at("bob").lines;
  lines[lines.size() - 2].text = "held back: 70";
  CHECK(s.update().empty());
  lines[lines.size() - 2].counting = false;
  CHECK(s.update().find("held back: 70\r\n") != std::string::npos);
  CHECK(s.update().empty());
}

TEST_CASE("plain: typing at the end writes only what was typed; elsewhere the line is written again") {
  Stage s;
  s.type("/query bob\r");
  CHECK(s.type("h") == "h");
  CHECK(s.type("i") == "i");
  CHECK(s.type("\x02") == "\r       \rbob> hi\b");
  CHECK(s.type("!") == "\r       \rbob> h!i\b");
}

TEST_CASE("plain: a line longer than the terminal shows the part around the cursor and never wraps") {
  Stage s;
  s.type("/query bob\r");
  s.update();
  const std::string out = s.type(std::string(200, 'x') + "end");
  CHECK(out.ends_with("end"));
  const std::string narrow = s.update(20);
  CHECK(narrow.starts_with("\r\r\r\n"));  // what wrapped stays where it is
  CHECK(narrow.substr(narrow.rfind('\n') + 1).size() == 19);
  CHECK(s.update(20).empty());
}

TEST_CASE("plain: where a text waits is said once, and why") {
  Stage s;
  s.intents.fake.mail = true;
  s.type("/query bob\r");
  auto& bob = s.intents.fake.peers.at("bob");
  auto& lines = bob.lines;
  lines[8].why = "the mailbox of bob is full";
  lines[8].again_unix_ms = 1'795'334'400'000 + 80 * 60'000;
  CHECK(s.update().find(
            "Not delivered yet: still queued: the mailbox of bob is full; tried again at 09:20\r\n") !=
        std::string::npos);
  CHECK(s.update().empty());
  lines[8].again_unix_ms += 10 * 60'000;
  CHECK(s.update().find("tried again at 09:30") != std::string::npos);
  lines[8].delivery = client::Delivery::mailed;
  CHECK(s.update().find("waits for bob at the relay: still queued\r\n") != std::string::npos);
  CHECK(s.update().empty());
  lines[8].delivery = client::Delivery::delivered;
  CHECK(s.update().find("Delivered: still queued") != std::string::npos);
}

TEST_CASE("plain: delivery, unread elsewhere, hints and panels are said in words, once") {
  Stage s;
  s.type("/query bob\r");
  auto& lines = s.intents.fake.peers.at("bob").lines;
  lines[8].delivery = client::Delivery::delivered;
  CHECK(s.update().find("Delivered: still queued\r\n") != std::string::npos);
  lines[7].delivery = client::Delivery::failed;
  lines[7].why = "gone";
  CHECK(s.update().find("Not delivered: taken by the server: gone\r\n") != std::string::npos);
  CHECK(s.update().empty());

  auto& frank = s.intents.fake.peers.at("frank");
  frank.unread = 2;
  frank.attention = true;
  const std::string told = s.update();
  CHECK(told.find("frank wrote: 2 unread in window ") != std::string::npos);
  CHECK(s.update().empty());

  const std::string panel = s.type("/verify\r");
  CHECK(panel.find("Verify bob\r\n") != std::string::npos);
  CHECK(panel.find("11111 22222") != std::string::npos);
  CHECK(panel.ends_with("bob's number: "));
}

TEST_CASE("plain: the dialog is one field after the other") {
  Stage s;
  s.intents.fake.link = client::LinkState::offline;
  s.ui.open_dialog();
  const std::string first = s.update();
  CHECK(first.find("Connect to a server.") != std::string::npos);
  CHECK(first.ends_with("Name: alice"));
  CHECK(s.type("\t").ends_with("Ciphers: ECDHE only"));
}

TEST_CASE("plain and box: each field of the connect dialog takes what is typed, shows it and hands it on") {
  for (std::size_t i = 0; i < dialog_fields.size(); ++i) {
    const DialogField& field = dialog_fields[i];
    CAPTURE(field.label);
    FakeIntents intents;
    Ui ui{intents, {}, {"ecdhe,rsa", "rsa"}, test::utc};
    Plain plain;
    ui.resize({80, 24});
    ui.open_dialog();
    while (ui.state().dialog.focus != static_cast<int>(i))
      test::type(ui, "\t");
    static_cast<void>(plain.update(intents.fake, ui.state(), 80));
    test::type(ui, field.editor ? "7" : "\x1b[C");
    const std::string shown = field.editor ? "7" : "RSA only";
    const std::string said = plain.update(intents.fake, ui.state(), 80);
    CHECK(said.ends_with(shown));
    test::type(ui, "\t\x1b[Z");
    plain.repaint();
    CHECK(plain.update(intents.fake, ui.state(), 80).ends_with(std::string(field.label) + ": " + shown));

    const std::string screen = test::dump(render(intents.fake, ui.state(), {}), false);
    const auto row = screen.find(">" + std::string(field.label));
    REQUIRE(row != std::string::npos);
    CHECK(screen.substr(row, screen.find('|', row) - row).find(shown) != std::string::npos);

    test::type(ui, "\r");
    CHECK(intents.connected.*field.value == (field.editor ? "7" : "rsa"));
  }
}

TEST_CASE("plain: questions, what is found and who asks to write are said") {
  Stage s;
  s.type("/query bob\r");
  const std::string asked = s.type("\x1b[200~1\r2\r3\r4\x1b[201~");
  CHECK(asked.find("Insert the 4 pasted lines? y yes, n no\r\n") != std::string::npos);
  CHECK(asked.ends_with("answer: "));
  CHECK(s.type("n").ends_with("bob> "));
  CHECK(s.type("/history delete\r").find("Delete the history with bob, for good?") != std::string::npos);
  s.type("n\x15");

  s.type("/search ratchet\r");
  client::SearchHit hit;
  hit.peer.name = "bob";
  hit.entry.body = "about ratchets";
  s.ui.found({hit}, "");
  const std::string found = s.update();
  CHECK(found.find("1 of 1") != std::string::npos);
  CHECK(found.find("bob: about ratchets\r\n") != std::string::npos);
  CHECK(found.ends_with("search: ratchet"));
  s.type("\x1b");
  s.type("hello there\r");
  CHECK(s.type("\x12hell").find("(search)`hell': hello there") != std::string::npos);
  s.type("\x1b");

  auto& carol = s.intents.fake.peers.at("carol");
  carol.standing = client::Standing::request;
  const std::string request = s.type("/query carol\r");
  CHECK(request.find(carol.id.str()) != std::string::npos);
  CHECK(request.find("/accept  or  /decline") != std::string::npos);
  CHECK(request.ends_with("carol> "));
}

TEST_CASE("plain: nothing but text, CR, LF and backspace is ever written") {
  Stage s;
  client::Line line;
  for (int c = 1; c < 0xa0; ++c) {
    line.text += c < 0x80 ? std::string(1, static_cast<char>(c)) : std::string("\xc2") + static_cast<char>(c);
  }
  line.text += "\xe2\x80\xae\xe2\x80\x8b\xff";
  s.intents.add("bob", line);
  s.intents.fake.problem = line.text;
  const std::string out = s.update() + s.type("/query bob\r") + s.type(line.text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    CHECK((c >= 0x20 || c == '\r' || c == '\n' || c == '\b'));
    CHECK(c != 0x7f);
    if (c == 0xc2) CHECK(static_cast<unsigned char>(out[i + 1]) >= 0xa0);
  }
}
