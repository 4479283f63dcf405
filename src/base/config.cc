#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>

namespace {
// toml++ 3.3 asserts, instead of reporting an error, on some bad input ("[[[").
struct TomlAssertion {};
constexpr void toml_assert(bool condition) {
  if (!condition) throw TomlAssertion{};
}
}  // namespace
#define TOML_ASSERT(condition) toml_assert(static_cast<bool>(condition))
#include <toml++/toml.h>

#include "base/files.h"
#include "base/text.h"

namespace sims {
namespace {

using Options = std::span<const ConfigOption>;

class Reader {
 public:
  Reader(const std::string& name, Options options) : name_(name), options_(options) {}

  Result<void> table(const toml::table& table, const std::string& prefix) {
    // toml++ sorts by key; people read errors from the top.
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (auto&& [key, node] : table)
      entries.emplace_back(&key, &node);
    std::sort(entries.begin(), entries.end(),
              [](auto& a, auto& b) { return a.first->source().begin < b.first->source().begin; });
    for (auto [key, node] : entries)
      if (auto done = entry(prefix + std::string(key->str()), *key, *node); !done) return done;
    return {};
  }

 private:
  Result<void> entry(const std::string& path, const toml::key& key, const toml::node& node) {
    auto option = std::find_if(options_.begin(), options_.end(), [&](auto& o) { return o.key == path; });
    if (option != options_.end()) {
      auto done = std::visit([&](auto& set) { return give(set, node); }, option->set);
      if (!done) return failure(key, fmt::format("`{}` {}", path, done.error()));
      return {};
    }
    bool section =
        std::any_of(options_.begin(), options_.end(), [&](auto& o) { return o.key.starts_with(path + '.'); });
    if (!section) return failure(key, fmt::format("unknown key `{}`", escape_for_log(path)));
    if (!node.is_table()) return failure(key, fmt::format("`{}` must be a section", path));
    return table(*node.as_table(), path + '.');
  }

  static Result<void> give(const ConfigSetter<std::string>& set, const toml::node& node) {
    if (auto* v = node.as_string()) return set(v->get());
    return fail("must be a string");
  }
  static Result<void> give(const ConfigSetter<std::int64_t>& set, const toml::node& node) {
    if (auto* v = node.as_integer()) return set(v->get());
    return fail("must be a whole number");
  }
  static Result<void> give(const ConfigSetter<bool>& set, const toml::node& node) {
    if (auto* v = node.as_boolean()) return set(v->get());
    return fail("must be true or false");
  }
  static Result<void> give(const ConfigSetter<std::vector<std::string>>& set, const toml::node& node) {
    std::vector<std::string> list;
    const auto* array = node.as_array();
    if (!array) return fail("must be a list of strings");
    for (const auto& item : *array) {
      const auto* v = item.as_string();
      if (!v) return fail("must be a list of strings");
      list.push_back(v->get());
    }
    return set(std::move(list));
  }

  Result<void> failure(const toml::key& key, std::string_view why) const {
    return fail(fmt::format("{}:{}: {}", name_, key.source().begin.line, why));
  }

  const std::string& name_;
  Options options_;
};

bool asserts(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const toml::parse_error&) {
  } catch (const TomlAssertion&) {
    return true;
  }
  return false;
}

// An assertion doesn't know its place. toml++ reads forward, so what it stumbles over is in the last of the
// fewest lines that still make it stumble.
std::ptrdiff_t line_of_assertion(std::string_view text) {
  std::vector<std::size_t> ends;  // of the lines
  for (std::size_t end = 0; end < text.size(); ends.push_back(end))
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  const auto bad = std::partition_point(ends.begin(), ends.end(),
                                        [&](std::size_t end) { return !asserts(text.substr(0, end)); });
  return bad - ends.begin() + 1;
}

}  // namespace

Result<void> parse_config(std::string_view text, const std::string& name, Options options) {
  try {
    toml::table root = toml::parse(text);
    return Reader(name, options).table(root, "");
  } catch (const toml::parse_error& e) {
    return fail(fmt::format("{}:{}: {}", name, e.source().begin.line, escape_for_log(e.description())));
  } catch (const TomlAssertion&) {
    return fail(fmt::format("{}:{}: not TOML", name, line_of_assertion(text)));
  }
}

Result<void> load_config(const std::string& path, Options options) {
  auto text = read_file(path);
  if (!text) return fail(text.error());
  return parse_config(*text, path, options);
}

}  // namespace sims
