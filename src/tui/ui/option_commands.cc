// Commands that set something.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "tui/ui/ui.h"

namespace sims::tui {
namespace {

std::string line_of(const Options& options, const Option& option) {
  return fmt::format("{} = {}   ({}) {}", option.name, get_option(options, option), option_values(option),
                     option.help);
}

std::string no_such_option(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Option& option : all_options())
    names.push_back(option.name);
  return "There is no option " + name.substr(0, 40) + "." + did_you_mean(nearest(name, names));
}

}  // namespace

bool Ui::set(const Invocation& call) {
  if (call.words.empty()) {
    std::string out = "Options:";
    for (const Option& option : all_options())
      out += "\n" + line_of(state_.options, option);
    return say(out + "\n/set OPTION VALUE sets one, /save keeps them."), true;
  }
  const Option* option = find_option(call.word(0));
  if (option == nullptr) return refuse(no_such_option(call.word(0)));
  if (call.words.size() < 2) return say(line_of(state_.options, *option)), true;
  return set_to(*option, call.word(1));
}

bool Ui::set_to(const Option& option, const std::string& value) {
  if (auto set = set_option(state_.options, option, value); !set) return refuse(set.error());
  intents_.options_changed();
  state_.hint = fmt::format("{} = {}; /save keeps it", option.name, get_option(state_.options, option));
  return true;
}

bool Ui::theme(const Invocation& call) {
  const Option& option = *find_option("theme");
  if (call.words.empty()) return say(line_of(state_.options, option)), true;
  return set_to(option, call.word(0));
}

void Ui::toggle_mouse() {
  set_to(*find_option("mouse"), state_.options.mouse ? "off" : "on");
}

bool Ui::bind(const Invocation& call) {
  Keymap& keys = state_.keys;
  if (call.words.empty()) {
    std::string out = "Keys:";
    for (const ActionInfo& info : all_actions())
      out += fmt::format("\n{} = {}", info.name, fmt::join(keys.names_of(info.action), " "));
    return say(out +
               "\n/bind KEY ACTION gives a key to an action, /bind KEY none takes it away, /save keeps it."),
           true;
  }
  if (call.words.size() < 2) {
    const auto key = parse_bindable(call.word(0));
    if (!key) return refuse(key.error());
    const auto action = keys.find(*key);
    return say(action ? fmt::format("{} = {}: {}", key_name(*key), action_info(*action).name,
                                    action_info(*action).help)
                      : key_name(*key) + " does nothing."),
           true;
  }
  const auto was = keys.bind(call.word(0), call.word(1));
  if (!was) return refuse(was.error());
  state_.hint = (was->empty() ? std::string("bound") : *was) + "; /save keeps it";
  return true;
}

void Ui::help_commands() {
  const std::string keys = state_.keys.keys_of(Action::help);
  say(help_text() + "\n" + (keys.empty() ? "/bind" : keys) + " shows the keys.");
}

void Ui::help_keys() {
  say("Keys:\n" + state_.keys.help() + "\n/help shows the commands, /bind changes keys.");
}

bool Ui::save() {
  if (auto saved = intents_.save_options(); !saved) return refuse(saved.error());
  state_.hint = "the options and keys are saved";
  return true;
}

}  // namespace sims::tui
