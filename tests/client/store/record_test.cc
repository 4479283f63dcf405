// The fields of a stored row: written, read back, cut off.
#include "client/store/record.h"

#include <doctest/doctest.h>

using namespace sims;
using client::RecordReader;
using client::RecordWriter;

namespace {

std::string sample() {
  RecordWriter out;
  out.number(7).text("bob").text("").number(UINT64_MAX).rest("the rest");
  return std::string(out.view());
}

}  // namespace

TEST_CASE("record: fields come back in their order, byte for byte") {
  const std::string nul("a\0\n\xff", 4), bytes = sample();
  CHECK(bytes.size() == 8 + 4 + 3 + 4 + 8 + 8);
  RecordReader in(bytes);
  CHECK(in.number() == 7);
  CHECK(in.text() == "bob");
  CHECK(in.text().empty());
  CHECK(in.number() == UINT64_MAX);
  CHECK_FALSE(in.ok());  // not to its end
  CHECK(in.rest() == "the rest");
  CHECK(in.ok());
  CHECK(in.rest().empty());
  CHECK(in.ok());

  RecordWriter out;
  out.text(nul);
  CHECK(RecordReader(out.view()).text() == nul);
  CHECK(out.view().substr(0, 4) == std::string_view("\0\0\0\x4", 4));
}

TEST_CASE("record: two records are the same bytes only when their fields are the same") {
  RecordWriter one, other;
  one.text("ab").text("c");
  other.text("a").text("bc");
  CHECK(one.view() != other.view());
}

TEST_CASE("record: missing, cut off or extra fields are not ok, and read as empty") {
  const std::string whole = sample().substr(0, 8 + 4 + 3 + 4 + 8);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    RecordReader in(std::string_view(whole).substr(0, size));
    const auto first = in.number();
    const auto name = in.text();
    const auto empty = in.text();
    const auto last = in.number();
    CHECK(in.ok() == (size == whole.size()));
    CHECK(first == (size >= 8 ? 7 : 0));
    CHECK(name == (size >= 15 ? "bob" : ""));
    CHECK(empty.empty());
    CHECK(last == (size == whole.size() ? UINT64_MAX : 0));
  }
  const std::string longer = whole + "x";
  RecordReader more(longer);
  more.number(), more.text(), more.text(), more.number();
  CHECK_FALSE(more.ok());
}

TEST_CASE("record: a length beyond the end takes nothing, and nothing after it") {
  for (std::string_view length : {std::string_view("\0\0\0\x5", 4), std::string_view("\xff\xff\xff\xff", 4),
                                  std::string_view("\x80\0\0\0", 4)}) {
    const std::string bytes = std::string(length) + "1234";
    RecordReader in(bytes);
    CHECK(in.text().empty());
    CHECK(in.text().empty());
    CHECK(in.rest().empty());
    CHECK_FALSE(in.ok());
  }
  RecordReader nothing(std::string_view{});
  CHECK(nothing.ok());
  CHECK(nothing.number() == 0);
  CHECK_FALSE(nothing.ok());
}
