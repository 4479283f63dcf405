// One HTTP/1.x connection that answers GET /metrics and nothing else: bytes in, one answer out,
// then it is closed. Pure; the edge is daemon/metrics_socket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sims::server {

class MetricsHttp {
 public:
  static constexpr std::size_t max_request = 4'096;  // the line and the headers
  // Returns the whole answer once the request is complete or wrong; ignores later bytes. Calls
  // `metrics` for a valid request.
  std::optional<std::string> received(ByteView bytes, const std::function<std::string()>& metrics);

 private:
  std::string head_;
  bool answered_ = false;
};

}  // namespace sims::server
