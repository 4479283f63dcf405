// Case folding with utf8proc, into buffers that are reused for each text and wiped at the end.
#include "base/caseless.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/secret.h"
#include "base/text.h"

namespace sims {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool ascii_in(std::string_view wanted, std::string_view text) {
  if (wanted.size() > text.size()) return false;
  const char low = wanted[0];
  const char high = low >= 'a' && low <= 'z' ? static_cast<char>(low & ~0x20) : low;
  for (std::size_t at = 0; at + wanted.size() <= text.size(); ++at) {
    if (text[at] != low && text[at] != high) continue;
    std::size_t same = 1;
    while (same < wanted.size() && lower(text[at + same]) == wanted[same])
      ++same;
    if (same == wanted.size()) return true;
  }
  return false;
}

}  // namespace

Caseless::Caseless(std::string_view wanted) {
  if (is_ascii(wanted)) {
    ascii_ = wanted;
    std::transform(ascii_.begin(), ascii_.end(), ascii_.begin(), lower);
  }
  size_ = fold(wanted, wanted_);
}

namespace {
void wipe_all(std::vector<std::int32_t>& folded) {
  wipe(folded.data(), folded.size() * sizeof(std::int32_t));
}
}  // namespace

Caseless::~Caseless() {
  wipe(ascii_);
  wipe_all(wanted_);
  wipe_all(text_);
}

bool Caseless::in(std::string_view text) {
  if (!size_) return false;
  if (*size_ == 0) return utf8_valid(text);
  if (!ascii_.empty() && is_ascii(text)) return ascii_in(ascii_, text);
  const auto size = fold(text, text_);
  if (!size) return false;
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(*size);
  return std::search(text_.begin(), end, wanted_.begin(),
                     wanted_.begin() + static_cast<std::ptrdiff_t>(*size_)) != end;
}

// Folds the text into `room`, which only grows, and returns the size of the result; nullopt: not
// UTF-8.
std::optional<std::size_t> Caseless::fold(std::string_view text, Folded& room) {
  constexpr auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  for (;;) {
    const auto have = static_cast<utf8proc_ssize_t>(room.size());
    auto count = utf8proc_decompose(bytes, size, room.data(), have, options);
    if (count > have) {
      wipe_all(room);
      room = Folded(static_cast<std::size_t>(2 * count));
      continue;
    }
    if (count > 0) count = utf8proc_normalize_utf32(room.data(), count, options);
    if (count < 0) return std::nullopt;
    return static_cast<std::size_t>(count);
  }
}

}  // namespace sims
