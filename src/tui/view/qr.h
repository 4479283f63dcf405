// QR codes as cells: two modules, one above the other, in a half block. Pure; the only user of libqrencode.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tui/term/cells.h"
#include "tui/view/layout.h"

namespace sims::tui {

// The modules, row by row, without a quiet zone; nullopt: too long for a QR code that a screen could show.
struct Qr {
  int width = 0;
  std::vector<bool> dark;
  bool at(int x, int y) const {
    return dark[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};
std::optional<Qr> make_qr(std::string_view bytes);

// The screen that a code of so many bytes takes, two light modules around it included; {0, 0}: there is none.
Size qr_size(std::size_t bytes);

// Its rows as cells, made once for the same bytes.
class QrCache {
 public:
  const std::vector<Cells>& rows(const std::string& bytes);

 private:
  std::string bytes_;
  std::vector<Cells> rows_;
};

}  // namespace sims::tui
