// Computes the socket's path, connects to it, and listens there in place of a stale socket.
#include "client/holder/holder_path.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "crypto/kdf.h"
#include "os/files.h"

namespace sims::client {

namespace {

constexpr std::size_t hash_bytes = 16;

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

bool ours_alone(const std::string& folder) {
  struct stat s {};
  return ::lstat(folder.c_str(), &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == ::geteuid() &&
         (s.st_mode & 077) == 0;
}

std::string real_path(const std::string& folder) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(folder.c_str(), nullptr), std::free);
  return real ? real.get() : folder;
}

net::NotConnected trouble(const std::string& path, int error) {
  return {error, path + ": " + std::strerror(error)};
}

Result<int, net::NotConnected> connect_to(const std::string& path, std::chrono::milliseconds patience) {
  struct stat s {};
  if (::lstat(path.c_str(), &s) != 0) return fail(trouble(path, errno));
  if (!S_ISSOCK(s.st_mode)) return fail(net::NotConnected{ENOTSOCK, path + ": not a socket; remove it"});
  if (s.st_uid != ::geteuid()) return fail(net::NotConnected{EPERM, path + ": belongs to another user"});
  auto fd = net::connect_to_path(path, patience);
  if (!fd) return fd;
  if (net::user_of_peer(*fd) == ::geteuid()) return fd;
  ::close(*fd);
  return fail(net::NotConnected{EPERM, path + ": another user listens there"});
}

}  // namespace

std::string own_run_folder() {
  return fmt::format("/run/user/{}", ::geteuid());
}

std::vector<std::string> holder_paths(const std::string& run_folder, const std::string& store_folder,
                                      const proto::Id& id) {
  std::vector<std::string> paths;
  if (ours_alone(run_folder)) {
    const std::string store = real_path(store_folder) + "\n" + id.str();
    const auto digest = crypto::sha256({bytes_of(store)});
    std::string hash;
    for (std::size_t i = 0; i < hash_bytes; ++i)
      hash += fmt::format("{:02x}", digest[i]);
    paths.push_back(run_folder + "/sims/" + hash);
  }
  paths.push_back(store_folder + "/socket");
  return paths;
}

Result<HolderListener> listen_as_holder(const std::vector<std::string>& paths) {
  std::string why;
  for (const auto& path : paths) {
    auto folder = make_private_folder(folder_of(path));
    if (folder && !ours_alone(folder_of(path)))
      folder = fail(folder_of(path) + ": is a symbolic link; remove it");
    if (!folder) {
      why = folder.error();
      continue;
    }
    if (auto fd = net::listen_at_path(path))
      return HolderListener{*fd, path};
    else
      why = fd.error();
  }
  return fail(why);
}

Result<int, net::NotConnected> connect_to_holder(const std::vector<std::string>& paths,
                                                 std::chrono::milliseconds patience) {
  net::NotConnected why{ENOENT, ""};
  for (const auto& path : paths) {
    auto fd = connect_to(path, patience);
    if (fd) return fd;
    if (why.words.empty() || fd.error().error != ENOENT) why = fd.error();
  }
  return fail(why);
}

}  // namespace sims::client
