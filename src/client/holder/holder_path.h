// Where the program that holds a store can be reached by other commands: a socket whose path depends on the
// store alone, so that a cron job without an environment finds it. It is HASH in /run/user/UID/sims if
// /run/user/UID is ours alone, else `socket` in the store's folder. HASH is of the folder's real path and of
// the identity: the same path in another container is another store.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/unix_socket.h"
#include "proto/identity.h"

namespace sims::client {

// Best first; one at least. `run_folder`: /run/user/UID, for tests another one. Makes nothing.
std::vector<std::string> holder_paths(const std::string& run_folder, const std::string& store_folder,
                                      const proto::Id& id);
std::string own_run_folder();  // /run/user/UID

struct HolderListener {
  int fd;
  std::string path;
};
// At the first path that can be had. The caller holds the store's lock: a socket that is there is a dead
// program's and is replaced; anything else that is there, such as a link, is left alone.
Result<HolderListener> listen_as_holder(const std::vector<std::string>& paths);

// A connected socket, which the caller closes; or the path and the reason. Goes to no socket of another user,
// and follows no link in the place of one. Waits no longer than `patience` for a program that stands still.
Result<int, net::NotConnected> connect_to_holder(const std::vector<std::string>& paths,
                                                 std::chrono::milliseconds patience);

}  // namespace sims::client
