// Becoming a daemon in the classic way, without losing the errors of the start: the caller of simsd waits
// until the daemon serves or has failed. Fork comes first, before any thread or loop exists.
#pragma once

#include <string>

#include "base/result.h"

namespace sims::server {

// In the parent this does not return: it exits with 0 after ready(), with what fail() got, or with 1 when the
// daemon died. In the daemon (own session, no controlling terminal) it returns; standard error still is the
// caller's, every other descriptor is closed but the sockets from the service manager.
class Detached {
 public:
  static Result<Detached> begin();
  Detached(Detached&& other) noexcept;
  Detached& operator=(Detached&&) = delete;
  ~Detached();
  // The parent exits 0. Standard streams go to /dev/null, standard error to the journal if there is one (a
  // regular file is kept), the working directory becomes /.
  void ready();
  void fail(int exit_code);  // the parent exits so

 private:
  Detached(int fd, int journal) : fd_(fd), journal_(journal) {}
  int fd_;
  int journal_;  // opened early, since a confined process connects to nothing; -1: none
};

// A file with our process id, written atomically (0644), removed when it dies if it still is ours; emptied
// where that is not allowed any more, in root's folder.
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
