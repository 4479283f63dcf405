// The list of fuzz targets, and Source, which reads an input as decisions.
#include "fuzz/fuzz.h"

#include <algorithm>
#include <utility>

namespace sims::fuzz {
namespace {

std::vector<Target>& registered() {
  static std::vector<Target> list;
  return list;
}

}  // namespace

const std::vector<Target>& targets() {
  auto& list = registered();
  std::sort(list.begin(), list.end(), [](const Target& a, const Target& b) { return a.name < b.name; });
  return list;
}

const Target* find(std::string_view name) {
  const auto& list = targets();
  const auto at = std::find_if(list.begin(), list.end(), [&](const Target& t) { return t.name == name; });
  return at == list.end() ? nullptr : &*at;
}

Register::Register(const Target& target) {
  registered().push_back(target);
}

std::size_t Source::byte() {
  if (left_.empty()) return 0;
  const std::size_t out = left_.front();
  left_ = left_.subspan(1);
  return out;
}

std::size_t Source::number(int bytes) {
  std::size_t out = 0;
  for (int i = 0; i < bytes; ++i)
    out = out << 8 | byte();
  return out;
}

std::string Source::text() {
  const std::size_t wanted = byte(), size = std::min(wanted, left_.size());
  std::string out(text_of(left_.first(size)));
  left_ = left_.subspan(size);
  return out;
}

std::string Source::rest() {
  return std::string(text_of(std::exchange(left_, {})));
}

std::string sized(std::string_view text) {
  const auto size = std::min<std::size_t>(text.size(), 255);
  return static_cast<char>(size) + std::string(text.substr(0, size));
}

}  // namespace sims::fuzz
