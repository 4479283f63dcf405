// UTF-8 and making remote text safe to show. The one place where bytes from somebody else become something
// that may reach a terminal or a log.
#pragma once

#include <string>
#include <string_view>

namespace sims {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. ASCII runs take a fast path.
bool utf8_valid(std::string_view text);

// For logs and error lines: printable ASCII stays, everything else (also the backslash) becomes \xNN; cut at
// `max` input bytes, with "..." where it was cut.
std::string escape_for_log(std::string_view text, std::size_t max = 256);

enum class Lines { keep, fold };  // fold: a line break becomes a visible stand-in too

// For terminals: C0, C1, DEL, bidi controls, zero-width and other format characters, unassigned, private and
// surrogate code points, invalid bytes and more than 8 combining marks in a row become visible stand-ins; a tab
// becomes a space; the result is valid UTF-8 and holds no control character but, with Lines::keep, LF.
std::string safe_text(std::string_view text, Lines lines);

// Terminal columns of one code point as this program counts them (0, 1 or 2; utf8proc), and of a safe text.
int char_width(char32_t c);
int text_width(std::string_view text);
// The end of the grapheme cluster that starts at `at` (a byte offset; returns text.size() at the end).
std::size_t grapheme_end(std::string_view text, std::size_t at);

}  // namespace sims
