#include "base/base64.h"

namespace sims {
namespace {

constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t foreign =
    0x80000000;  // no 24-bit group has this bit: or-ed up and looked at once at the end

struct Tables {
  char pairs[4096][2];           // 12 bits to two characters
  std::uint32_t values[4][256];  // a character at place 0 to 3 of its group, shifted to where it belongs

  constexpr explicit Tables(const char* alphabet) : pairs{}, values{} {
    for (int i = 0; i < 4096; ++i) {
      pairs[i][0] = alphabet[i >> 6];
      pairs[i][1] = alphabet[i & 63];
    }
    for (auto& place : values)
      for (auto& value : place)
        value = foreign;
    for (std::uint32_t i = 0; i < 64; ++i)
      for (int place = 0; place < 4; ++place)
        values[place][static_cast<unsigned char>(alphabet[i])] = i << (18 - 6 * place);
  }
};

constexpr Tables standard_tables{standard_alphabet};
constexpr Tables url_tables{url_alphabet};

const Tables& tables_of(Base64 kind) {
  return kind == Base64::standard ? standard_tables : url_tables;
}

}  // namespace

std::size_t base64_encoded_size(std::size_t size, Base64 kind) {
  if (kind != Base64::url_unpadded) return (size + 2) / 3 * 4;
  return size / 3 * 4 + (size % 3 ? size % 3 + 1 : 0);
}

void base64_encode(ByteView in, Base64 kind, char* out) {
  const auto& pairs = tables_of(kind).pairs;
  const std::uint8_t* p = in.data();
  std::size_t left = in.size();
  for (; left >= 3; left -= 3, p += 3, out += 4) {
    std::uint32_t group =
        static_cast<std::uint32_t>(p[0]) << 16 | static_cast<std::uint32_t>(p[1]) << 8 | p[2];
    std::memcpy(out, pairs[group >> 12], 2);
    std::memcpy(out + 2, pairs[group & 4095], 2);
  }
  if (left == 0) return;
  std::uint32_t group =
      static_cast<std::uint32_t>(p[0]) << 16 | (left == 2 ? static_cast<std::uint32_t>(p[1]) << 8 : 0);
  std::memcpy(out, pairs[group >> 12], 2);
  out += 2;
  if (left == 2) *out++ = pairs[group & 4095][0];
  if (kind == Base64::url_unpadded) return;
  *out++ = '=';
  if (left == 1) *out = '=';
}

std::string base64_encode(ByteView in, Base64 kind) {
  std::string out(base64_encoded_size(in.size(), kind), '\0');
  base64_encode(in, kind, out.data());
  return out;
}

std::optional<std::size_t> base64_decode(std::string_view text, Base64 kind, std::uint8_t* out) {
  if (kind != Base64::url_unpadded && !text.empty()) {
    if (text.size() % 4) return std::nullopt;
    if (text.back() == '=') text.remove_suffix(text[text.size() - 2] == '=' ? 2 : 1);
  }
  const auto& values = tables_of(kind).values;
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::uint8_t* const begin = out;
  std::uint32_t seen = 0;
  for (std::size_t groups = text.size() / 4; groups; --groups, p += 4, out += 3) {
    std::uint32_t group = values[0][p[0]] | values[1][p[1]] | values[2][p[2]] | values[3][p[3]];
    seen |= group;
    out[0] = static_cast<std::uint8_t>(group >> 16);
    out[1] = static_cast<std::uint8_t>(group >> 8);
    out[2] = static_cast<std::uint8_t>(group);
  }
  std::size_t tail = text.size() % 4;
  if (tail == 1) return std::nullopt;
  if (tail) {
    std::uint32_t group = values[0][p[0]] | values[1][p[1]] | (tail == 3 ? values[2][p[2]] : 0);
    seen |= group;
    if (group & (tail == 3 ? 0xff : 0xffff))
      return std::nullopt;  // loose bits: another text for the same bytes
    *out++ = static_cast<std::uint8_t>(group >> 16);
    if (tail == 3) *out++ = static_cast<std::uint8_t>(group >> 8);
  }
  if (seen & foreign) return std::nullopt;
  return static_cast<std::size_t>(out - begin);
}

std::optional<Bytes> base64_decode(std::string_view text, Base64 kind) {
  Bytes out(base64_decoded_max(text.size()));
  auto size = base64_decode(text, kind, out.data());
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace sims
