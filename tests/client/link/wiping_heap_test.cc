// The wiping heap: freed memory holds nothing of its data.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "support/process_memory.h"
#include "support/vectors.h"

TEST_CASE("freed data is not found in memory that is allocated again") {
  if (sims::test::heap_is_watched) return sims::test::skip("a sanitizer has operators of its own");
  // Larger than the first words of a free block, which the allocator uses.
  constexpr std::size_t size = 4'000;
  auto text = std::make_unique<std::string>(size, 'x');
  text.reset();
  const std::unique_ptr<char, decltype(&std::free)> again(static_cast<char*>(std::malloc(size + 1)),
                                                          &std::free);
  REQUIRE(again);
  CHECK(std::string_view(again.get(), size).find("xxxx") == std::string_view::npos);
}
