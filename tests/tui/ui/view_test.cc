// Golden screens of what is reached by keys; look_test.cc has those of single states.
#include "tui/view/view.h"

#include <doctest/doctest.h>

#include <functional>

#include "support/golden_file.h"
#include "support/vectors.h"
#include "tui/ui/fixture.h"
#include "tui/view/trust_panel.h"

using namespace sims;
using namespace sims::tui;
using test::FakeIntents;
using test::type;

namespace {

const Now now{1'000'000, 1'795'337'000'000};

struct Scene {
  std::string name;
  std::function<void(FakeIntents&, Ui&)> play;
};

client::Question question(client::Question::Kind kind) {
  client::Question q;
  q.kind = kind;
  q.server = "chat.example.org:7467";
  q.shown = test::some_id('s');
  if (kind == client::Question::Kind::server_changed) q.pinned = test::some_id('o');
  q.pinned_since_unix_ms = 1'790'000'000'000;
  return q;
}

void offline(FakeIntents& f) {
  f.fake.link = client::LinkState::offline;
  f.fake.peers.clear();
  f.fake.status.clear();
  f.fake.round_trip_ms = -1;
}

const Scene scenes[] = {
    {"dialog",
     [](FakeIntents& f, Ui& ui) {
       offline(f);
       f.fake.server.clear();
       ui.open_dialog();
       ui.model_changed();
     }},
    {"dialog-connecting",
     [](FakeIntents& f, Ui& ui) {
       offline(f);
       f.fake.link = client::LinkState::handshaking;
       f.fake.progress = "checking the server's signature";
       ui.open_dialog();
       type(ui, "\t");
     }},
    {"dialog-refused",
     [](FakeIntents& f, Ui& ui) {
       offline(f);
       f.fake.problem = "the name alice belongs to another key";
       ui.open_dialog();
     }},
    {"question-first",
     [](FakeIntents& f, Ui& ui) {
       offline(f);
       f.fake.link = client::LinkState::asking;
       f.fake.question = question(client::Question::Kind::server_first);
       ui.open_dialog();
       type(ui, "ye");
     }},
    {"question-changed",
     [](FakeIntents& f, Ui& ui) {
       offline(f);
       f.fake.link = client::LinkState::asking;
       f.fake.question = question(client::Question::Kind::server_changed);
       ui.open_dialog();
       type(ui, "yes\r");
     }},
    {"status", [](FakeIntents&, Ui& ui) { type(ui, "/help\r"); }},
    {"chat", [](FakeIntents&, Ui& ui) { type(ui, "/query bob\rhow are yöu"); }},
    {"chat-scrolled", [](FakeIntents&, Ui& ui) { type(ui, "/query bob\r\x1b[5~"); }},
    {"chat-waiting",
     [](FakeIntents& f, Ui& ui) {
       type(ui, "/query frank\r");
       f.fake.link = client::LinkState::waiting;
       f.fake.retry_at_ms = now.steady_ms + 6'500;
       f.fake.problem = "connection reset by peer";
     }},
    {"dialog-long",
     [](FakeIntents& f, Ui& ui) {
       f.fake.link = client::LinkState::offline;
       f.fake.problem =
           "the server refused: handshake-failed (the server says: " + std::string(150, 'w') + ")";
       ui.open_dialog();
     }},
    {"verify", [](FakeIntents&, Ui& ui) { type(ui, "/verify bob\rwrong\r"); }},
    {"peer-changed", [](FakeIntents&, Ui& ui) { type(ui, "/query eve.with-a-very-long-name_000001\r"); }},
    {"input-lines",
     [](FakeIntents&, Ui& ui) {
       type(ui, "/query bob\rone\x1b\rtwo\x1b\r" + std::string(90, 'w') + " 漢字漢字");
     }},
};

Grid draw(const Scene& scene, Size size) {
  FakeIntents intents;
  intents.fake = test::some_model();
  Ui ui(intents, {"chat.example.org", "7467", "alice", "ecdhe,rsa"},
        {"ecdhe,rsa", "rsa,ecdhe", "ecdhe", "rsa"}, test::utc);
  ui.resize(size);
  ui.model_changed();
  scene.play(intents, ui);
  return render(intents.fake, ui.state(), now);
}

}  // namespace

TEST_CASE("view: golden screens") {
  for (const Scene& scene : scenes) {
    for (const Size& size : test::golden_sizes) {
      const Grid grid = draw(scene, size);
      CAPTURE(scene.name);
      CHECK(test::printable(grid));
      test::check_golden(test::golden_name(scene.name, size), test::dump(grid));
    }
  }
}

TEST_CASE("view: every scene at every small size, without a crash and in its bounds") {
  for (const Scene& scene : scenes) {
    for (int width = 0; width <= 64; width += width < 24 ? 1 : 5) {
      for (int height = 0; height <= 16; ++height) {
        const Grid grid = draw(scene, {width, height});
        REQUIRE(grid.cells.size() == static_cast<std::size_t>(width * height));
        REQUIRE(test::printable(grid));
        if (width > 0 && height > 0) {
          REQUIRE(grid.cursor.x >= 0);
          REQUIRE(grid.cursor.x < width);
          REQUIRE(grid.cursor.y >= 0);
          REQUIRE(grid.cursor.y < height);
        }
      }
    }
  }
}

namespace {

// The hostile text wherever remote text can be.
void check_hostile(const std::string& text) {
  FakeIntents intents;
  intents.fake = test::some_model();
  auto& m = intents.fake;
  client::Line line;
  line.text = text;
  line.mine = true;
  line.delivery = client::Delivery::failed;
  line.why = text;
  intents.add("bob", line);
  line.kind = client::Line::Kind::alert;
  intents.add("", line);
  m.progress = m.problem = m.server_name = text;
  client::Peer odd = m.peers.at("carol");
  odd.name = text;
  odd.suite = text;
  odd.session = client::SessionState::established;
  m.peers[text] = odd;
  m.server = text;
  for (auto link : {client::LinkState::online, client::LinkState::offline, client::LinkState::handshaking}) {
    for (const Size& size : {Size{80, 24}, Size{33, 7}}) {
      m.link = link;
      Ui ui(intents, {text, text, text, "rsa"}, {"rsa"}, test::utc);
      ui.resize(size);
      type(ui, "/query bob\r");
      ui.model_changed();
      auto check = [&] {
        const Grid grid = render(m, ui.state(), now);
        CHECK(test::printable(grid));
        CHECK(grid.title.find('\x1b') == std::string::npos);
        CHECK(grid.title.find('\x07') == std::string::npos);
        CHECK(grid.title.find('\n') == std::string::npos);
      };
      check();
      for (std::size_t i = 0; i < ui.state().windows.size(); ++i) {
        type(ui, "\x0e");
        check();
      }
      if (link != client::LinkState::online) {
        ui.open_dialog();
        check();
      }
      m.question = question(client::Question::Kind::server_changed);
      m.question->server = text;
      check();
      m.question.reset();
    }
  }
}

}  // namespace

TEST_CASE("view: no hostile text puts a control character into a cell") {
  std::string zalgo = "z";
  for (int i = 0; i < 10'000; ++i)
    zalgo += "\xcc\x81";
  const std::string texts[] = {
      "\x1b[2J\x1b]0;owned\x07\x1b]52;c;aGk=\x07",
      "\x1bP$q\"p\x1b\\ \xc2\x9b"
      "31m \xc2\x9d"
      "0;x\xc2\x9c",
      "\xe2\x80\xae"
      "drowssap\xe2\x81\xa6 \xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf\xe2\x80\xa8",
      "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80",
      std::string("nul\0byte", 8),
      "a\rb\tc\vd\fe\bf\x7fg\n12:00 + <alice> not me",
      zalgo,
      "\xcc\x81 starts with a mark",
      "🇩🇪🇫🇷 👨‍👩‍👧 👍🏽 ❤️ ☂︎",
      "نص عربي שלום",
      std::string(3'000, 'W'),
      "漢字" + std::string(50, ' ') +
          "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
      "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf",
  };
  for (const auto& text : texts)
    check_hostile(text);
}

TEST_CASE("view: the naughty strings") {
  const auto path = test::third_party("blns/blns.json");
  if (!path) return;
  const auto strings = test::read_json(*path);
  REQUIRE(strings.IsArray());
  CHECK(strings.Size() > 400);
  for (const auto& s : strings.GetArray())
    check_hostile(std::string(s.GetString(), s.GetStringLength()));
}

TEST_CASE("view: a line of somebody else cannot look like one of ours") {
  FakeIntents intents;
  intents.fake = test::some_model();
  client::Line line;
  line.text = "x\n12:00 + <alice> I never said this\n-- nor did SIMS\r-- nor this";
  intents.add("bob", line);
  Ui ui(intents, {}, {}, test::utc);
  ui.resize({80, 24});
  type(ui, "/query bob\r");
  const Grid grid = render(intents.fake, ui.state(), now);
  const Layout layout = layout_of(intents.fake, ui.state());
  int found = 0;
  for (int y = 0; y < 24; ++y) {
    const std::string row = test::dump_row(grid, y);
    if (row.find("never said") == std::string::npos && row.find("nor did") == std::string::npos) continue;
    ++found;
    CHECK(grid.at(layout.chat.x, y).chars[0] == U' ');
  }
  CHECK(found == 2);
}

TEST_CASE("view: scrolled up, new lines do not move what is read, and are counted") {
  FakeIntents intents;
  intents.fake = test::some_model();
  for (int i = 0; i < 100; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    line.at_unix_ms = now.unix_ms;
    intents.add("bob", line);
  }
  Ui ui(intents, {}, {}, test::utc);
  ui.resize({80, 24});
  type(ui, "/query bob\r\x1b[5~\x1b[5~");
  const Grid before = render(intents.fake, ui.state(), now);
  CHECK(test::dump(before).find("38 more below") != std::string::npos);
  client::Line line;
  line.text = "a new one";
  line.at_unix_ms = now.unix_ms;
  intents.add("bob", line);
  intents.fake.peers["bob"].lines.pop_front();  // as the core does when a window is full
  const Grid after = render(intents.fake, ui.state(), now);
  const Layout layout = layout_of(intents.fake, ui.state());
  for (int y = layout.chat.y; y < layout.chat.height; ++y)
    CHECK(test::dump_row(before, y) == test::dump_row(after, y));
  CHECK(test::dump(after).find("39 more below") != std::string::npos);
  type(ui, "\x1b[6~\x1b[6~\x1b[6~");
  CHECK(test::dump(render(intents.fake, ui.state(), now)).find("a new one") != std::string::npos);
  // All the way up there is the first line at the top, and the pane is full.
  for (int i = 0; i < 50; ++i)
    type(ui, "\x1b[5~");
  const Grid top = render(intents.fake, ui.state(), now);
  CHECK(test::dump_row(top, layout.chat.y + 1).find("Good morning") != std::string::npos);
  CHECK(test::dump_row(top, layout.chat.y + layout.chat.height - 1).find("line ") != std::string::npos);
  // So it is in a terminal that grew since.
  ui.resize({80, 60});
  const Layout grown = layout_of(intents.fake, ui.state());
  const Grid full = render(intents.fake, ui.state(), now);
  CHECK(test::dump_row(full, grown.chat.y + 1).find("Good morning") != std::string::npos);
  CHECK(test::dump_row(full, grown.chat.y + grown.chat.height - 1).find("line ") != std::string::npos);
}

TEST_CASE("view: a panel too tall for the screen can be read by paging") {
  for (const Size& size : {Size{20, 5}, Size{12, 6}, Size{40, 10}}) {
    FakeIntents intents;
    intents.fake = test::some_model();
    offline(intents);
    intents.fake.question = question(client::Question::Kind::server_first);
    Ui ui(intents, {}, {}, test::utc);
    ui.resize(size);
    std::string seen;
    for (int i = 0; i < 60; ++i) {
      const Grid grid = render(intents.fake, ui.state(), now);
      for (int y = 0; y < size.height; ++y) {
        std::string row = test::dump_row(grid, y);
        for (char c : row) {
          if (c != ' ') seen += c;
        }
      }
      type(ui, "\x1b[6~");
    }
    CHECK(seen.find("(yes/no/[fi") != std::string::npos);
    std::size_t fingerprint = 0;
    for (char c : seen)
      fingerprint += c == 's';
    CHECK(fingerprint >= 42);
  }
}

TEST_CASE("view: wide characters never straddle a border") {
  Grid grid({5, 1});
  CHECK(grid.put_text(0, 0, 5, "漢字漢", Style::normal) == 5);
  CHECK(test::printable(grid));
  CHECK(grid.at(4, 0).chars[0] == U' ');
  CHECK(width_of(fit(to_cells("漢字漢", Style::normal), 4)) <= 4);
  CHECK(fit(to_cells("abc", Style::normal), 3).size() == 3);
  CHECK(fit(to_cells("abcd", Style::normal), 3)[2].chars[0] == U'…');
}

TEST_CASE("view: wrapping by words, by clusters when a word is too long") {
  auto rows = [](const std::string& text, int first, int width) {
    const Cells cells = to_cells(text, Style::normal);
    std::vector<std::string> out;
    for (const auto& part : wrap(cells, first, width)) {
      std::string row;
      for (std::size_t i = part.from; i < part.to; ++i)
        row += static_cast<char>(cells[i].chars[0]);
      out.push_back(row);
    }
    return out;
  };
  using Rows = std::vector<std::string>;
  CHECK(rows("", 10, 10) == Rows{""});
  CHECK(rows("one two three", 7, 7) == Rows{"one two", "three"});
  CHECK(rows("one two three", 8, 8) == Rows{"one two", "three"});
  CHECK(rows("one two three", 4, 8) == Rows{"one", "two", "three"});
  CHECK(rows("abcdefghij", 4, 4) == Rows{"abcd", "efgh", "ij"});
  CHECK(rows("a bcdefghij k", 4, 4) == Rows{"a", "bcde", "fghi", "j k"});
  CHECK(rows("one   two", 4, 4) == Rows{"one ", " two"});
  CHECK(rows("abc", 0, 0) == Rows{"a", "b", "c"});
  const Cells flags = to_cells("🇩🇪🇫🇷", Style::normal);
  const auto parts = wrap(flags, 3, 3);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].to == 2);
}

TEST_CASE("attack 7: beside a text that was withheld stands when it was sent") {
  std::deque<client::Line> lines(1);
  client::Line& line = lines.front();
  line.serial = 1;
  line.at_unix_ms = 1'795'387'200'000;  // 22:40
  line.sent_unix_ms = line.at_unix_ms - 37 * 60'000;
  line.text = "Shall I pay?";
  const Chat chat{lines, "alice", "bob", test::utc, 80};
  RowCache cache;
  const auto last_row = [&] {
    std::string out;
    const ChatView view = visible_rows(chat, cache, 10, {});
    for (const Cell& cell : view.rows.back().cells)
      out += static_cast<char>(cell.chars[0]);
    return out;
  };
  CHECK(last_row().find("<bob> Shall I pay?  (sent 22:03)") != std::string::npos);
  line.disordered = true;
  line.sent_unix_ms = line.at_unix_ms - 60'000;
  CHECK(last_row().find("(sent 22:39)") != std::string::npos);
  line.disordered = false;
  CHECK(last_row().find("(sent") == std::string::npos);
  line.mine = true;
  line.sent_unix_ms = 1;
  CHECK(last_row().find("(sent") == std::string::npos);
}
