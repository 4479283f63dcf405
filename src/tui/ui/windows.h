// Which windows there are, and which one is in front.
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
  // `moved` is called after another window came to the front.
  Windows(UiContext& ui, TypingSignal& typing, ReadTracker& tracker, std::function<void()> moved)
      : ui_(ui), typing_(typing), tracker_(tracker), moved_(std::move(moved)) {}

  bool handle_key(const Key& key) override;

  void go_to(std::size_t index);                // nothing happens if there is no such window
  bool go_to_peer(const std::string& peer);     // false: too many windows are open, and it said so
  void go_to_passing(const std::string& peer);  // as walking through the list does: closed again if unused
  bool open(const std::string& peer);           // behind the others; false: too many windows are open
  void close(const std::string& peer);          // never the status window
  Window* find(const std::string& peer);        // nullptr: none is open

  void open_when_known(const std::string& peer) { wanted_peer_ = peer; }
  void user_is_here() { wanted_in_front_ = false; }  // the wanted window opens behind this one
  void model_changed();                              // opens windows for peers who wrote, and the wanted one
  void wipe();

 private:
  // Peers open fewer windows than the user may, so that strangers cannot take up all of them.
  enum class By { user, peer };
  // Opened at the end if there is none; nullopt: there are too many.
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
