// Fuzz target `frame`: a stream of any bytes in any pieces is cut into its lines.
#include "proto/wire/frame.h"

#include <algorithm>

#include "fuzz/fuzz.h"
#include "fuzz/vectors.h"

namespace sims::fuzz {
namespace {

using proto::FrameCutter;

struct Lines {
  std::vector<std::string> lines;
  bool too_long = false;
  bool operator==(const Lines&) const = default;
};

Lines plainly(std::string_view stream, std::size_t limit) {
  Lines out;
  while (!stream.empty()) {
    const std::size_t size = std::min(stream.find('\n'), stream.size());
    if (size > limit) {
      out.too_long = true;
      break;
    }
    if (size == stream.size()) break;
    if (size > 0) out.lines.emplace_back(stream.substr(0, size));
    stream.remove_prefix(size + 1);
  }
  return out;
}

void run(ByteView input) {
  Source source(input);
  const std::size_t limit = 1 + source.byte();
  std::string pieces = source.text();
  if (pieces.empty()) pieces = "\x07";
  const std::string stream = source.rest();
  FrameCutter cutter;
  proto::FrameRoom room;
  Lines got;
  std::size_t turn = 0;
  for (std::size_t at = 0; at < stream.size() && !got.too_long;) {
    const std::size_t size = std::min<std::size_t>(
        1 + static_cast<unsigned char>(pieces[turn++ % pieces.size()]), stream.size() - at);
    ByteView piece = bytes_of(std::string_view(stream).substr(at, size));
    at += size;
    for (;;) {
      const auto cut = cutter.next(piece, limit, room);
      if (cut == FrameCutter::Cut::need_input) break;
      got.too_long = cut == FrameCutter::Cut::too_long;
      if (got.too_long) break;
      got.lines.emplace_back(room.frame);
    }
    HOLDS(got.too_long || piece.empty());
    HOLDS(cutter.kept() <= limit + 1);
  }
  HOLDS(got == plainly(stream, limit));
}

std::vector<std::string> seeds() {
  std::vector<std::string> out = {
      "\x20" + sized("\1\2\3") + "one\n\ntwo\nthree and more\n", "\x03" + sized("\xff") + "abc\nabcd\n",
      "\x03" + sized(std::string(1, '\0')) + "abc\nabcd", "\xff" + sized("\x05") + std::string(300, 'x')};
  std::string stream;
  for (const auto& frame : strings_in_vectors("{"))
    stream += frame + "\n";
  for (std::size_t at = 0; at < stream.size(); at += 2'000)
    out.push_back("\xff" + sized("\x10\xff\x01") + stream.substr(at, 2'000));
  return out;
}

const Register registered({"frame", run, seeds, 8'000});

}  // namespace
}  // namespace sims::fuzz
