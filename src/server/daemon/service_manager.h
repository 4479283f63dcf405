// Notifies the service manager of the start, a reload and the stop (sd_notify(3)). The constructor
// connects the socket, since the sandbox allows no socket and no connection later.
#pragma once

#include <string>
#include <string_view>

namespace sims::server {

class ServiceManager {
 public:
  ServiceManager();  // connects to $NOTIFY_SOCKET; without it tell() does nothing
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void tell(std::string_view state) const;  // "READY=1"; a failure changes nothing

 private:
  int fd_ = -1;
};

}  // namespace sims::server
