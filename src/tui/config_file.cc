#include "tui/config_file.h"

#include <fmt/format.h>

#include "base/config.h"
#include "base/files.h"

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

}  // namespace

Result<Config> parse_config_text(std::string_view text, const std::string& name) {
  Config config;
  std::vector<ConfigOption> table;
  for (const Option& option : all_options())
    table.push_back(config_option(config.options, option));
  if (auto parsed = parse_config(text, name, table); !parsed) return fail(parsed.error());
  return config;
}

std::string config_text(const Config& config) {
  std::string out = "# sims-tui(1), CONFIGURATION. Written by /save: what is not here has its default.\n";
  const Options defaults;
  for (const Option& option : all_options())
    if (get_option(config.options, option) != get_option(defaults, option))
      out += fmt::format("{} = {}\n", option.name, toml_value(config.options, option));
  return out;
}

Result<Config> load_config_file(const std::string& path) {
  if (!file_exists(path)) return Config{};
  auto text = read_file(path);
  if (!text) return fail(text.error());
  return parse_config_text(*text, path);
}

Result<void> save_config_file(const std::string& path, const Config& config) {
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0 && !file_exists(path.substr(0, slash)))
    if (auto made = make_private_folder(path.substr(0, slash)); !made) return made;
  return write_private_file(path, config_text(config));
}

}  // namespace sims::tui
