// The requests of simsctl(8): runs one, and writes its answer as JSON lines (see control.h). Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/json.h"
#include "server/admin/operations.h"

namespace sims::server {

constexpr std::size_t control_page = 100;  // rows in one answer

// Calls `reply` once, now or later, with all the lines of the answer.
void run_request(Operations& operations, const proto::JsonValue& request, std::uint64_t unix_s,
                 std::function<void(std::string lines)> reply);

// The names of all requests, in no order: what "do" may be.
std::vector<std::string_view> request_names();

std::string control_error(std::string_view why);  // {"error":"..."} and LF

}  // namespace sims::server
