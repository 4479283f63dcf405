// Parses the request of an HTTP client for metrics, and writes the one answer.
#include "server/admin/metrics_http.h"

#include <fmt/format.h>

#include <algorithm>

namespace sims::server {

namespace {

std::string response(std::string_view status, std::string_view body, std::string_view more = {}) {
  return fmt::format(
      "HTTP/1.1 {}\r\n{}Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status, more, body.size(), body);
}

std::string bad(std::string_view why) {
  return response("400 Bad Request", fmt::format("{}\n", why));
}

// A line ends with CR LF; a lone LF is accepted too (RFC 9112, section 2.2).
std::optional<std::string_view> take_line(std::string_view& left) {
  const auto end = left.find('\n');
  if (end == left.npos) return std::nullopt;
  auto line = left.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  left.remove_prefix(end + 1);
  return line;
}

bool token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != others.npos;
  });
}

bool visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string answer(std::string_view line, const std::function<std::string()>& metrics) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last) return bad("not a request line");
  const auto method = line.substr(0, first), version = line.substr(last + 1);
  auto path = line.substr(first + 1, last - first - 1);
  if (!token(method) || !visible(path) || (version != "HTTP/1.1" && version != "HTTP/1.0"))
    return bad("not a request line of HTTP/1.x");
  path = path.substr(0, path.find('?'));
  if (path != "/metrics") return response("404 Not Found", "only /metrics is here\n");
  if (method != "GET") return response("405 Method Not Allowed", "only GET\n", "Allow: GET\r\n");
  return response("200 OK", metrics());
}

}  // namespace

std::optional<std::string> MetricsHttp::received(ByteView bytes,
                                                 const std::function<std::string()>& metrics) {
  if (answered_) return std::nullopt;
  head_ += text_of(bytes.first(std::min(bytes.size(), max_request + 1 - head_.size())));
  const auto done = [&](std::string text) {
    answered_ = true;
    head_ = {};
    return std::optional(std::move(text));
  };
  std::string_view left = head_;
  const auto request = take_line(left);
  for (auto line = take_line(left); request && line; line = take_line(left)) {
    if (line->empty()) return done(answer(*request, metrics));
    const auto colon = line->find(':');
    if (colon == line->npos || !token(line->substr(0, colon))) return done(bad("not a header"));
  }
  if (head_.size() > max_request) return done(bad("the request is too long"));
  return std::nullopt;
}

}  // namespace sims::server
