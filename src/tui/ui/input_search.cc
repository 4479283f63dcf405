// InputSearch: its keys, and the step to an older entry.
#include "tui/ui/input_search.h"

namespace sims::tui {

bool InputSearch::handle_key(const Key& key) {
  if (ui_.focus() != Focus::history_find) return false;
  HistoryFind& find = ui_.state.history_find;
  Window& window = ui_.state.window();
  if (ui_.leaves(key)) {
    find = HistoryFind{};
    return true;
  }
  const std::size_t all = window.history.entries().size();
  if (ui_.does(key, Action::history_search) || ui_.does(key, Action::up)) {
    look_back(find.found.empty() ? all : find.at);
  } else if (ui_.does(key, Action::send) || ui_.does(key, Action::complete)) {
    if (!find.found.empty()) window.input.set(find.found);
    find = HistoryFind{};
    typing_.update();
  } else if (ui_.type_into(find.query, key)) {
    look_back(all);
  }
  return true;
}

// Finds the newest entry before this one that contains the query.
void InputSearch::look_back(std::size_t before) {
  HistoryFind& find = ui_.state.history_find;
  const auto& history = ui_.state.window().history;
  const std::string& query = find.query.text();
  const auto at = query.empty() ? std::nullopt : history.search(query, before);
  if (at) {
    find.found = history.entries()[*at];
    find.at = *at;
  } else if (before == history.entries().size()) {
    find.found.clear();
    if (!query.empty()) ui_.state.hint = "no match in the input history";
  } else {
    ui_.state.hint = "no older match";
  }
}

}  // namespace sims::tui
