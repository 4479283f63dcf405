// Fuzz target `config`: any text as the configuration of sims-tui.
#include "fuzz/fuzz.h"
#include "tui/app/config_file.h"

namespace sims::fuzz {
namespace {

using namespace tui;

void run(ByteView input) {
  const std::string text(text_of(input));
  const auto config = parse_config_text(text, "FILE");
  if (!config) {
    HOLDS(config.error().starts_with("FILE:"));
    HOLDS(config.error().find('\x1b') == std::string::npos);
    return;
  }
  // The written configuration is read back as the same.
  const std::string written = config_text(*config);
  const auto again = parse_config_text(written, "FILE");
  HOLDS(again && again->options == config->options && again->keys.changes() == config->keys.changes());
  HOLDS(config_text(*again) == written);
}

std::vector<std::string> seeds() {
  Config config;
  std::string all = config_text(config);
  for (const Option& option : all_options()) {
    const auto choices = option_choices(option);
    all += std::string(option.name) + " = " + (choices.empty() ? "5" : "\"" + choices.back() + "\"") + "\n";
  }
  static_cast<void>(config.keys.bind("ctrl-x", "send"));
  static_cast<void>(config.keys.bind("alt-\"", "undo"));
  return {all,
          config_text(config),
          "theme = \"light\"\nascii = true\n[keys]\nsend = [\"enter\", \"ctrl-x\"]\n",
          "[keys]\n\"window-next\" = \"ctrl-n\"\n",
          "# comment\r\npaste_lines = 0x10\nmouse = 1979-05-27T07:32:00Z\n",
          "[[[",
          "a.b.c = {d = [1, 2.5e3, '''x''', \"\\u001b\"]}",
          "theme = \"\x1b[31m\""};
}

const Register registered({"config", run, seeds, 3'000});

}  // namespace
}  // namespace sims::fuzz
