// Collects the candidates for a command, an argument, a name in a text or an emoji.
#include "tui/ui/completion.h"

#include <algorithm>

#include "tui/edit/keymap.h"
#include "tui/state/options.h"
#include "tui/ui/commands.h"
#include "tui/ui/emoji.h"

namespace sims::tui {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    while (at < text.size() && !is_space(text[at]))
      ++at;
    if (at > from) out.push_back(text.substr(from, at - from));
    while (at < text.size() && is_space(text[at]))
      ++at;
  }
  return out;
}

class Offers {
 public:
  Offers(std::string_view typed, const Completables& with, std::vector<std::string>& out)
      : typed_(typed), with_(with), out_(out) {}

  void one(std::string_view candidate, bool ends = true) {
    if (candidate.starts_with(typed_)) out_.push_back(std::string(candidate) + (ends ? " " : ""));
  }
  template <class List>
  void all(const List& list) {
    for (const auto& candidate : list)
      one(candidate);
  }
  // `before`: the words between the command and the completed word.
  void argument(Completes what, std::span<const std::string_view> before);

 private:
  void first(Completes what);
  void commands();
  void files();

  std::string_view typed_;
  const Completables& with_;
  std::vector<std::string>& out_;
};

void Offers::commands() {
  for (const Command& c : all_commands())
    one(typed_.starts_with('/') ? c.name : c.name.substr(1));
}

void Offers::files() {
  for (const auto& name : with_.files ? with_.files(std::string(typed_)) : std::vector<std::string>())
    one(name, !name.ends_with('/'));
}

void Offers::first(Completes what) {
  switch (what) {
    case Completes::nothing:
    case Completes::key:
      return;
    case Completes::peer:
      return all(with_.peers);
    case Completes::request:
      return all(with_.requests);
    case Completes::command:
      return commands();
    case Completes::window:
      for (std::size_t i = 1; i <= with_.windows; ++i)
        one(std::to_string(i));
      return;
    case Completes::option:
      for (const Option& option : all_options())
        one(option.name);
      return;
    case Completes::theme:
      return all(option_choices(*find_option("theme")));
    case Completes::history:
      one("delete");
      return one("export");
  }
}

void Offers::argument(Completes what, std::span<const std::string_view> before) {
  if (before.empty()) return first(what);
  if (what == Completes::option && before.size() == 1) {
    if (const Option* option = find_option(before[0])) all(option_choices(*option));
  }
  if (what == Completes::key && before.size() == 1) {
    for (const ActionInfo& info : all_actions())
      one(info.name);
    one("none");
    one("default");
  }
  if (what != Completes::history) return;
  const bool exports = before[0] == "export";
  const bool named = before.size() == 2 && before[1].find('/') == std::string_view::npos;
  if (before.size() == 1 && (exports || before[0] == "delete")) all(with_.peers);
  if (exports && (named || (before.size() == 1 && typed_.find('/') != std::string_view::npos))) files();
}

// Completes ":piz" and ":pizza:" at the end of the word to the emoji. False: no short name fits.
bool complete_emoji(std::string_view typed, Completion& out) {
  std::string_view name = typed;
  if (name.size() > 1 && name.ends_with(':')) name.remove_suffix(1);
  const bool whole = name.size() < typed.size();
  const auto colon = name.rfind(':');
  if (colon == name.npos || colon + 1 == name.size()) return false;
  name.remove_prefix(colon + 1);
  for (const Emoji& emoji : emoji_with(name)) {
    if (!whole || emoji.short_name() == name) out.candidates.push_back(std::string(emoji.text) + " ");
  }
  out.from += colon;
  return !out.candidates.empty();
}

}  // namespace

Completion complete(std::string_view line, std::size_t cursor, const Completables& with) {
  Completion out;
  cursor = std::min(cursor, line.size());
  std::size_t from = cursor;
  while (from > 0 && !is_space(line[from - 1]))
    --from;
  const auto typed = line.substr(from, cursor - from);
  out.from = from;
  out.to = cursor;
  if (complete_emoji(typed, out)) return out;
  out.from = from;
  Offers offers(typed, with, out.candidates);
  if (from == 0 && typed.starts_with('/')) {
    for (const Command& c : all_commands())
      offers.one(c.name);
  } else if (from > 0 && line.starts_with('/')) {
    const auto words = words_of(line.substr(0, from));
    if (const Command* command = find_command(words[0]))
      offers.argument(command->completes, std::span(words).subspan(1));
  } else if (!typed.empty()) {
    offers.all(with.peers);
  }
  return out;
}

}  // namespace sims::tui
