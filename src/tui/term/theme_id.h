// The themes that a user can choose from: `/set theme`, theme.cc has their colours.
#pragma once

namespace sims::tui {

enum class ThemeId { dark, light, contrast, mono };

}  // namespace sims::tui
