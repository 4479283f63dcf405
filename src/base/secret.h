// Memory for secrets: wiped by its destructor, move-only (a move wipes the source), not printable,
// no operator== (compare with crypto::equal). A Secret has a fixed size, a SecretBytes has one that
// is set at construction.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace sims {

// Overwrites memory with zeros in a way that the compiler may not remove (explicit_bzero).
void wipe(void* memory, std::size_t size) noexcept;
inline void wipe(MutableBytes bytes) noexcept {
  wipe(bytes.data(), bytes.size());
}
// Wipes the whole capacity of a string that held a secret, then empties it.
void wipe(std::string& text) noexcept;

// Replaces a value so that none of its old bytes remain in it. An ordinary assignment may keep a
// string's buffer, and a short string's bytes in the value itself. Memory that the old value owned
// elsewhere is freed, not wiped.
template <class T>
void wipe_and_assign(T& value, T fresh = T()) noexcept {
  std::destroy_at(&value);
  wipe(static_cast<void*>(&value), sizeof value);
  std::construct_at(&value, std::move(fresh));
}

template <std::size_t N>
class Secret {
 public:
  Secret() = default;  // all zeros
  explicit Secret(ByteView from) {
    assert(from.size() == N);
    std::memcpy(bytes_.data(), from.data(), N);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  Secret clone() const { return Secret(view()); }  // copies must be explicit
  void clear() noexcept { wipe(bytes_.data(), N); }
  static constexpr std::size_t size() { return N; }
  std::uint8_t* data() { return bytes_.data(); }
  const std::uint8_t* data() const { return bytes_.data(); }
  MutableBytes writable() { return bytes_; }
  ByteView view() const { return bytes_; }
  ByteView part(std::size_t at, std::size_t count) const { return view().subspan(at, count); }

 private:
  ByteArray<N> bytes_{};
};

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(std::make_unique<std::uint8_t[]>(size)), size_(size) {}
  explicit SecretBytes(ByteView from) : SecretBytes(from.size()) {
    if (!from.empty()) std::memcpy(bytes_.get(), from.data(), from.size());
  }
  SecretBytes(SecretBytes&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      clear();
      bytes_ = std::move(other.bytes_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~SecretBytes() { clear(); }

  void clear() noexcept {
    if (bytes_) wipe(bytes_.get(), size_);
    bytes_.reset();
    size_ = 0;
  }
  std::size_t size() const { return size_; }
  MutableBytes writable() { return {bytes_.get(), size_}; }
  ByteView view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace sims
