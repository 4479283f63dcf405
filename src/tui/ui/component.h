// A part of the interface that takes keys. Ui offers each key to its components, topmost first, until one
// consumes it.
#pragma once

#include "tui/term/keys.h"

namespace sims::tui {

class Component {
 public:
  virtual ~Component() = default;
  // False if the component is closed or has no use for the key. Then the component below gets the key.
  virtual bool handle_key(const Key& key) = 0;
};

}  // namespace sims::tui
