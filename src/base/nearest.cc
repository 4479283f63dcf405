// The nearest word by edit distance, and the question "did you mean" that suggests it.
#include "base/nearest.h"

#include <algorithm>
#include <vector>

namespace sims {
namespace {

constexpr std::size_t max_edits = 2, longest = 40;

// Levenshtein's distance with neighbours swapped as one edit; both are short.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before2(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before2[j - 2] + 1);
    }
    before2 = before;
    before = row;
  }
  return before[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > longest) return {};
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const auto begins = [&](std::string_view k) { return lower.size() > 1 && k.starts_with(lower); };
  if (std::count_if(known.begin(), known.end(), begins) == 1)
    return *std::find_if(known.begin(), known.end(), begins);
  std::string_view best;
  std::size_t least = max_edits + 1;
  for (const auto k : known) {
    const std::size_t distance = edits(lower, k);
    if (distance >= least || distance + 1 >= k.size()) continue;
    least = distance;
    best = k;
  }
  return best;
}

std::string did_you_mean(std::string_view nearest) {
  return nearest.empty() ? std::string() : " Did you mean " + std::string(nearest) + "?";
}

}  // namespace sims
