// The themes that `/set theme` takes. Their colours are in tui/term/theme.cc.
#pragma once

namespace sims::tui {

enum class ThemeId { dark, light, contrast, mono };

}  // namespace sims::tui
