// Tells the service manager about the start, a reload and the end (sd_notify(3)), over a socket that is
// connected when this is made: the sandbox allows no socket and no connection later.
#pragma once

#include <string>
#include <string_view>

namespace sims::server {

class ServiceManager {
 public:
  ServiceManager();  // $NOTIFY_SOCKET; without it nobody is told
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void tell(std::string_view state) const;  // "READY=1"; a failure changes nothing

 private:
  int fd_ = -1;
};

}  // namespace sims::server
