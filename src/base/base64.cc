// Base64 by tables, and 16 characters at a time where the processor has SSSE3.
#include "base/base64.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace sims {
namespace {

constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
// Marks a foreign character. No 24-bit group has this bit, so values are or-ed and checked once at
// the end.
constexpr std::uint32_t foreign = 0x80000000;

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

#if defined(__x86_64__)
// 16 characters at a time with SSSE3, which x86 processors have had since 2006; with tables alone
// Base64 would be a third of a relay's work. The tables do the rest, and reject texts that are not
// canonical.

bool has_ssse3() {
  static const bool has = __builtin_cpu_supports("ssse3");
  return has;
}

__m128i all(char c) {
  return _mm_set1_epi8(c);
}

// Returns the number of bytes encoded, in whole groups; out gets 4 / 3 as many characters.
[[gnu::target("ssse3")]] std::size_t encode_blocks(ByteView in, Base64 kind, char* out) {
  const bool standard = kind == Base64::standard;
  const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // From a value to its character, by range: 13 for A to Z, 0 for a to z, 1 to 10 for the digits,
  // then the last two.
  const __m128i shift =
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, (standard ? '+' : '-') - 62, (standard ? '/' : '_') - 63, 'A', 0, 0);
  std::size_t at = 0;
  for (; in.size() - at >= 16; at += 12, out += 16) {
    __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in.data() + at));
    v = _mm_shuffle_epi8(v, spread);
    const __m128i even =
        _mm_mulhi_epu16(_mm_and_si128(v, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    const __m128i odd =
        _mm_mullo_epi16(_mm_and_si128(v, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    const __m128i value = _mm_or_si128(even, odd);
    const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(all(26), value), all(13));
    const __m128i range = _mm_or_si128(_mm_subs_epu8(value, all(51)), upper);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_add_epi8(value, _mm_shuffle_epi8(shift, range)));
  }
  return at;
}

// Returns the number of characters decoded. It stops at a foreign character, and before the end,
// where `out` may have no room for a whole register.
[[gnu::target("ssse3")]] std::size_t decode_blocks(std::string_view text, Base64 kind, std::uint8_t* out) {
  const bool standard = kind == Base64::standard;
  const char c62 = standard ? '+' : '-', c63 = standard ? '/' : '_';
  const __m128i join = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const auto between = [](__m128i v, char low, char high) {
    return _mm_and_si128(_mm_cmpgt_epi8(v, all(static_cast<char>(low - 1))),
                         _mm_cmpgt_epi8(all(static_cast<char>(high + 1)), v));
  };
  std::size_t at = 0;
  for (; text.size() - at >= 16 + 8; at += 16, out += 12) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i upper = between(v, 'A', 'Z'), lower = between(v, 'a', 'z'), digit = between(v, '0', '9');
    const __m128i is62 = _mm_cmpeq_epi8(v, all(c62)), is63 = _mm_cmpeq_epi8(v, all(c63));
    const __m128i known =
        _mm_or_si128(_mm_or_si128(_mm_or_si128(upper, lower), _mm_or_si128(digit, is62)), is63);
    if (_mm_movemask_epi8(known) != 0xffff) break;
    __m128i shift = _mm_and_si128(upper, all(-'A'));
    shift = _mm_or_si128(shift, _mm_and_si128(lower, all(26 - 'a')));
    shift = _mm_or_si128(shift, _mm_and_si128(digit, all(52 - '0')));
    shift = _mm_or_si128(shift, _mm_and_si128(is62, all(static_cast<char>(62 - c62))));
    shift = _mm_or_si128(shift, _mm_and_si128(is63, all(static_cast<char>(63 - c63))));
    const __m128i value = _mm_add_epi8(v, shift);
    const __m128i pairs = _mm_maddubs_epi16(value, _mm_set1_epi32(0x01400140));
    const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(groups, join));
  }
  return at;
}

#else
constexpr bool has_ssse3() {
  return false;
}
std::size_t encode_blocks(ByteView, Base64, char*) {
  return 0;
}
std::size_t decode_blocks(std::string_view, Base64, std::uint8_t*) {
  return 0;
}
#endif

}  // namespace

std::size_t base64_encoded_size(std::size_t size, Base64 kind) {
  if (kind != Base64::url_unpadded) return (size + 2) / 3 * 4;
  return size / 3 * 4 + (size % 3 ? size % 3 + 1 : 0);
}

void base64_encode(ByteView in, Base64 kind, char* out) {
  if (in.size() >= 16 && has_ssse3()) {
    const std::size_t done = encode_blocks(in, kind, out);
    in = in.subspan(done);
    out += done / 3 * 4;
  }
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
  std::uint8_t* const begin = out;
  if (text.size() >= 24 && has_ssse3()) {
    const std::size_t done = decode_blocks(text, kind, out);
    text.remove_prefix(done);
    out += done / 4 * 3;
  }
  const auto& values = tables_of(kind).values;
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
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
