// The socket of syslog(3), which the C library's own functions don't tell about: here a line that was not
// taken is known, a full socket does not block, and nothing is connected to behind the caller's back.
#pragma once

#include <string>
#include <string_view>

namespace sims::log {

class Syslog {
 public:
  enum class Sent { yes, full, gone };  // full: the line is lost; gone: nobody takes lines there

  Syslog() = default;
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;
  ~Syslog();

  bool open(const std::string& path);  // false: why() says what failed
  // `level` as syslog numbers them, of the facility LOG_DAEMON. When the connection has broken it tries once
  // to make it again, which a confined process may not.
  Sent send(int level, std::string_view program, std::string_view line);
  const std::string& why() const { return why_; }

 private:
  bool connect(int type);
  bool failed();
  Sent send_once(const std::string& message);

  std::string path_, why_;
  int fd_ = -1;
  bool stream_ = false;  // some daemons take a stream, with a NUL after each line
};

}  // namespace sims::log
