// Looks up the user, makes its folder, and changes to it with no way back to root.
#include "server/daemon/run_as.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace sims::server {

namespace {

tl::unexpected<std::string> errno_failure(const std::string& what) {
  return fail(what + ": " + std::strerror(errno));
}

// Everyone may pass through the parents that simsd makes, whatever the umask.
Result<void> make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    const auto parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return errno_failure(parent);
    }
    if (::chmod(parent.c_str(), 0755) != 0) return errno_failure(parent);
  }
  return {};
}

// Whether all ids are the user's, and changing back to root fails.
bool for_good(const User& user) {
  uid_t real = 0, effective = 0, saved = 0;
  gid_t group = 0, effective_group = 0, saved_group = 0;
  return getresuid(&real, &effective, &saved) == 0 && real == user.uid && effective == user.uid &&
         saved == user.uid && getresgid(&group, &effective_group, &saved_group) == 0 && group == user.gid &&
         effective_group == user.gid && saved_group == user.gid && getgroups(0, nullptr) == 0 &&
         setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && setgroups(0, nullptr) != 0;
}

}  // namespace

Result<User> User::find(const std::string& name) {
  std::vector<char> room(16'384);
  passwd entry{};
  passwd* found = nullptr;
  int status = 0;
  while ((status = getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE)
    room.resize(room.size() * 2);
  if (status != 0) return fail("user " + name + ": " + std::strerror(status));
  if (found == nullptr) return fail("user " + name + ": there is no such user");
  if (entry.pw_uid == 0 || entry.pw_gid == 0) return fail("user " + name + ": has root's rights");
  return User{name, entry.pw_uid, entry.pw_gid};
}

bool User::is_us() const {
  uid_t real = 0, effective = 0, saved = 0;
  return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid && saved == uid;
}

Result<void> make_folder_for(const User& user, const std::string& path) {
  struct stat s {};
  if (::lstat(path.c_str(), &s) == 0) return {};
  if (auto made = make_parents(path); !made) return made;
  if (::mkdir(path.c_str(), 0700) != 0) return errno_failure(path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const bool given = fd >= 0 && ::fchown(fd, user.uid, user.gid) == 0;
  auto done = given ? Result<void>() : errno_failure(path);
  if (fd >= 0) ::close(fd);
  return done;
}

Result<void> become(const User& user) {
  if (geteuid() != 0) return fail("user " + user.name + ": only root can become another user");
  if (setgroups(0, nullptr) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0)
    return errno_failure("user " + user.name);
  if (!for_good(user)) return fail("user " + user.name + ": the change of user can be undone");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // LeakSanitizer traces us
#else
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a change of user resets it to what fs.suid_dumpable says
#endif
  return {};
}

}  // namespace sims::server
