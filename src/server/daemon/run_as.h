// Whom simsd runs as when root starts it with --user: root binds the ports and makes the folder, nothing
// else.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sims::server {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;

  // Fails in words for an unknown name, and for one with root's id or group.
  static Result<User> find(const std::string& name);
  // Whether this process is that user already, with no way to be another.
  bool is_us() const;
};

// Makes the folder, if it is missing, as `user`'s own (0700), and its parents as root's. What is there
// already is left as it is.
Result<void> make_folder_for(const User& user, const std::string& path);

// User and group for good, no supplementary groups; makes sure that there is no way back. Before there are
// threads. Root only.
Result<void> become(const User& user);

}  // namespace sims::server
