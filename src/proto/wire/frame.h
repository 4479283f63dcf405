// Cuts a byte stream into lines (sims-protocol(7) section 1). A line ends with LF and has at most `limit`
// bytes; a limited number of empty lines is skipped. A line that arrived in one piece is not copied. A cutter
// owns only the incomplete line, at most limit + 1 bytes, and returns that memory as soon as it is used.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/bytes.h"

namespace sims::proto {

// Memory that the cutters of one thread share.
struct FrameRoom {
  BufferPool spare;        // memory for the beginnings of lines
  std::string joined;      // a line that arrived in pieces
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
  // Takes one line from the kept bytes and the front of input, which shrinks.
  Cut next(ByteView& input, std::size_t limit, FrameRoom& room);
  // Keeps all of input for later, without cutting. False: more than limit + 1 bytes are kept; final.
  bool keep(ByteView& input, std::size_t limit);

  void clear();
  std::size_t kept() const { return kept_.size() - begin_; }

 private:
  std::optional<Cut> cut_line(const FrameRoom& room);

  std::string kept_;
  std::size_t begin_ = 0;    // the bytes before it are cut
  std::size_t scanned_ = 0;  // no LF from begin_ to here
  std::size_t empty_ = 0;    // lines in a row
};

}  // namespace sims::proto
