// Cutting a byte stream into lines (sims-protocol(7) section 1): ended by LF, empty ones skipped (but
// not for ever), at most `limit` bytes. A line that came in one piece is looked at where it lies. Owns only
// what is no whole line yet, at most limit + 1 bytes, and gives that memory back as soon as it is used.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/bytes.h"

namespace sims::proto {

// What the cutters of one thread share.
struct FrameRoom {
  BufferPool spare;        // memory for the beginnings of lines
  std::string joined;      // a line that came in pieces
  std::string_view frame;  // the line that was cut last: in the input or in `joined`, until the next call
};

class FrameCutter {
 public:
  enum class Cut {
    frame,       // room.frame is the next line, without its LF
    need_input,  // no whole line yet; the rest of the input is kept inside
    too_long,    // more than `limit` bytes without an LF: final
    too_empty,   // more than max_empty_lines in a row: final
  };
  // Takes one line from what is kept and from the front of input, which shrinks.
  Cut next(ByteView& input, std::size_t limit, FrameRoom& room);
  // Keeps all of input for later, without cutting. False when more than limit + 1 bytes are then kept: final.
  bool keep(ByteView& input, std::size_t limit);

  void clear();
  std::size_t kept() const { return kept_.size() - begin_; }

 private:
  std::optional<Cut> cut_line(const FrameRoom& room);

  std::string kept_;
  std::size_t begin_ = 0;    // what is before it has been cut
  std::size_t scanned_ = 0;  // no LF from begin_ to here
  std::size_t empty_ = 0;    // lines in a row
};

}  // namespace sims::proto
