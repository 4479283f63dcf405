// Cutting a byte stream into lines (sims-protocol(7) section 1): ended by LF, empty ones skipped, at most
// `limit` bytes. Owns only what is no whole line yet, at most limit + 1 bytes, and gives that memory back as
// soon as it is used.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sims::proto {

class FrameCutter {
 public:
  enum class Cut {
    frame,       // `frame` holds the next line, without its LF
    need_input,  // no whole line yet; the rest of the input is kept inside
    too_long,    // more than `limit` bytes without an LF: final
  };
  // Takes one line from what is kept and from the front of input, which shrinks.
  Cut next(ByteView& input, std::size_t limit, std::string& frame);
  // Keeps all of input for later, without cutting. False when more than limit + 1 bytes are then kept: final.
  bool keep(ByteView& input, std::size_t limit);

  void clear();
  std::size_t kept() const { return kept_.size() - begin_; }

 private:
  std::string kept_;
  std::size_t begin_ = 0;    // what is before it has been cut
  std::size_t scanned_ = 0;  // no LF from begin_ to here
};

}  // namespace sims::proto
