// The renderer's caches: they change the cost of a frame and nothing else.
#include "tui/view/renderer.h"

#include <doctest/doctest.h>

#include <random>

#include "tui/ui/fixture.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;

namespace {

const std::string texts[] = {
    "",
    "hello",
    "a longer text that is wrapped by words in all but the widest of the windows that are tried here",
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "e\xcc\x81 नमस्ते 👨‍👩‍👧 🇩🇪 שלום \x1b[31m \xff",
    "two\nlines\nand three",
    std::string(300, 'w'),
};

// Random states of all that a screen shows, by small steps.
class Story {
 public:
  explicit Story(unsigned seed) : random_(seed), model(test::some_model()) {
    ui.offset = test::utc;
    ui.windows.emplace_back();
    ui.dialog.suites = {"ecdhe,rsa", "rsa"};
    for (const char* name : {"bob", "carol", "frank", "nobody"}) {
      ui.windows.emplace_back();
      ui.windows.back().peer = name;
    }
  }

  void step();

 private:
  int upto(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool coin() { return upto(2) == 0; }
  const std::string& text() {
    return texts[static_cast<std::size_t>(upto(static_cast<int>(std::size(texts))))];
  }
  client::Peer& peer() {
    return std::next(model.peers.begin(), upto(static_cast<int>(model.peers.size())))->second;
  }
  void change_peer();
  void change_lines();
  void change_window();
  void change_link();
  void change_look();
  void open_something();

  std::mt19937 random_;
  std::uint64_t serial_ = 5'000;

 public:
  client::Model model;
  UiState ui;
  Now now{1'000'000, 1'795'337'000'000};
};

void Story::change_peer() {
  client::Peer& p = peer();
  switch (upto(9)) {
    case 0:
      p.online = coin();
      break;
    case 1:
      p.unread = static_cast<std::size_t>(upto(1'100));
      break;
    case 2:
      p.attention = coin();
      break;
    case 3:
      p.trust = static_cast<client::Trust>(upto(3));
      break;
    case 4:
      p.standing = static_cast<client::Standing>(upto(4));
      break;
    case 5:
      p.typing = coin();
      break;
    case 6:
      p.session = static_cast<client::SessionState>(upto(3));
      break;
    case 7:
      p.looks_like = coin() ? std::optional<std::string>("bob") : std::nullopt;
      break;
    default: {
      client::Peer fresh = p;
      fresh.name = "peer" + std::to_string(upto(60));
      fresh.online = true;
      model.peers[fresh.name] = fresh;
    }
  }
}

void Story::change_lines() {
  const std::string& with = ui.window().peer;
  const auto it = model.peers.find(with);
  auto& lines = it == model.peers.end() ? model.status : it->second.lines;
  if (lines.empty() || coin()) {
    client::Line line;
    line.kind = static_cast<client::Line::Kind>(upto(4));
    line.serial = ++serial_;
    line.mine = coin();
    line.text = text();
    line.at_unix_ms = now.unix_ms + upto(3) * 86'400'000;
    lines.push_back(line);
    if (lines.size() > 40) lines.pop_front();
    return;
  }
  client::Line& line = lines[static_cast<std::size_t>(upto(static_cast<int>(lines.size())))];
  switch (upto(5)) {
    case 0:
      line.delivery = static_cast<client::Delivery>(upto(4));
      break;
    case 1:
      line.why = text();
      break;
    case 2:
      ui.window().divider = line.serial;
      break;
    case 3:
      ui.window().marked = line.serial;
      break;
    default:
      if (it != model.peers.end()) it->second.read_to = line.serial;
  }
}

void Story::change_window() {
  Window& window = ui.window();
  switch (upto(6)) {
    case 0:
      ui.current = static_cast<std::size_t>(upto(static_cast<int>(ui.windows.size())));
      break;
    case 1:
      window.input.set(text());
      break;
    case 2:
      window.input.insert("x");
      break;
    case 3:
      window.input.act(Action::left, ui.kills);
      break;
    case 4:
      window.scroll = {coin(), static_cast<std::uint64_t>(upto(12)), upto(3)};
      break;
    default:
      window.verifying = coin();
      window.safety_number = "11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890";
      window.qr = coin() ? std::string(94, 'q') : "";
      window.problem = text();
  }
}

void Story::change_link() {
  switch (upto(6)) {
    case 0:
      model.link = static_cast<client::LinkState>(upto(6));
      break;
    case 1:
      model.problem = text();
      break;
    case 2:
      model.progress = text();
      break;
    case 3:
      model.round_trip_ms = upto(3'000) - 1;
      break;
    case 4:
      now.steady_ms += upto(2'000);
      model.retry_at_ms = now.steady_ms + 5'000;
      break;
    default:
      model.question.reset();
      if (upto(4) > 0) return;
      model.question.emplace();
      model.question->server = text();
      model.question->shown = test::some_id('s');
      model.question->kind =
          coin() ? client::Question::Kind::server_first : client::Question::Kind::server_changed;
  }
}

void Story::change_look() {
  static constexpr Size sizes[] = {{80, 24}, {40, 10}, {20, 5}, {200, 60}, {66, 24},
                                   {59, 12}, {1, 1},   {7, 3},  {0, 4}};
  switch (upto(9)) {
    case 0:
      ui.size = sizes[static_cast<std::size_t>(upto(static_cast<int>(std::size(sizes))))];
      break;
    case 1:
      ui.size = {upto(120), upto(40)};
      break;
    case 2:
      ui.options.ascii = upto(4) == 0;
      break;
    case 3:
      ui.options.theme = static_cast<ThemeId>(upto(4));
      break;
    case 4:
      ui.look.bare = upto(4) == 0;
      break;
    case 5:
      ui.look.list_over = coin();
      break;
    case 6:
      ui.hint = text();
      break;
    case 7:
      ui.away = coin();
      ui.away_reason = text();
      break;
    default:
      ui.panel_scroll = upto(9);
  }
}

void Story::open_something() {
  switch (upto(6)) {
    case 0:
      ui.dialog.open = coin();
      ui.dialog.problem = text();
      ui.dialog.focus = upto(4);
      break;
    case 1:
      ui.dialog.server.insert("s");
      break;
    case 2:
      ui.passphrase.kind = static_cast<PassphraseState::Kind>(upto(8) > 0 ? 0 : upto(3));
      ui.passphrase.entries[0].insert("secret");
      ui.passphrase.busy = coin();
      break;
    case 3:
      ui.ask.about = upto(4) == 0 ? Ask::About::paste : Ask::About::nothing;
      ui.ask.words = text();
      break;
    case 4:
      ui.history_find.open = upto(4) == 0;
      ui.history_find.query.set("E");
      ui.history_find.found = text();
      break;
    default: {
      ui.find.open = upto(3) == 0;
      ui.find.searched = coin() ? "E" : "漢";
      client::SearchHit hit;
      hit.peer.name = "bob";
      hit.entry.body = text();
      hit.entry.mine = coin();
      ui.find.hits.push_back(hit);
      if (ui.find.hits.size() > 30) ui.find.hits.clear();
      ui.find.at =
          ui.find.hits.empty() ? 0 : static_cast<std::size_t>(upto(static_cast<int>(ui.find.hits.size())));
      ui.find.running = coin();
    }
  }
}

void Story::step() {
  switch (upto(8)) {
    case 0:
      return change_peer();
    case 1:
    case 2:
      return change_lines();
    case 3:
    case 4:
      return change_window();
    case 5:
      return change_link();
    case 6:
      return change_look();
    default:
      return open_something();
  }
}

void check_on_screen(const Grid& grid) {
  REQUIRE(test::printable(grid));
  if (grid.cells.empty()) return;
  REQUIRE(grid.cursor.x >= 0);
  REQUIRE(grid.cursor.x < grid.size.width);
  REQUIRE(grid.cursor.y >= 0);
  REQUIRE(grid.cursor.y < grid.size.height);
}

void check_ascii(const Grid& grid) {
  for (const Cell& cell : grid.cells)
    REQUIRE((cell.count == 1 && cell.width == 1 && cell.chars[0] >= 0x20 && cell.chars[0] < 0x7f));
}

}  // namespace

TEST_CASE("renderer: random stories look the same with and without what was kept, and are printable") {
  int alone = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Story story(seed);
    Renderer renderer;
    Grid before{Size{0, 0}};
    std::vector<std::uint64_t> stamps;
    for (int i = 0; i < 120; ++i) {
      story.step();
      if (i % 3 == 0) story.step();
      CAPTURE(seed);
      CAPTURE(i);
      if (i % 2 == 0) renderer.render_input(story.model, story.ui);  // before what else is new
      const Grid fresh = render(story.model, story.ui, story.now);
      const Grid& grid = renderer.render(story.model, story.ui, story.now);
      REQUIRE(test::dump(grid) == test::dump(fresh));
      REQUIRE(same_cells(grid.cells, fresh.cells));
      REQUIRE(grid.cursor == fresh.cursor);
      REQUIRE(grid.title == fresh.title);
      check_on_screen(grid);
      if (story.ui.options.ascii) check_ascii(grid);
      const auto now = renderer.stamps();
      REQUIRE(now.size() == static_cast<std::size_t>(grid.size.height));
      for (int y = 0; y < grid.size.height && before.size == grid.size; ++y) {
        if (stamps[static_cast<std::size_t>(y)] == now[static_cast<std::size_t>(y)])
          REQUIRE(same_cells(grid.row(y), before.row(y)));
      }
      before = grid;
      stamps.assign(now.begin(), now.end());
      story.ui.window().input.insert("y");
      const Grid* typed = renderer.render_input(story.model, story.ui);
      if (typed == nullptr) continue;
      ++alone;
      const Grid whole = render(story.model, story.ui, story.now);
      REQUIRE(test::dump(*typed) == test::dump(whole));
      REQUIRE(same_cells(typed->cells, whole.cells));
      REQUIRE(typed->cursor == whole.cursor);
    }
  }
  CHECK(alone > 500);
}

TEST_CASE("renderer: a key touches the rows of the input, a second without news none") {
  Story story(1);
  story.ui.size = {80, 24};
  story.ui.current = 1;
  Renderer renderer;
  renderer.render(story.model, story.ui, story.now);
  const std::vector<std::uint64_t> first(renderer.stamps().begin(), renderer.stamps().end());
  story.now.steady_ms += 1'000;
  renderer.render(story.model, story.ui, story.now);
  CHECK(std::equal(first.begin(), first.end(), renderer.stamps().begin()));
  story.ui.window().input.insert("x");
  renderer.render(story.model, story.ui, story.now);
  for (std::size_t y = 0; y < 24; ++y)
    CHECK((renderer.stamps()[y] != first[y]) == (y == 23));
}
