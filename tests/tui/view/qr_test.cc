// Tests of QR codes: their modules, sizes and limits.
#include "tui/view/qr.h"

#include <doctest/doctest.h>

#include <string>

using namespace sims;
using namespace sims::tui;

namespace {

// True if a camera sees a light module there: light characters on a dark ground, two modules in a cell.
bool light(const std::vector<Cells>& rows, int x, int y) {
  const char32_t c = rows[static_cast<std::size_t>(y / 2)][static_cast<std::size_t>(x)].chars[0];
  REQUIRE((c == U'█' || c == U'▀' || c == U'▄' || c == U' '));
  return c == U'█' || c == (y % 2 == 0 ? U'▀' : U'▄');
}

}  // namespace

TEST_CASE("qr: the half blocks hold the code's modules and a quiet zone around them") {
  for (std::size_t size : {1U, 17U, 18U, 53U, 94U, 106U, 107U, 271U}) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i)
      bytes += static_cast<char>(i * 37 + size);
    const auto qr = make_qr(bytes);
    REQUIRE(qr);
    QrCache cache;
    const auto rows = cache.rows(bytes);
    const Size expected = qr_size(size);
    REQUIRE(rows.size() == static_cast<std::size_t>(expected.height));
    REQUIRE(expected.width == qr->width + 4);
    for (const Cells& row : rows)
      REQUIRE(width_of(row) == expected.width);
    for (int y = 0; y < 2 * expected.height; ++y) {
      for (int x = 0; x < expected.width; ++x) {
        const bool inside = x >= 2 && y >= 2 && x < qr->width + 2 && y < qr->width + 2;
        REQUIRE(light(rows, x, y) == !(inside && qr->at(x - 2, y - 2)));
      }
    }
  }
}

TEST_CASE("qr: the finder patterns are in three corners") {
  const auto qr = make_qr(std::string(94, 'x'));
  REQUIRE(qr);
  CHECK(qr->width == 37);
  const std::pair<int, int> corners[] = {{0, 0}, {30, 0}, {0, 30}};
  for (const auto& [left, top] : corners) {
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 7; ++x) {
        const int ring = std::max(std::abs(x - 3), std::abs(y - 3));
        CHECK(qr->at(left + x, top + y) == (ring != 2));
      }
    }
  }
}

TEST_CASE("qr: a safety code fits 80x24, a text that is too long has no code") {
  CHECK(qr_size(94) == Size{41, 21});
  CHECK(qr_size(0) == Size{0, 0});
  CHECK(qr_size(272) == Size{0, 0});
  CHECK_FALSE(make_qr(""));
  CHECK_FALSE(make_qr(std::string(272, 'x')));
  QrCache cache;
  CHECK(cache.rows("").empty());
  CHECK(cache.rows("abc").size() == 13);
  CHECK(cache.rows(std::string(300, 'x')).empty());
}
