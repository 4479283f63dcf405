// FrameCutter: a stream of bytes cut into lines, with limits.
#include "proto/wire/frame.h"

#include <doctest/doctest.h>

#include <vector>

#include "proto/limits.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;
using Cut = FrameCutter::Cut;

namespace {

struct Cuts {
  std::vector<std::string> frames;
  bool too_long = false;
  bool operator==(const Cuts&) const = default;
};

// Feeds `stream` in parts of `part_size()` bytes, and cuts all frames after each part.
template <class PartSize>
Cuts cut_all(std::string_view stream, std::size_t limit, PartSize part_size) {
  FrameCutter cutter;
  Cuts out;
  FrameRoom room;
  while (!stream.empty() && !out.too_long) {
    const std::size_t size = std::min<std::size_t>(std::max<std::size_t>(part_size(), 1), stream.size());
    ByteView input = bytes_of(stream.substr(0, size));
    stream.remove_prefix(size);
    for (;;) {
      const Cut cut = cutter.next(input, limit, room);
      if (cut == Cut::need_input) break;
      if (cut == Cut::too_long) {
        out.too_long = true;
        break;
      }
      out.frames.emplace_back(room.frame);
    }
    CHECK(cutter.kept() <= limit + 1);
  }
  return out;
}

}  // namespace

TEST_CASE("frames: lines, empty ones skipped, a lone CR is not empty") {
  const auto cuts = cut_all("\n\na\nbc\n\n\r\nd\r\n\nrest", 10, [] { return 100; });
  CHECK(cuts.frames == std::vector<std::string>{"a", "bc", "\r", "d\r"});
  CHECK_FALSE(cuts.too_long);
}

TEST_CASE("frames: empty lines are skipped up to a limit") {
  FrameCutter cutter;
  FrameRoom room;
  const std::string some(max_empty_lines, '\n');
  const std::string stream = some + "a\n" + some + "b\n" + some + "\nc\n";
  ByteView input = bytes_of(stream);
  CHECK(cutter.next(input, 9, room) == Cut::frame);
  CHECK(cutter.next(input, 9, room) == Cut::frame);
  CHECK(room.frame == "b");
  CHECK(cutter.next(input, 9, room) == Cut::too_empty);
  // The same when they arrive one by one.
  FrameCutter slow;
  std::size_t lines = 0;
  for (Cut cut = Cut::need_input; cut == Cut::need_input; ++lines) {
    ByteView one = bytes_of("\n");
    cut = slow.next(one, 9, room);
  }
  CHECK(lines == max_empty_lines + 1);
}

TEST_CASE("frames: the limit is exact, and one byte more is refused without its LF") {
  const auto whole = [] { return std::size_t{100'000}; };
  for (const std::size_t limit : {std::size_t{1}, std::size_t{8}, std::size_t{4'096}, std::size_t{65'536}}) {
    CAPTURE(limit);
    const std::string full(limit, 'x');
    CHECK(cut_all(full + "\n", limit, whole).frames == std::vector<std::string>{full});
    CHECK_FALSE(cut_all(full, limit, whole).too_long);
    CHECK(cut_all(full + "x", limit, whole).too_long);
    CHECK(cut_all(full + "x\n", limit, whole).too_long);
    CHECK(cut_all("a\n\n" + full + "x", limit, whole).too_long);
    CHECK(cut_all(full + "x", limit, [] { return 1; }).too_long);
    CHECK_FALSE(cut_all(full + "\n" + full, limit, [] { return 7; }).too_long);
  }
}

TEST_CASE("frames: the same frames come out however the stream is split") {
  test::FixedRng rng(7);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    for (int i = 0; i < 12; ++i)
      stream += std::string(rng.pick(20), static_cast<char>('a' + i)) + "\n";
    const std::size_t limit = 12 + rng.pick(10);
    const auto whole = cut_all(stream, limit, [] { return 10'000; });
    CHECK(cut_all(stream, limit, [] { return 1; }) == whole);
    CHECK(cut_all(stream, limit, [&] { return rng.pick(9); }) == whole);
  }
}

TEST_CASE("frames: kept input is bounded and comes out unchanged") {
  FrameCutter cutter;
  FrameRoom room;
  ByteView input = bytes_of("ab\n\ncd\nef");
  CHECK(cutter.keep(input, 9));
  CHECK(input.empty());
  CHECK(cutter.kept() == 9);
  input = bytes_of("g\nh");
  CHECK(cutter.next(input, 9, room) == Cut::frame);
  CHECK(room.frame == "ab");
  CHECK(cutter.next(input, 9, room) == Cut::frame);
  CHECK(room.frame == "cd");
  CHECK(cutter.next(input, 9, room) == Cut::frame);
  CHECK(room.frame == "efg");
  CHECK(cutter.next(input, 9, room) == Cut::need_input);
  CHECK(cutter.kept() == 1);

  input = bytes_of("12345678");
  CHECK(cutter.keep(input, 8));  // 9: a whole frame and its LF
  input = bytes_of("9");
  CHECK_FALSE(cutter.keep(input, 8));

  FrameCutter no_lf;
  input = bytes_of("123456789");
  CHECK(no_lf.keep(input, 8));
  input = bytes_of("\n");
  CHECK(no_lf.next(input, 8, room) == Cut::too_long);
}
