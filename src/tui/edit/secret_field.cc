// SecretField: types, pastes and deletes bytes in fixed memory.
#include "tui/edit/secret_field.h"

#include "base/text.h"

namespace sims::tui {
namespace {

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

bool one_line(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, size] = decode_utf8(text, at);
    if (size == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
    at += size;
  }
  return true;
}

}  // namespace

SecretField& SecretField::operator=(SecretField&& other) noexcept {
  if (this != &other) {
    bytes_ = std::move(other.bytes_);
    used_ = std::exchange(other.used_, 0);
    refused_ = false;
  }
  return *this;
}

bool SecretField::insert(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  if (text.size() > max_bytes - used_ || !one_line(text)) return false;
  std::memcpy(bytes_.data() + used_, text.data(), text.size());
  used_ += text.size();
  return true;
}

void SecretField::backspace() {
  while (used_ > 0) {
    const std::uint8_t gone = std::exchange(bytes_.data()[--used_], std::uint8_t{0});
    if (!is_continuation(gone)) return;
  }
}

void SecretField::clear() {
  bytes_.clear();
  used_ = 0;
}

SecretBytes SecretField::take() {
  SecretBytes out(bytes_.part(0, used_));
  clear();
  return out;
}

std::size_t SecretField::size() const {
  std::size_t count = 0;
  for (std::uint8_t byte : bytes_.part(0, used_))
    count += is_continuation(byte) ? 0 : 1;
  return count;
}

bool SecretField::handle(const Key& key) {
  refused_ = false;
  if (key.code == KeyCode::paste) {
    refused_ = key.cut > 0 || !insert(key.text);
    return true;
  }
  if (key.code == KeyCode::backspace) return backspace(), true;
  if (key.code != KeyCode::character || key.alt) return false;
  if (key.ctrl) {
    if (key.ch != U'u') return false;
    return clear(), true;
  }
  char bytes[4];
  refused_ = !insert({bytes, encode_utf8(key.ch, bytes)});
  wipe(bytes, sizeof bytes);
  return true;
}

}  // namespace sims::tui
