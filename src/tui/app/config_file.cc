// Reads the configuration file by the tables of options and actions, and writes it.
#include "tui/app/config_file.h"

#include <fmt/format.h>

#include "os/config.h"
#include "os/files.h"

namespace sims::tui {
namespace {

bool is_flag(const Option& option) {
  return std::holds_alternative<bool Options::*>(option.field);
}
bool is_number(const Option& option) {
  return std::holds_alternative<int Options::*>(option.field);
}

ConfigOption config_option(Options& options, const Option& option) {
  if (is_flag(option))
    return {option.name, ConfigSetter<bool>([&](bool on) -> Result<void> {
              return set_option(options, option, on ? "on" : "off");
            })};
  if (is_number(option))
    return {option.name, ConfigSetter<std::int64_t>([&](std::int64_t number) -> Result<void> {
              return set_option(options, option, std::to_string(number));
            })};
  return {option.name, ConfigSetter<std::string>([&](const std::string& text) -> Result<void> {
            return set_option(options, option, text);
          })};
}

std::string toml_value(const Options& options, const Option& option) {
  const std::string value = get_option(options, option);
  if (is_flag(option)) return value == "on" ? "true" : "false";
  return is_number(option) ? value : '"' + value + '"';
}

// "keys.search" and so on. The table of options refers to these strings.
std::vector<std::string> key_options() {
  std::vector<std::string> out;
  for (const ActionInfo& info : all_actions())
    out.push_back("keys." + std::string(info.name));
  return out;
}

ConfigSetter<std::vector<std::string>> key_setter(std::vector<Keymap::Binding>& bindings, Action action) {
  return [&bindings, action](const std::vector<std::string>& keys) -> Result<void> {
    for (const auto& key : keys) {
      TRY(parse_bindable(key));
    }
    bindings.push_back({action, keys});
    return {};
  };
}

std::string toml_keys(const std::vector<std::string>& keys) {
  std::string out = "[";
  for (const auto& key : keys) {
    out += out.size() > 1 ? ", \"" : "\"";
    for (const char c : key) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "]";
}

}  // namespace

Result<Config> parse_config_text(std::string_view text, const std::string& name) {
  Config config;
  std::vector<ConfigOption> table;
  for (const Option& option : all_options())
    table.push_back(config_option(config.options, option));
  std::vector<Keymap::Binding> bindings;
  const auto keys = key_options();
  for (const ActionInfo& info : all_actions())
    table.push_back({keys[static_cast<std::size_t>(info.action)], key_setter(bindings, info.action)});
  TRY(parse_config(text, name, table));
  if (auto bound = config.keys.load(bindings); !bound) return fail(name + ": keys: " + bound.error());
  return config;
}

std::string config_text(const Config& config) {
  std::string out =
      "# See sims-tui(1). Written by /save; options and keys that are not here have their defaults.\n";
  const Options defaults;
  for (const Option& option : all_options())
    if (get_option(config.options, option) != get_option(defaults, option))
      out += fmt::format("{} = {}\n", option.name, toml_value(config.options, option));
  const auto bindings = config.keys.changes();
  if (!bindings.empty()) out += "\n[keys]\n";
  for (const auto& [action, keys] : bindings)
    out += fmt::format("{} = {}\n", action_info(action).name, toml_keys(keys));
  return out;
}

Result<Config> load_config_file(const std::string& path) {
  if (!file_exists(path)) return Config{};
  TRY_LET(text, read_file(path));
  return parse_config_text(text, path);
}

Result<void> save_config_file(const std::string& path, const Config& config) {
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0 && !file_exists(path.substr(0, slash)))
    TRY(make_private_folder(path.substr(0, slash)));
  return write_private_file(path, config_text(config));
}

}  // namespace sims::tui
