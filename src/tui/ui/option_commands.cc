// The handlers of commands that set options and keys.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "tui/ui/command_handlers.h"

namespace sims::tui::commands {
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

// False: the option does not take this value.
bool set_to(UiContext& ui, ProgramIntents& program, Notices& notices, const Option& option,
            const std::string& value) {
  Options& options = ui.state.options;
  if (auto set = set_option(options, option, value); !set) return notices.refuse(set.error());
  program.options_changed();
  ui.state.hint = fmt::format("{} = {}; /save keeps it", option.name, get_option(options, option));
  return true;
}

std::string all_keys(const Keymap& keys) {
  std::string out = "Keys:";
  for (const ActionInfo& info : all_actions())
    out += fmt::format("\n{} = {}", info.name, fmt::join(keys.names_of(info.action), " "));
  return out + "\n/bind KEY ACTION binds a key to an action, /bind KEY none unbinds it, /save keeps it.";
}

std::string use_of(const Keymap& keys, const Key& key) {
  const auto action = keys.find(key);
  if (!action) return key_name(key) + " does nothing.";
  const ActionInfo& info = action_info(*action);
  return fmt::format("{} = {}: {}", key_name(key), info.name, info.help);
}

}  // namespace

bool set(CommandContext& with, const Invocation& call) {
  const Options& options = with.ui.state.options;
  if (call.words.empty()) {
    std::string out = "Options:";
    for (const Option& option : all_options())
      out += "\n" + line_of(options, option);
    return with.notices.say(out + "\n/set OPTION VALUE sets one, /save keeps them."), true;
  }
  const Option* option = find_option(call.word(0));
  if (option == nullptr) return with.notices.refuse(no_such_option(call.word(0)));
  if (call.words.size() < 2) return with.notices.say(line_of(options, *option)), true;
  return set_to(with.ui, with.program, with.notices, *option, call.word(1));
}

bool theme(CommandContext& with, const Invocation& call) {
  const Option& option = *find_option("theme");
  if (call.words.empty()) return with.notices.say(line_of(with.ui.state.options, option)), true;
  return set_to(with.ui, with.program, with.notices, option, call.word(0));
}

void toggle_mouse(UiContext& ui, ProgramIntents& program, Notices& notices) {
  set_to(ui, program, notices, *find_option("mouse"), ui.state.options.mouse ? "off" : "on");
}

bool bind(CommandContext& with, const Invocation& call) {
  Keymap& keys = with.ui.state.keys;
  if (call.words.empty()) return with.notices.say(all_keys(keys)), true;
  if (call.words.size() < 2) {
    const auto key = parse_bindable(call.word(0));
    if (!key) return with.notices.refuse(key.error());
    return with.notices.say(use_of(keys, *key)), true;
  }
  const auto was = keys.bind(call.word(0), call.word(1));
  if (!was) return with.notices.refuse(was.error());
  with.ui.state.hint = (was->empty() ? std::string("bound") : *was) + "; /save keeps it";
  return true;
}

bool save(CommandContext& with, const Invocation&) {
  if (!with.notices.done(with.program.save_options())) return false;
  with.ui.state.hint = "the options and keys are saved";
  return true;
}

}  // namespace sims::tui::commands
