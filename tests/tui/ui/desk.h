// A Ui with its intents and a model in front of it, online, with the status window and carol's, who wrote.
#pragma once

#include <string>

#include "tui/ui/fixture.h"

namespace sims::test {

struct Desk {
  FakeIntents intents;
  tui::Ui ui;
  Desk()
      : ui(intents, {"localhost", "7467", "alice", "ecdhe"}, {"ecdhe,rsa", "rsa,ecdhe", "ecdhe", "rsa"},
           utc) {
    intents.fake = some_model();
    ui.resize({80, 24});
    ui.model_changed();
    intents.log.clear();
  }
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
};

}  // namespace sims::test
