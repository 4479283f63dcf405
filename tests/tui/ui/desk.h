// A Ui with its intents and a model in front of it, online, with the status window and carol's, who wrote; and
// words that its tests share.
#pragma once

#include <string>

#include "tui/ui/fixture.h"
#include "tui/view/view.h"

namespace sims::test {

struct Desk {
  FakeIntents intents;
  tui::Ui ui;
  // Types `first`, which is not in the log.
  explicit Desk(std::string_view first = "")
      : ui(intents, {"localhost", "7467", "alice", "ecdhe"}, {"ecdhe,rsa", "rsa,ecdhe", "ecdhe", "rsa"},
           utc) {
    intents.fake = some_model();
    ui.resize({80, 24});
    ui.model_changed();
    keys(first);
    intents.log.clear();
  }
  const tui::UiState& state() const { return ui.state(); }
  const std::string& peer() const { return ui.state().window().peer; }
  const std::string& input() const { return ui.state().window().input.text(); }
  client::Peer& of(const std::string& name) { return intents.fake.peers.at(name); }
  void keys(std::string_view bytes) { type(ui, bytes); }

  // `text` from somebody, and the screen is told.
  void comes(const std::string& from, const std::string& text) {
    client::Line line;
    line.text = text;
    ++of(from).unread;
    intents.add(from, line);
    ui.model_changed();
  }
  // The last notice, with its window: "notice bob: words".
  std::string said() const {
    for (auto it = intents.log.rbegin(); it != intents.log.rend(); ++it)
      if (it->starts_with("notice ")) return *it;
    return "";
  }
};

inline const std::string eve = "eve.with-a-very-long-name_000001";
inline const std::string page_up = "\x1b[5~", page_down = "\x1b[6~", focus_in = "\x1b[I",
                         focus_out = "\x1b[O";

inline bool shows(Desk& d, const std::string& words) {
  return dump(tui::render(d.intents.fake, d.ui.state(), {}), false).find(words) != std::string::npos;
}

inline tui::Ask::About asked(const Desk& d) {
  return d.ui.state().ask.about;
}

// carol wrote, and nobody answered yet.
inline void make_request(Desk& d) {
  d.of("carol").standing = client::Standing::request;
}

inline void many_lines(Desk& d, const std::string& peer, int count = 100) {
  for (int i = 0; i < count; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    line.at_unix_ms = 1'795'334'400'000;
    d.intents.add(peer, line);
  }
}

inline client::Question question(client::Question::Kind kind) {
  client::Question q;
  q.kind = kind;
  q.server = "localhost:7467";
  q.shown = some_id('s');
  q.pinned = some_id('o');
  return q;
}

inline tui::Key pointed(tui::KeyCode code, int x = 0, int y = 0) {
  tui::Key key;
  key.code = code;
  key.ch = code == tui::KeyCode::press ? 1 : 0;
  key.x = x;
  key.y = y;
  return key;
}

// The row in which the list has this name; -1: it is not on the screen.
inline int row_of(const Desk& d, const std::string& name) {
  const tui::Grid grid = tui::render(d.intents.fake, d.ui.state(), {});
  for (int y = 1; y < d.ui.state().size.height; ++y)
    if (dump_row(grid, y).substr(0, 14).find(name) != std::string::npos) return y;
  return -1;
}

}  // namespace sims::test
