// Result and the TRY macros.
#include "base/result.h"

#include <doctest/doctest.h>

#include <memory>

using namespace sims;

namespace {

Result<std::unique_ptr<int>> read(int n) {
  if (n < 0) return fail("negative");
  return std::make_unique<int>(n);
}
Result<void> check(int n, int& calls) {
  ++calls;
  if (n > 9) return fail("two digits");
  return {};
}

Result<int> sum(int a, int b, int& calls) {
  TRY_LET(first, read(a));
  TRY(check(a, calls));
  if (calls > 5)  // TRY is one statement
    TRY(check(b, calls));
  else
    TRY(read(b));
  const auto second = read(b);
  TRY(second);
  TRY_LET(same, second);
  return *first + *same;
}

enum class Bad { one };
Result<int, Bad> seven(bool good) {
  if (!good) return fail(Bad::one);
  return 7;
}
Result<std::unique_ptr<int>, Bad> made(bool good) {
  TRY_LET(number, seven(good));
  TRY_LET(result, Result<std::unique_ptr<int>, Bad>(std::make_unique<int>(number)));
  return std::move(result);
}

}  // namespace

TEST_CASE("TRY returns the first error, and evaluates its expression once") {
  int calls = 0;
  CHECK(sum(1, 2, calls) == 3);
  CHECK(calls == 1);
  CHECK(sum(-1, 2, calls).error() == "negative");
  CHECK(calls == 1);
  CHECK(sum(10, 2, calls).error() == "two digits");
  CHECK(calls == 2);
  CHECK(sum(1, -2, calls).error() == "negative");
}

TEST_CASE("TRY_LET binds a value that cannot be copied, and keeps the type of the error") {
  CHECK(**made(true) == 7);
  CHECK(made(false).error() == Bad::one);
}
