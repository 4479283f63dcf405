// Views of bytes and big-endian integers. Nothing here owns memory unless its name says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sims {

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void store_u32be(std::uint8_t* out, std::uint32_t v) {
  for (int i = 3; i >= 0; --i, v >>= 8)
    out[i] = static_cast<std::uint8_t>(v);
}
inline void store_u64be(std::uint8_t* out, std::uint64_t v) {
  for (int i = 7; i >= 0; --i, v >>= 8)
    out[i] = static_cast<std::uint8_t>(v);
}
inline ByteArray<4> u32be(std::uint32_t v) {
  ByteArray<4> out;
  store_u32be(out.data(), v);
  return out;
}
inline ByteArray<8> u64be(std::uint64_t v) {
  ByteArray<8> out;
  store_u64be(out.data(), v);
  return out;
}
inline std::uint64_t load_u64be(const std::uint8_t* in) {
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i)
    v = v << 8 | in[i];
  return v;
}

}  // namespace sims
