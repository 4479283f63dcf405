// QR codes as cells: two modules, one above the other, in a half block. Pure; the only user of libqrencode.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tui/term/cells.h"
#include "tui/view/layout.h"

namespace sims::tui {

// The modules, row by row, without a quiet zone.
struct Qr {
  int width = 0;
  std::vector<bool> dark;
  bool at(int x, int y) const {
    return dark[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};
// nullopt if `bytes` is empty, or too long for a QR code that a screen can show.
std::optional<Qr> make_qr(std::string_view bytes);

// The cells of a QR code of so many bytes, with a quiet zone of two modules; {0, 0} if make_qr() makes none.
Size qr_size(std::size_t bytes);

// The rows of a QR code as cells. Keeps those of the last bytes, so that a frame does not encode again.
class QrCache {
 public:
  const std::vector<Cells>& rows(const std::string& bytes);

 private:
  std::string bytes_;
  std::vector<Cells> rows_;
};

}  // namespace sims::tui
