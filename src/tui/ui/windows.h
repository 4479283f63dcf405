// The list of windows: opens and closes them, and brings one to the front.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tui/ui/component.h"
#include "tui/ui/context.h"
#include "tui/ui/read_tracker.h"
#include "tui/ui/typing_signal.h"

namespace sims::tui {

class Windows final : public Component {
 public:
  // Calls `moved` after another window came to the front.
  Windows(UiContext& ui, TypingSignal& typing, ReadTracker& tracker, std::function<void()> moved)
      : ui_(ui), typing_(typing), tracker_(tracker), moved_(std::move(moved)) {}

  bool handle_key(const Key& key) override;

  void go_to(std::size_t index);                // does nothing if there is no such window
  bool go_to_peer(const std::string& peer);     // false: too many windows are open, and a hint says so
  void go_to_passing(const std::string& peer);  // for a move through the list: closes the window if unused
  bool open(const std::string& peer);           // in the background; false: too many windows are open
  void close(const std::string& peer);          // never the status window
  Window* find(const std::string& peer);        // nullptr: not open

  void open_when_known(const std::string& peer) { wanted_peer_ = peer; }
  void user_is_here() { wanted_in_front_ = false; }  // from now on the wanted window opens in the background
  void model_changed();                              // opens windows for peers who wrote, and the wanted one
  void wipe();

 private:
  // Peers may open fewer windows than the user, so that strangers cannot use up all of them.
  enum class By { user, peer };
  // The index of the peer's window; opens one if there is none. nullopt: too many windows are open.
  std::optional<std::size_t> window_of(const std::string& peer, By by);
  void step(int by);
  void next_unread();

  UiContext& ui_;
  TypingSignal& typing_;
  ReadTracker& tracker_;
  std::function<void()> moved_;
  std::string wanted_peer_;      // of --query
  bool wanted_in_front_ = true;  // until the user types into another window
};

}  // namespace sims::tui
