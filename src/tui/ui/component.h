// A part of the interface that takes keys. Ui offers each key to its components, topmost first, until one
// consumes it.
#pragma once

#include "tui/term/keys.h"

namespace sims::tui {

class Component {
 public:
  virtual ~Component() = default;
  // False: the component is closed or the key means nothing to it; the key is for the component below.
  virtual bool handle_key(const Key& key) = 0;
};

}  // namespace sims::tui
