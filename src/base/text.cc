// Decodes UTF-8, replaces code points that a terminal must not get, and measures width and grapheme clusters.
#include "base/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdint>
#include <cstring>
#include <iterator>

namespace sims {
namespace {

constexpr int max_marks = 8;
constexpr std::string_view replacement = "\xEF\xBF\xBD";    // U+FFFD
constexpr std::string_view return_sign = "\xE2\x8F\x8E";    // U+23CE
constexpr std::string_view dotted_circle = "\xE2\x97\x8C";  // U+25CC

std::size_t ascii_run(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  for (std::uint64_t word; text.size() - at >= 8; at += 8) {
    std::memcpy(&word, text.data() + at, 8);
    if (word & 0x8080808080808080) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80)
    ++at;
  return at - begin;
}

utf8proc_int32_t proc(char32_t c) {
  return static_cast<utf8proc_int32_t>(c);
}

bool is_mark(char32_t c) {
  auto category = utf8proc_category(proc(c));
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME || char_width(c) == 0;
}

bool is_pictograph(char32_t c) {
  return utf8proc_get_property(proc(c))->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}
bool is_skin_tone(char32_t c) {
  return c >= 0x1f3fb && c <= 0x1f3ff;
}
bool is_keycap_base(char32_t c) {
  return (c >= '0' && c <= '9') || c == '#' || c == '*';
}

bool is_showable(char32_t c) {
  switch (utf8proc_category(proc(c))) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      // Ignorable code points include letters that draw nothing (U+3164) and 256 more variation
      // selectors.
      return !utf8proc_get_property(proc(c))->ignorable;
  }
}

// A code point and where it starts. A byte that is not UTF-8 stands alone.
struct LocatedCodePoint {
  std::size_t start = 0;
  CodePoint c;
};
LocatedCodePoint code_point_containing(std::string_view text, std::size_t at) {
  for (std::size_t back = 0; back < 4 && back <= at; ++back) {
    const CodePoint c = decode_utf8(text, at - back);
    if (c.size > back) return {at - back, c};
    if ((text[at - back] & 0xc0) != 0x80) break;
  }
  return {at, {}};
}

// Whether a cluster surely ends between the two, whatever precedes them. For a joiner before an
// emoji and for two regional indicators that is not known.
bool surely_broken(CodePoint left, CodePoint right) {
  if (left.size == 0 || right.size == 0) return true;
  if (left.c < 0x80 && right.c < 0x80) return left.c != '\r';
  return left.c != 0x200d && utf8proc_grapheme_break(proc(left.c), proc(right.c));
}

// Builds safe_text(), one code point after the other.
class SafeWriter {
 public:
  SafeWriter(std::string_view text, Lines lines) : text_(text), lines_(lines) { out_.reserve(text.size()); }

  std::string run() {
    for (std::size_t at = 0; at < text_.size();) {
      CodePoint d = decode_utf8(text_, at);
      if (d.size == 0) {
        stand_in(replacement);
        ++at;
        continue;
      }
      at += d.size;
      if (d.c == '\r' && at < text_.size() && text_[at] == '\n') continue;
      put(d.c, text_.substr(at - d.size, d.size), at);
    }
    return std::move(out_);
  }

 private:
  void put(char32_t c, std::string_view bytes, std::size_t next) {
    if (c == '\n' || c == 0x2028 || c == 0x2029) return line_break();
    if (c == '\t') return plain(' ', " ");
    if (c < 0x20 || c == 0x7f) {
      char caret[2] = {'^', static_cast<char>(c ^ 0x40)};
      return stand_in({caret, 2});
    }
    if (c < 0x7f) return plain(c, bytes);
    if (joins_emoji(c, next)) return;
    if (!is_showable(c)) return stand_in(fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(c)));
    if (is_skin_tone(c)) return plain(before_, bytes);
    if (!is_mark(c)) return plain(c, bytes);
    mark(bytes);
  }

  void plain(char32_t c, std::string_view bytes) {
    out_ += bytes;
    before_ = c;
    marks_ = 0;
    line_start_ = false;
  }
  void stand_in(std::string_view shown) { plain(0, shown); }
  void line_break() {
    if (lines_ == Lines::fold) return stand_in(return_sign);
    plain(0, "\n");
    line_start_ = true;
  }
  void mark(std::string_view bytes) {
    if (line_start_) plain(0x25cc, dotted_circle);
    if (++marks_ <= max_marks)
      out_ += bytes;
    else if (marks_ == max_marks + 1)
      out_ += replacement;
  }
  // before_ is the last base character; marks and skin tones on it do not change it.
  bool joins_emoji(char32_t c, std::size_t next) const {
    if (c == 0xfe0e || c == 0xfe0f) return is_pictograph(before_) || is_keycap_base(before_);
    return c == 0x200d && is_pictograph(before_) && next < text_.size() &&
           is_pictograph(decode_utf8(text_, next).c);
  }

  std::string_view text_;
  Lines lines_;
  std::string out_;
  char32_t before_ = 0;
  int marks_ = 0;
  bool line_start_ = true;
};

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < size) return {};
  char32_t c = first & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    c = c << 6 | (byte(i) & 0x3f);
  }
  if ((size == 3 && c < 0x800) || (size == 4 && c < 0x10000)) return {};
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return {};
  return {c, size};
}

std::size_t encode_utf8(char32_t c, char (&out)[4]) {
  const std::size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (std::size_t i = size - 1; i > 0; --i, c >>= 6)
    out[i] = static_cast<char>(0x80 | (c & 0x3f));
  static constexpr unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = static_cast<char>(lead[size] | c);
  return size;
}

bool utf8_valid(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    at += ascii_run(text, at);
    if (at == text.size()) return true;
    CodePoint d = decode_utf8(text, at);
    if (d.size == 0) return false;
    at += d.size;
  }
  return true;
}

std::string escape_for_log(std::string_view text, std::size_t max) {
  std::string out;
  for (char c : text.substr(0, max)) {
    if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  }
  if (text.size() > max) out += "...";
  return out;
}

std::string safe_text(std::string_view text, Lines lines) {
  return SafeWriter(text, lines).run();
}

int char_width(char32_t c) {
  if (c >= 0x20 && c < 0x7f) return 1;
  if (c > 0x10ffff) return 1;
  if (utf8proc_category(proc(c)) == UTF8PROC_CATEGORY_MC) return 1;
  return utf8proc_charwidth(proc(c));
}

int text_width(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) {
    CodePoint d = decode_utf8(text, at);
    width += d.size ? char_width(d.c) : 1;
    at += d.size ? d.size : 1;
  }
  return width;
}

char32_t plain_letter(char32_t c) {
  utf8proc_int32_t parts[8];
  int boundary = UTF8PROC_BOUNDCLASS_START;
  if (c > 0x10ffff) return 0;
  const auto count = utf8proc_decompose_char(proc(c), parts, std::size(parts), UTF8PROC_DECOMPOSE, &boundary);
  if (count < 1 || count > static_cast<utf8proc_ssize_t>(std::size(parts))) return 0;
  const auto first = static_cast<char32_t>(parts[0]);
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return letter ? first : 0;
}

std::size_t grapheme_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  CodePoint before = decode_utf8(text, at);
  if (before.size == 0) return at + 1;
  at += before.size;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    if (before.c < 0x80 && before.c != '\r' && static_cast<unsigned char>(text[at]) < 0x80) return at;
    CodePoint next = decode_utf8(text, at);
    if (next.size == 0 || utf8proc_grapheme_break_stateful(proc(before.c), proc(next.c), &state)) return at;
    at += next.size;
    before = next;
  }
  return at;
}

std::size_t grapheme_start(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  // Go back to a certain border, then find clusters forwards from there.
  LocatedCodePoint right = code_point_containing(text, at);
  std::size_t sure = right.start;
  while (sure > 0) {
    const LocatedCodePoint left = code_point_containing(text, sure - 1);
    if (surely_broken(left.c, right.c)) break;
    right = left;
    sure = left.start;
  }
  for (std::size_t end = grapheme_end(text, sure); end <= at; end = grapheme_end(text, sure))
    sure = end;
  return sure;
}

}  // namespace sims
