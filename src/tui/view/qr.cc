// Makes the code with libqrencode, and caches its rows.
#include "tui/view/qr.h"

#include <qrencode.h>

#include <array>
#include <memory>

namespace sims::tui {
namespace {

constexpr int quiet = 2;  // modules; the standard wants 4, but that does not fit 80x24 and cameras accept 2

// Bytes that versions 1, 2, ... hold at error correction level L. Higher versions are wider than a screen.
constexpr std::array<std::size_t, 10> capacity = {17, 32, 53, 78, 106, 134, 154, 192, 230, 271};

// The smallest version that holds the bytes; 0: none does.
int version_of(std::size_t bytes) {
  for (std::size_t i = 0; i < capacity.size(); ++i) {
    if (bytes <= capacity[i]) return static_cast<int>(i) + 1;
  }
  return 0;
}

}  // namespace

std::optional<Qr> make_qr(std::string_view bytes) {
  const int version = version_of(bytes.size());
  if (bytes.empty() || version == 0) return std::nullopt;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeData(static_cast<int>(bytes.size()), data, version, QR_ECLEVEL_L), &QRcode_free);
  if (!code) return std::nullopt;
  Qr out;
  out.width = code->width;
  out.dark.reserve(static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width));
  for (int i = 0; i < code->width * code->width; ++i)
    out.dark.push_back((code->data[i] & 1) != 0);
  return out;
}

Size qr_size(std::size_t bytes) {
  const int version = version_of(bytes);
  if (bytes == 0 || version == 0) return {0, 0};
  const int width = 17 + 4 * version + 2 * quiet;
  return {width, (width + 1) / 2};
}

const std::vector<Cells>& QrCache::rows(const std::string& bytes) {
  if (bytes == bytes_) return rows_;
  bytes_ = bytes;
  rows_.clear();
  const auto qr = make_qr(bytes);
  if (!qr) return rows_;
  const int width = qr->width + 2 * quiet;
  const auto dark = [&](int x, int y) {
    x -= quiet;
    y -= quiet;
    return x >= 0 && y >= 0 && x < qr->width && y < qr->width && qr->at(x, y);
  };
  // Draw the light modules: on a dark screen the code is right even in a terminal without colours.
  static constexpr std::u32string_view halves = U"█▄▀ ";
  for (int y = 0; y < width; y += 2) {
    Cells row(static_cast<std::size_t>(width));
    for (int x = 0; x < width; ++x) {
      Cell& cell = row[static_cast<std::size_t>(x)];
      const bool below = y + 1 < width && dark(x, y + 1);
      cell.chars[0] = halves[(dark(x, y) ? 1U : 0U) + (below ? 2U : 0U)];
      cell.style = Style::qr;
    }
    rows_.push_back(std::move(row));
  }
  return rows_;
}

}  // namespace sims::tui
