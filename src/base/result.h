// Result<T>: a value, or an error that others can cause, in words that can be shown.
// Where the kind of error matters to the caller, E is an enum or a struct of the layer's own.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace sims {

template <class T, class E = std::string>
using Result = tl::expected<T, E>;

using tl::unexpected;
template <class E>
auto fail(E&& e) {
  return tl::make_unexpected(std::forward<E>(e));
}
inline auto fail(const char* what) {
  return tl::make_unexpected(std::string(what));
}

}  // namespace sims

// TRY(f()); returns f()'s error from the enclosing function; its value, if any, is dropped.
// TRY_LET(name, f()); does the same, else makes `name` a reference to the value (no copy). It lives
// to the end of the block; `return std::move(name)` moves it out. f() may be a Result variable:
// TRY(done);
#define TRY(...)                                                                     \
  do {                                                                               \
    if (auto&& sims_tried_ = (__VA_ARGS__); !sims_tried_)                            \
      return ::sims::fail(std::forward<decltype(sims_tried_)>(sims_tried_).error()); \
  } while (false)
#define TRY_LET(name, ...)                                                                           \
  auto&& SIMS_TRIED(__LINE__) = (__VA_ARGS__);                                                       \
  if (!SIMS_TRIED(__LINE__))                                                                         \
    return ::sims::fail(std::forward<decltype(SIMS_TRIED(__LINE__))>(SIMS_TRIED(__LINE__)).error()); \
  auto& name = *SIMS_TRIED(__LINE__)
#define SIMS_TRIED(line) SIMS_TRIED_(line)
#define SIMS_TRIED_(line) sims_tried_##line##_
