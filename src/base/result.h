// Errors that somebody else can cause are values: Result<T> carries the T or says in words what was wrong.
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
