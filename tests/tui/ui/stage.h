// Stage: all that one component needs to be tested alone: a UiContext over a model and a state that tests set, and Intents.
#pragma once

#include <string>
#include <string_view>

#include "tui/ui/component.h"
#include "tui/ui/context.h"
#include "tui/ui/fixture.h"
#include "tui/ui/notices.h"
#include "tui/ui/prompt.h"
#include "tui/ui/windows.h"
#include "tui/view/view.h"

namespace sims::test {

struct Stage {
  FakeIntents intents;
  tui::UiState state;
  tui::UiContext ui{state, intents};

  // The status window, and in front the window of this peer; empty: the status window alone.
  explicit Stage(const std::string& peer = "bob") {
    intents.fake = some_model();
    state.size = {80, 24};
    state.offset = utc;
    state.windows.emplace_back();
    if (!peer.empty()) open(peer);
  }
  void open(const std::string& peer) {
    state.windows.emplace_back();
    state.windows.back().peer = peer;
    state.current = state.windows.size() - 1;
  }
  tui::Editor& input() { return state.window().input; }
  client::Peer& of(const std::string& name) { return intents.fake.peers.at(name); }
  std::string screen() { return dump(tui::render(intents.fake, state, {}), false); }
};

// A stage with the components that most others need.
struct StageWithWindows {
  Stage s;
  tui::Notices notices{s.ui, s.intents};
  tui::Prompt prompt{s.ui};
  tui::TypingSignal typing{s.ui, s.intents};
  tui::ReadTracker tracker{s.ui, s.intents, s.intents};
  int moved = 0;  // how often another window came to the front
  tui::Windows windows{s.ui, typing, tracker, [this] { ++moved; }};

  explicit StageWithWindows(const std::string& peer = "bob") : s(peer) {}
};

// The bytes that the terminal sends for one key.
inline tui::Key key_of(std::string_view bytes) {
  tui::KeyDecoder decoder;
  std::vector<tui::Key> keys;
  decoder.feed(bytes, keys);
  decoder.flush(keys);
  return keys.at(0);
}

// Gives the keys to the component. True: it consumed all of them.
inline bool feed(tui::Component& component, std::string_view bytes) {
  tui::KeyDecoder decoder;
  std::vector<tui::Key> keys;
  decoder.feed(bytes, keys);
  decoder.flush(keys);
  bool all = true;
  for (const auto& key : keys)
    all = component.handle_key(key) && all;
  return all;
}

}  // namespace sims::test
