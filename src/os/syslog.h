// The socket of syslog(3). Unlike the C library's functions it reports lines that were not taken,
// does not block on a full socket, and connects only when told to.
#pragma once

#include <string>
#include <string_view>

namespace sims::log {

class Syslog {
 public:
  enum class Sent { yes, full, gone };  // full: the line is lost; gone: there is no system log

  Syslog() = default;
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;
  ~Syslog();

  bool open(const std::string& path);  // false: why() says what failed
  // Sends a line with syslog's number of the level and the facility LOG_DAEMON. If the connection
  // has broken, it reconnects once, which fails in a confined process.
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
