// Fuzz target `metrics-http`: any bytes in any pieces as an HTTP request. There is at most one answer, complete
// and of one of four kinds. It does not depend on the pieces. Only a request for the metrics gets them.
#include "server/admin/metrics_http.h"

#include <algorithm>

#include "fuzz/fuzz.h"

namespace sims::fuzz {
namespace {

using server::MetricsHttp;

std::string answer_to(std::string_view stream, const std::string& pieces) {
  MetricsHttp http;
  std::string all;
  std::size_t answers = 0, asked = 0, turn = 0;
  while (!stream.empty()) {
    const std::size_t wanted = 1 + static_cast<unsigned char>(pieces[turn++ % pieces.size()]);
    const auto size = std::min(wanted, stream.size());
    const auto answer =
        http.received(bytes_of(stream.substr(0, size)), [&] { return ++asked, std::string("m 1\n"); });
    stream.remove_prefix(size);
    if (!answer) continue;
    ++answers;
    all = *answer;
  }
  HOLDS(answers <= 1);
  HOLDS((asked == 1) == all.starts_with("HTTP/1.1 200 OK\r\n"));
  return all;
}

void run(ByteView input) {
  Source source(input);
  std::string pieces = source.text();
  if (pieces.empty()) pieces = "\x07";
  const std::string stream = source.rest();
  const auto answer = answer_to(stream, pieces);
  HOLDS(answer == answer_to(stream, "\xff"));
  if (answer.empty()) {
    HOLDS(stream.size() <= MetricsHttp::max_request);
    return;
  }
  const auto status = answer.substr(0, 12);
  HOLDS(status == "HTTP/1.1 200" || status == "HTTP/1.1 400" || status == "HTTP/1.1 404" ||
        status == "HTTP/1.1 405");
  const auto body = answer.find("\r\n\r\n");
  HOLDS(body != answer.npos);
  HOLDS(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - body - 4) + "\r\n") !=
        answer.npos);
  if (status == "HTTP/1.1 200") HOLDS(stream.starts_with("GET /metrics"));
}

std::vector<std::string> seeds() {
  return {sized("\1\x20") + "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
          sized("\xff") + "GET /metrics?a HTTP/1.0\n\n",
          sized("") + "POST /metrics HTTP/1.1\r\nA: b\r\n\r\nbody",
          sized("\xff") + "HEAD /x HTTP/1.1\r\n\r\n",
          sized("\xff") + "GET /metrics HTTP/1.1\r\n" + std::string(5'000, 'a')};
}

const Register registered({"metrics-http", run, seeds, 30'000});

}  // namespace
}  // namespace sims::fuzz
