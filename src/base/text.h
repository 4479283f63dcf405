// UTF-8, and making text from others safe for terminals and logs. Only this file does that.
#pragma once

#include <string>
#include <string_view>

namespace sims {

// The code point at text[at], at < text.size(); strict as utf8_valid().
struct CodePoint {
  char32_t c = 0;
  std::size_t size = 0;  // bytes it takes; 0: not UTF-8
};
CodePoint decode_utf8(std::string_view text, std::size_t at);
// Writes the code point (no surrogate, at most U+10FFFF) to out and returns its bytes. Leaves no
// copy elsewhere.
std::size_t encode_utf8(char32_t c, char (&out)[4]);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. ASCII runs take a fast path.
bool utf8_valid(std::string_view text);

// For logs and error lines: printable ASCII stays, everything else becomes \xNN, also the backslash
// and the double quote, so that the text cannot end a quoted value. Cut at `max` input bytes, with
// "..." at the cut.
std::string escape_for_log(std::string_view text, std::size_t max = 256);

enum class Lines { keep, fold };  // fold: a line break becomes a visible sign

// For terminals. The result is valid UTF-8 and contains no control character except, with
// Lines::keep, LF.
//   C0, DEL                                        caret notation: ^[ ^?
//   tab                                            one space
//   LF, CR LF, U+2028, U+2029                      LF, or U+23CE with Lines::fold
//   C1, bidi controls, zero-width and other format
//   or default-ignorable, unassigned, private      <U+202E>
//   bytes that are not UTF-8 (surrogates too)      U+FFFD, one a byte
//   more than 8 zero-width marks in a row          U+FFFD for all above 8
//   a mark at the start of a line                  put on U+25CC, so that it joins no text before it
// Terminals disagree about the width of emoji joined by U+200D or restyled by U+FE0E/F. So after an
// emoji these are dropped (a family is drawn as its members); anywhere else they are shown as
// above.
std::string safe_text(std::string_view text, Lines lines);

// Terminal columns of one code point (0, 1 or 2: utf8proc, but spacing marks take 1 as in
// wcwidth(3)), and of a safe text: the sum over its code points, which is what ncurses and
// terminals without ligatures do. So the width of a grapheme cluster is its base's plus that of
// spacing code points in it: a flag is 1 + 1, a skin tone adds 2.
int char_width(char32_t c);
int text_width(std::string_view text);
// The ASCII letter below the marks (e for U+00E9); 0: there is none.
char32_t plain_letter(char32_t c);
// The end of the grapheme cluster that starts at `at` (a byte offset; returns text.size() at the
// end).
std::size_t grapheme_end(std::string_view text, std::size_t at);
// The start of the cluster that contains the byte at `at`; text.size() at the end. It looks back
// only as far as necessary, so it is cheap at the end of long texts.
std::size_t grapheme_start(std::string_view text, std::size_t at);

}  // namespace sims
