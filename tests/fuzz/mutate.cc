// Makes inputs from seeds by random edits.
#include "fuzz/mutate.h"

#include <algorithm>

namespace sims::fuzz {
namespace {

constexpr std::size_t max_bytes = 4'096;

// Bytes that some target treats specially.
std::string_view morsel(test::FixedRng& random) {
  using namespace std::literals;
  static constexpr std::string_view all[] = {"\x1b["sv,
                                             "\x1b]"sv,
                                             "\x1b\\"sv,
                                             "\x07"sv,
                                             "\r"sv,
                                             "\n"sv,
                                             "\t"sv,
                                             "\0"sv,
                                             "\xff"sv,
                                             "\x7f"sv,
                                             "\xc2\x9b"sv,
                                             "\xcc\x81"sv,
                                             "\xe2\x80\xae"sv,
                                             "\xe2\x80\x8d"sv,
                                             "\xe2\x80\x8b"sv,
                                             "\xef\xb8\x8f"sv,
                                             "\xe6\xbc\xa2"sv,
                                             "\xf0\x9f\x98\x80"sv,
                                             "\xf0\x9f\x8f\xbd"sv,
                                             "\xf0\x9f\x87\xa9"sv,
                                             "\xed\xa0\x80"sv,
                                             "\xf4\x90\x80\x80"sv,
                                             "\xe0\xa4\xa8\xe0\xa5\x8d"sv,
                                             "/"sv,
                                             "{"sv,
                                             "}"sv,
                                             "["sv,
                                             "\""sv,
                                             "\\u0000"sv,
                                             "1e400"sv,
                                             "9007199254740992"sv,
                                             "-1"sv,
                                             "200~"sv,
                                             " "sv,
                                             "="sv,
                                             "bob"sv};
  return all[random.pick(std::size(all))];
}

void mutate_once(std::string& text, const std::vector<std::string>& seeds, test::FixedRng& random) {
  const std::size_t at = random.pick(text.size() + 1), left = text.size() - at;
  const std::size_t some = std::min(left, 1 + random.pick(16));
  switch (random.pick(8)) {
    case 0:
      if (left > 0) text[at] = static_cast<char>(text[at] ^ (1 << random.pick(8)));
      return;
    case 1:
      if (left > 0) text[at] = static_cast<char>(random.next());
      return;
    case 2:
      text.erase(at, some);
      return;
    case 3:
      text.insert(at, morsel(random));
      return;
    case 4:
      for (std::size_t i = 1 + random.pick(8); i > 0; --i)
        text.insert(at, 1, static_cast<char>(random.next()));
      return;
    case 5: {  // a repeated piece
      const std::string piece = text.substr(at, some);
      for (std::size_t i = random.pick(20); i > 0 && text.size() < max_bytes; --i)
        text.insert(at, piece);
      return;
    }
    case 6: {  // a piece of another seed
      const std::string& other = seeds[random.pick(seeds.size())];
      if (other.empty()) return;
      text.insert(at, other.substr(random.pick(other.size()), 1 + random.pick(64)));
      return;
    }
    default:
      text.replace(at, some, morsel(random));
  }
}

}  // namespace

std::string mutate(const std::vector<std::string>& seeds, test::FixedRng& random) {
  std::string out = seeds[random.pick(seeds.size())];
  for (std::size_t i = 1 + random.pick(random.pick(4) == 0 ? 40 : 5); i > 0; --i)
    mutate_once(out, seeds, random);
  out.resize(std::min(out.size(), max_bytes));
  return out;
}

}  // namespace sims::fuzz
