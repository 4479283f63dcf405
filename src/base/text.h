// UTF-8 and making remote text safe to show. The one place where bytes from somebody else become something
// that may reach a terminal or a log.
#pragma once

#include <string>
#include <string_view>

namespace sims {

// The code point at text[at], at < text.size(). RFC 3629 as below.
struct CodePoint {
  char32_t c = 0;
  std::size_t size = 0;  // bytes it takes; 0: not UTF-8
};
CodePoint decode_utf8(std::string_view text, std::size_t at);
// Writes the code point (no surrogate, at most U+10FFFF) to out; returns the bytes it took. Leaves no copy
// elsewhere.
std::size_t encode_utf8(char32_t c, char (&out)[4]);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. ASCII runs take a fast path.
bool utf8_valid(std::string_view text);

// For logs and error lines: printable ASCII stays, everything else (also the backslash and the double quote,
// so that a quoted value ends where it ends) becomes \xNN; cut at `max` input bytes, with "..." where it was
// cut.
std::string escape_for_log(std::string_view text, std::size_t max = 256);

enum class Lines { keep, fold };  // fold: a line break becomes a visible stand-in too

// For terminals. The result is valid UTF-8 and holds no control character but, with Lines::keep, LF.
//   C0, DEL                                        caret notation: ^[ ^?
//   tab                                            one space
//   LF, CR LF, U+2028, U+2029                      LF, or U+23CE with Lines::fold
//   C1, bidi controls, zero-width and other format
//   or default-ignorable, unassigned, private      <U+202E>
//   bytes that are not UTF-8 (surrogates too)      U+FFFD, one a byte
//   more than 8 zero-width marks in a row          U+FFFD for all above 8
//   a mark with nothing before it in its line      put on U+25CC, so that it does not join what the screen
//   has there
// Terminals disagree about how wide emoji joined by U+200D or restyled by U+FE0E/F are, so after an emoji
// these are left out (a family is drawn as its members); anywhere else they get a stand-in as above.
std::string safe_text(std::string_view text, Lines lines);

// Terminal columns of one code point (0, 1 or 2: utf8proc, but spacing marks take 1 as in wcwidth(3)), and of
// a safe text: the sum over its code points, which is what ncurses and terminals without ligatures do. So the
// width of a grapheme cluster is its base's plus that of spacing code points in it: a flag is 1 + 1, a skin
// tone adds 2.
int char_width(char32_t c);
int text_width(std::string_view text);
// The ASCII letter that this one is with marks on it (e for U+00E9); 0: it is none.
char32_t plain_letter(char32_t c);
// The end of the grapheme cluster that starts at `at` (a byte offset; returns text.size() at the end).
std::size_t grapheme_end(std::string_view text, std::size_t at);
// The start of the cluster that holds the byte at `at`; text.size() at the end. Looks back only as far as it
// must: cheap at the end of long texts.
std::size_t grapheme_start(std::string_view text, std::size_t at);

}  // namespace sims
