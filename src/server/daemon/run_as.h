// The user that simsd becomes when root starts it with --user: root only binds the ports and makes
// the folder.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sims::server {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;

  // Finds a user by name. Fails in words for an unknown name, and for a user with root's id or
  // group.
  static Result<User> find(const std::string& name);
  // Whether this process is that user already and cannot become another.
  bool is_us() const;
};

// Makes a missing folder (0700), owned by `user`, and its parents, owned by root. Does not change
// existing ones.
Result<void> make_folder_for(const User& user, const std::string& path);

// Changes user and group irrevocably, drops supplementary groups, and verifies that there is no way
// back. Root only; call it before there are threads.
Result<void> become(const User& user);

}  // namespace sims::server
