// The table of options, and how a value is read, set and listed.
#include "tui/state/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sims::tui {
namespace {

using O = Options;

constexpr std::array table = {
    Option{"ascii", &O::ascii, "Draw with ASCII only."},
    Option{
        "history", &O::history,
        "Keep messages on this computer, sealed. Off: delete a whole conversation as soon as a text in it is "
        "read or delivered."},
    Option{"lock-after", &O::lock_after_min, "Lock after this many minutes without a key; 0: never.", 0,
           1'440},
    Option{"mouse", &O::mouse, "Scroll with the wheel, open windows by a click; hold Shift to select text."},
    Option{"notify", &O::notify, "How to notify you of a message while you look elsewhere."},
    Option{"notify-text", &O::notify_text, "Show the message in the notification, not only its sender."},
    Option{"paste-lines", &O::paste_lines, "Ask before a paste of more lines than this.", 1, 1'000},
    Option{"receipts", &O::receipts, "Tell contacts which messages you have read."},
    Option{"theme", &O::theme, "The colours."},
    Option{"title", &O::title, "Set the terminal's title."},
    Option{"typing", &O::typing, "Tell contacts that you are typing."},
};

constexpr std::array<std::string_view, 2> flags = {"off", "on"};
constexpr std::array<std::string_view, 4> themes = {"dark", "light", "contrast", "mono"};
constexpr std::array<std::string_view, 5> notifications = {"off", "bell", "osc9", "osc777", "osc99"};

// The names of a field's values, in the order of the enumeration.
std::span<const std::string_view> names_of(bool) {
  return flags;
}
std::span<const std::string_view> names_of(ThemeId) {
  return themes;
}
std::span<const std::string_view> names_of(NotifyBy) {
  return notifications;
}
std::span<const std::string_view> names_of(int) {
  return {};
}

}  // namespace

std::span<const Option> all_options() {
  return table;
}

const Option* find_option(std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const Option& o) { return o.name == name; });
  return it == table.end() ? nullptr : &*it;
}

std::string get_option(const Options& options, const Option& option) {
  return std::visit(
      [&](auto field) {
        const auto value = options.*field;
        const auto names = names_of(value);
        const auto number = static_cast<int>(value);
        return names.empty() ? std::to_string(number) : std::string(names[static_cast<std::size_t>(number)]);
      },
      option.field);
}

Result<void> set_option(Options& options, const Option& option, std::string_view text) {
  const auto refused = [&] { return fail(fmt::format("{} takes {}.", option.name, option_values(option))); };
  return std::visit(
      [&](auto field) -> Result<void> {
        using Value = std::remove_reference_t<decltype(options.*field)>;
        const auto names = names_of(Value{});
        int number = static_cast<int>(std::find(names.begin(), names.end(), text) - names.begin());
        if (!names.empty() && number == static_cast<int>(names.size())) return refused();
        if (names.empty()) {
          const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
          if (error != std::errc() || end != text.data() + text.size()) return refused();
          if (number < option.min || number > option.max) return refused();
        }
        options.*field = static_cast<Value>(number);
        return {};
      },
      option.field);
}

std::vector<std::string> option_choices(const Option& option) {
  return std::visit(
      [](auto field) {
        using Value = std::remove_reference_t<decltype(std::declval<Options&>().*field)>;
        const auto names = names_of(Value{});
        return std::vector<std::string>(names.begin(), names.end());
      },
      option.field);
}

std::string option_values(const Option& option) {
  const auto choices = option_choices(option);
  if (choices.empty()) return fmt::format("{} to {}", option.min, option.max);
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i)
    out += (i == 0 ? "" : i + 1 < choices.size() ? ", " : " or ") + choices[i];
  return out;
}

}  // namespace sims::tui
