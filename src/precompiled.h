// The headers that most files of SIMS include, precompiled by the Makefile when it compiles with g++. Every file still
// includes what it uses: `make lint` compiles each without this one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
