// The key bindings: names of keys, the table of actions with their default keys, and the map that the user
// can change. Help, /bind and the configuration file derive from the table; a test compares sims-tui(1) with
// it. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tui/term/keys.h"

namespace sims::tui {

// Takes "ctrl-s", "alt-1", "alt-left", "pgup", "f1", "shift-tab", "ctrl-_". Modifiers, names and letters
// after Ctrl may be in either case, but alt-a is not alt-A. Names of one key give one Key: ctrl-i is tab.
Result<Key> parse_key(std::string_view name);
Result<Key> parse_bindable(std::string_view name);  // refuses plain characters, which type themselves
// The name, as parse_key() takes it; empty: a key without a name (a paste, the mouse).
std::string key_name(const Key& key);
std::string shown_key(const Key& key);  // for display: "Ctrl-S", "Alt-Left", "PgUp"

// clang-format off
enum class Action : std::uint8_t {
  window_1, window_2, window_3, window_4, window_5, window_6, window_7, window_8, window_9, window_10,
  window_next, window_previous, next_unread, list_up, list_down, list,
  scroll_up, scroll_down, top, bottom, search,
  send, newline, complete, complete_back, up, down, history_search,
  left, right, word_left, word_right, home, end,
  backspace, del, kill_to_end, kill_to_start, kill_word, kill_word_left, kill_word_right,
  yank, yank_older, transpose, undo,
  cancel, interrupt, help, bare, mouse, redraw, suspend,
};
// clang-format on

struct ActionInfo {
  Action action;
  std::string_view name;  // "window-next"
  std::string_view keys;  // names of the default keys, separated by spaces
  std::string_view help;  // neighbours with the same text share one line of the help
};

std::span<const ActionInfo> all_actions();  // in the order of the enum
const ActionInfo& action_info(Action action);
std::optional<Action> find_action(std::string_view name);

class Keymap {
 public:
  Keymap();  // the defaults

  // The key's action. Plain characters, pastes and the mouse have none. A special key with Shift or Ctrl that
  // has no action of its own takes that of the key without them.
  std::optional<Action> find(const Key& key) const;

  // `action`: a name, "none" or "default". Returns a note for the user: the action that the key had before,
  // and whether that has no key left; empty: nothing to note. Fails for unknown names and plain characters,
  // and when it would take the last key of `send` or `cancel`.
  Result<std::string> bind(std::string_view key, std::string_view action);

  // All keys of an action, by name: for the configuration file.
  struct Binding {
    Action action;
    std::vector<std::string> keys;
    bool operator==(const Binding&) const = default;
  };
  std::vector<Binding> changes() const;  // the actions whose keys are not the defaults
  // Sets the defaults with these changes. An error leaves the map as it was.
  Result<void> load(std::span<const Binding> changes);

  std::vector<std::string> names_of(Action action) const;  // as bind() takes them
  std::string keys_of(Action action) const;                // for display: "Ctrl-N, Alt-Right"; empty: none
  std::string help() const;                                // a line for each action that has a key

 private:
  struct Entry {
    Key key;
    Action action;
  };
  Result<void> check() const;  // fails if `send` or `cancel` has no key
  const Entry* entry_of(const Key& key) const;
  std::size_t count(Action action) const;

  std::vector<Entry> entries_;
};

}  // namespace sims::tui
