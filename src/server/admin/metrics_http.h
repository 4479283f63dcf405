// One HTTP/1.x connection that may ask for GET /metrics and nothing else: bytes in, one answer out, then it
// is closed. Pure; the edge is server/metrics_socket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sims::server {

class MetricsHttp {
 public:
  static constexpr std::size_t max_request = 4'096;  // the line and the headers
  // The whole answer, once the request is complete or wrong; later bytes are ignored. `metrics` is called for
  // a right one.
  std::optional<std::string> received(ByteView bytes, const std::function<std::string()>& metrics);

 private:
  std::string head_;
  bool answered_ = false;
};

}  // namespace sims::server
