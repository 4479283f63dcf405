// Packs windows and drafts into named values, and unpacks them.
#include "tui/state/saved_values.h"

#include <charconv>

namespace sims::tui {
namespace {

using Texts = std::vector<std::string>;

// Each text becomes its size, a colon and its bytes.
std::string joined(const Texts& texts) {
  std::string out;
  for (const auto& text : texts)
    out += std::to_string(text.size()) + ":" + text;
  return out;
}

std::optional<Texts> split(std::string_view joined) {
  Texts out;
  while (!joined.empty()) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(joined.data(), joined.data() + joined.size(), size);
    if (error != std::errc() || end == joined.data() + joined.size() || *end != ':') return std::nullopt;
    joined.remove_prefix(static_cast<std::size_t>(end - joined.data()) + 1);
    if (size > joined.size()) return std::nullopt;
    out.emplace_back(joined.substr(0, size));
    joined.remove_prefix(size);
  }
  return out;
}

std::string list_name(const std::string& server) {
  return "windows/" + server;
}
std::string window_name(const std::string& server, const std::string& peer) {
  return "window/" + server + "/" + peer;
}

std::string draft_key_name(const std::string& server, const std::string& peer) {
  return "typed for/" + server + "/" + peer;
}

}  // namespace

std::map<std::string, std::string> saved_values(const SavedWindows& kept) {
  std::map<std::string, std::string> out;
  Texts servers;
  for (const SavedServerWindows& server : kept) {
    servers.push_back(server.id);
    Texts list{std::to_string(server.current)};
    for (const SavedWindow& window : server.windows) {
      list.push_back(window.peer);
      Texts texts{window.draft};
      texts.insert(texts.end(), window.history.begin(), window.history.end());
      out[window_name(server.id, window.peer)] = joined(texts);
      if (!window.typed_for.empty()) out[draft_key_name(server.id, window.peer)] = window.typed_for;
    }
    out[list_name(server.id)] = joined(list);
  }
  out["windows"] = joined(servers);
  return out;
}

SavedWindows saved_windows_of(
    const std::function<std::optional<std::string>(const std::string& name)>& value) {
  const auto texts = [&](const std::string& name) -> Texts {
    const auto found = value(name);
    return found ? split(*found).value_or(Texts{}) : Texts{};
  };
  SavedWindows kept;
  for (const auto& id : texts("windows")) {
    const Texts list = texts(list_name(id));
    if (list.empty()) continue;
    SavedServerWindows server;
    server.id = id;
    for (std::size_t i = 1; i < list.size(); ++i) {
      SavedWindow window;
      window.peer = list[i];
      Texts parts = texts(window_name(id, list[i]));
      if (!parts.empty()) {
        window.draft = std::move(parts.front());
        window.typed_for = value(draft_key_name(id, list[i])).value_or("");
        window.history.assign(std::make_move_iterator(parts.begin() + 1),
                              std::make_move_iterator(parts.end()));
      }
      server.windows.push_back(std::move(window));
    }
    const std::string& current = list.front();
    std::from_chars(current.data(), current.data() + current.size(), server.current);
    if (server.current >= server.windows.size()) server.current = 0;
    kept.push_back(std::move(server));
  }
  return kept;
}

}  // namespace sims::tui
