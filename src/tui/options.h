// What the user can set: with /set, kept with /save in the configuration file. Plain data.
#pragma once

namespace sims::tui {

enum class ThemeId { dark, light, contrast, mono };
enum class NotifyBy { off, bell, osc9, osc777, osc99 };

struct Options {
  ThemeId theme = ThemeId::dark;
  bool ascii = false;  // nothing but ASCII on the screen
  bool mouse = false;  // wheel and clicks are ours instead of the terminal's
  bool title = true;   // tell the terminal its title
  NotifyBy notify = NotifyBy::bell;
  bool notify_text = false;  // notifications hold the message
  bool receipts = false;     // tell contacts what was read
  bool typing = false;       // tell contacts that we type
  bool history = true;       // keep what was said
  int paste_lines = 3;       // a paste of more asks first
  int lock_after_min = 0;    // without a key for so long: as /lock; 0: never
};

}  // namespace sims::tui
