// Wipes memory with explicit_bzero(), which the compiler does not optimise away.
#include "base/secret.h"

#include <string.h>

namespace sims {

void wipe(void* memory, std::size_t size) noexcept {
  if (size) explicit_bzero(memory, size);
}

void wipe(std::string& text) noexcept {
  // The bytes between size() and capacity() may hold old content; resizing within the capacity does
  // not allocate.
  text.resize(text.capacity());
  wipe(text.data(), text.size());
  text.clear();
}

}  // namespace sims
