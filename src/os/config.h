// Reads configuration files: TOML against a table of options. A key that is not in the table or a
// value of another type fails with "FILE:LINE: why", so that no typing error goes unnoticed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sims {

// Takes the value of an option; a failure says what is wrong with it ("must be 1 to 65535"). T
// decides the TOML type.
template <class T>
using ConfigSetter = std::function<Result<void>(T)>;

using AnyConfigSetter = std::variant<ConfigSetter<std::string>, ConfigSetter<std::int64_t>,
                                     ConfigSetter<bool>, ConfigSetter<std::vector<std::string>>>;

struct ConfigOption {
  std::string_view key;  // "listen", or "limits.connections" for a key in the section [limits]
  AnyConfigSetter set;
};

// Reads the file (at most 1 MiB) and calls the setters of the options in it, in the file's order.
// Stops at the first failure: setters called before it have had their effect, so give them a copy
// to work on.
Result<void> load_config(const std::string& path, std::span<const ConfigOption> options);
// The same for the text of a file; `name` stands for the file in messages.
Result<void> parse_config(std::string_view text, const std::string& name,
                          std::span<const ConfigOption> options);

}  // namespace sims
