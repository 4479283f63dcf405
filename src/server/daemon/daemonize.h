// Daemonizing in the classic way without losing startup errors: the process that started simsd
// waits until the daemon serves or has failed. Fork comes first, before any thread or loop exists.
#pragma once

#include <string>

#include "base/result.h"

namespace sims::server {

// begin() returns only in the daemon, which has its own session and no controlling terminal. The
// parent exits with 0 after ready(), with the code given to fail(), or with 1 when the daemon died.
// Standard error stays the caller's; every other descriptor is closed except the sockets from the
// service manager.
class Detached {
 public:
  static Result<Detached> begin();
  Detached(Detached&& other) noexcept;
  Detached& operator=(Detached&&) = delete;
  ~Detached();
  // Lets the parent exit with 0. Standard streams go to /dev/null, standard error to the journal if
  // there is one (a regular file is kept); the working directory becomes /.
  void ready();
  void fail(int exit_code);  // lets the parent exit with this code

 private:
  Detached(int fd, int journal) : fd_(fd), journal_(journal) {}
  int fd_;
  int journal_;  // opened early, since a confined process cannot connect; -1: none
};

// A pid file, written atomically (0644). The destructor removes it if it still holds our process
// id, or empties it where removing is no longer allowed, in root's folder.
class PidFile {
 public:
  static Result<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

 private:
  PidFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace sims::server
