// Parses the parameters of a sequence, and finds its key in the forms of xterm, kitty and rxvt.
#include "tui/term/key_sequences.h"

#include <algorithm>
#include <array>

namespace sims::tui {
namespace {

// "97:65;5:1" becomes {{97, 65}, {5, 1}, {0, 0}}: xterm's parameters, each with kitty's first sub-parameter.
struct Parameter {
  int value = 0, sub = 0;
};
using Parameters = std::array<Parameter, 3>;

Parameters parse(std::string_view text) {
  Parameters out{};
  std::size_t at = 0;
  int colons = 0;
  for (char c : text) {
    if (c == ';') {
      if (++at == out.size()) break;
      colons = 0;
    } else if (c == ':') {
      ++colons;
    } else if (c >= '0' && c <= '9' && colons < 2) {
      int& number = colons == 0 ? out[at].value : out[at].sub;
      if (number < 1'000'000) number = number * 10 + (c - '0');
    }
  }
  return out;
}

// xterm's modifier parameter is 1 plus the sum of these; kitty calls the fourth one Super and adds the rest.
enum Modifier { shift_bit = 1, alt_bit = 2, ctrl_bit = 4, super_bit = 8, hyper_bit = 16, meta_bit = 32 };

int modifiers(const Parameter& parameter) {
  return std::max(parameter.value, 1) - 1;
}

void modify(Key& key, int bits) {
  key.shift = bits & shift_bit;
  key.alt = bits & (alt_bit | meta_bit);
  key.ctrl = bits & ctrl_bit;
}

std::optional<Key> tilde_key(int number) {
  static constexpr std::array<KeyCode, 9> low = {KeyCode::character, KeyCode::home, KeyCode::insert,
                                                 KeyCode::del,       KeyCode::end,  KeyCode::page_up,
                                                 KeyCode::page_down, KeyCode::home, KeyCode::end};
  if (number >= 1 && number <= 8) return plain_key(low[static_cast<std::size_t>(number)]);
  // 11..15 are F1..F5, 17..21 F6..F10, 23 and 24 F11 and F12: the VT220's gaps.
  if (number >= 11 && number <= 15) return function_key(number - 10);
  if (number >= 17 && number <= 21) return function_key(number - 11);
  if (number == 23 || number == 24) return function_key(number - 12);
  return std::nullopt;
}

// kitty's numbers for the keypad.
std::optional<Key> keypad_key(int number) {
  static constexpr std::array<KeyCode, 10> moves = {
      KeyCode::left,      KeyCode::right, KeyCode::up,  KeyCode::down,   KeyCode::page_up,
      KeyCode::page_down, KeyCode::home,  KeyCode::end, KeyCode::insert, KeyCode::del};
  static constexpr std::u32string_view typed = U"0123456789./*-+";
  if (number >= 57'399 && number < 57'414) {
    Key key;
    key.ch = typed[static_cast<std::size_t>(number - 57'399)];
    return key;
  }
  if (number == 57'414) return plain_key(KeyCode::enter);
  if (number >= 57'417 && number < 57'427) return plain_key(moves[static_cast<std::size_t>(number - 57'417)]);
  return std::nullopt;
}

std::optional<Key> typed_key(int c, int shifted, int bits) {
  if (bits & (super_bit | hyper_bit)) return std::nullopt;  // the desktop's shortcuts
  if ((bits & shift_bit) && shifted > 0) c = shifted;
  // Where the terminal does not send the shifted form: as on a US keyboard.
  if ((bits & shift_bit) && c >= 'a' && c <= 'z') c -= 'a' - 'A';
  if ((bits & shift_bit) && (bits & ctrl_bit) && c == '-') c = '_';
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff;
  const bool private_use = c >= 0xe000 && c < 0xf900;  // kitty's numbers for keys that have no character
  if (control || private_use) return std::nullopt;
  Key key;
  key.ch = static_cast<char32_t>(c);
  if (bits & ctrl_bit) key = ctrl_key(key.ch);
  key.alt = bits & (alt_bit | meta_bit);
  return key;
}

// A key by its code point: xterm's modifyOtherKeys and kitty's protocol.
std::optional<Key> numbered_key(int number, int shifted, int bits) {
  std::optional<Key> key;
  if (number == 9)
    key = plain_key(bits & shift_bit ? KeyCode::back_tab : KeyCode::tab);
  else if (number == 13 || number == 10)
    key = plain_key(KeyCode::enter);
  else if (number == 27)
    key = plain_key(KeyCode::escape);
  else if (number == 127 || number == 8)
    key = plain_key(KeyCode::backspace);
  else
    key = keypad_key(number);
  if (!key) return typed_key(number, shifted, bits);
  if (key->code == KeyCode::character) return typed_key(static_cast<int>(key->ch), 0, bits);
  modify(*key, bits);
  if (key->code == KeyCode::back_tab) key->shift = false;
  return key;
}

// An SGR (1006) mouse report: button;x;y. x and y count from 1.
std::optional<Key> mouse_key(const Parameters& p) {
  enum Bits { button_bits = 3, shift = 4, meta = 8, control = 16, motion = 32, wheel = 64, more = 128 };
  const int b = p[0].value;
  const int button = b & button_bits;
  if ((b & (motion | more)) || p[1].value < 1 || p[2].value < 1) return std::nullopt;
  Key key;
  if (b & wheel) {
    if (button > 1) return std::nullopt;  // a horizontal wheel
    key.code = button == 0 ? KeyCode::wheel_up : KeyCode::wheel_down;
  } else {
    if (button == 3) return std::nullopt;
    key.code = KeyCode::press;
    key.ch = static_cast<char32_t>(button + 1);
  }
  key.shift = b & shift;
  key.alt = b & meta;
  key.ctrl = b & control;
  key.x = p[1].value - 1;
  key.y = p[2].value - 1;
  return key;
}

// rxvt ends a modified key with one of these instead of ~.
int rxvt_bits(char final) {
  return final == '$' ? shift_bit : final == '^' ? ctrl_bit : final == '@' ? shift_bit | ctrl_bit : 0;
}

}  // namespace

Key plain_key(KeyCode code) {
  Key key;
  key.code = code;
  return key;
}

Key function_key(int number) {
  Key key = plain_key(KeyCode::function);
  key.ch = static_cast<char32_t>(number);
  return key;
}

std::optional<Key> ss3_key(char letter) {
  static constexpr std::string_view arrows = "ABCD";
  static constexpr std::array<KeyCode, 4> codes = {KeyCode::up, KeyCode::down, KeyCode::right, KeyCode::left};
  if (const auto at = arrows.find(letter); at != arrows.npos) return plain_key(codes[at]);
  if (letter >= 'a' && letter <= 'd') {  // rxvt's Ctrl
    Key key = plain_key(codes[static_cast<std::size_t>(letter - 'a')]);
    key.ctrl = true;
    return key;
  }
  if (letter >= 'P' && letter <= 'S') return function_key(letter - 'P' + 1);
  switch (letter) {
    case 'F':
      return plain_key(KeyCode::end);
    case 'H':
      return plain_key(KeyCode::home);
    case 'M':
      return plain_key(KeyCode::enter);  // the keypad's
    default:
      return std::nullopt;
  }
}

std::optional<Key> csi_key(std::string_view parameters, char final) {
  if (parameters.starts_with('<')) {
    return final == 'M' ? mouse_key(parse(parameters.substr(1))) : std::nullopt;
  }
  if (parameters.find_first_not_of("0123456789;:") != parameters.npos) return std::nullopt;  // a report
  const Parameters p = parse(parameters);
  const bool released = p[1].sub == 3;
  if (released) return std::nullopt;
  const int bits = modifiers(p[1]);
  if (final == 'u') return numbered_key(p[0].value, p[0].sub, bits);
  if (final == '~' && p[0].value == 27) return numbered_key(p[2].value, 0, bits);
  std::optional<Key> key;
  if (final == '~' || final == '$' || final == '^' || final == '@') {
    key = tilde_key(p[0].value);
    if (key && final != '~') return modify(*key, rxvt_bits(final)), key;
  } else if (final == 'Z') {
    return plain_key(KeyCode::back_tab);
  } else if (parameters.empty() && (final == 'I' || final == 'O')) {
    return plain_key(final == 'I' ? KeyCode::focus_in : KeyCode::focus_out);
  } else if (parameters.empty() && final >= 'a' && final <= 'd') {  // rxvt's Shift
    key = ss3_key(static_cast<char>(final - 'a' + 'A'));
    key->shift = true;
    return key;
  } else if (p[0].value <= 1 && final >= 'A' && final != 'M' && final <= 'Z') {
    key = ss3_key(final);  // excludes cursor reports (24;80R) and mouse modes that we never enable (M)
  }
  if (key) modify(*key, bits);
  return key;
}

}  // namespace sims::tui
