// The path of the socket at which the program that holds a store takes other commands. It depends
// on the store alone, so that a cron job without an environment finds it. It is HASH in
// /run/user/UID/sims if /run/user/UID belongs to us alone, else `socket` in the store's folder.
// HASH is of the folder's real path and of the identity: the same path in another container is
// another store.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/unix_socket.h"
#include "proto/identity.h"

namespace sims::client {

// The candidates, best first; at least one. `run_folder`: /run/user/UID, in tests another one.
// Makes nothing.
std::vector<std::string> holder_paths(const std::string& run_folder, const std::string& store_folder,
                                      const proto::Id& id);
std::string own_run_folder();  // /run/user/UID

struct HolderListener {
  int fd;
  std::string path;
};
// Listens at the first usable path. The caller holds the store's lock, so an existing socket is a
// dead program's and is replaced. Anything else there, such as a link, is left alone.
Result<HolderListener> listen_as_holder(const std::vector<std::string>& paths);

// Returns a connected socket, which the caller closes; or the path and the reason. It connects to
// no socket of another user and follows no link. It waits at most `patience` for a stopped program.
Result<int, net::NotConnected> connect_to_holder(const std::vector<std::string>& paths,
                                                 std::chrono::milliseconds patience);

}  // namespace sims::client
