// Reads, writes and locks files with system calls: a temporary file, fsync, rename, and fsync of the folder.
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/secret.h"

namespace sims {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<std::string> errno_failure(const std::string& path) {
  return fail(fmt::format("{}: {}", path, strerror(errno)));
}

Result<std::string> read_all(int fd, const std::string& path, std::size_t max) {
  std::string content;
  for (;;) {
    // Grow by hand and wipe the old block: the content may be a key.
    if (content.capacity() - content.size() < 4096) {
      std::string larger;
      larger.reserve(content.size() * 2 + 8192);
      larger.assign(content);
      wipe(content);
      content = std::move(larger);
    }
    std::size_t had = content.size();
    content.resize(had + 4096);
    ssize_t n = ::read(fd, content.data() + had, 4096);
    content.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n == 0) return content;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_failure(path);
    if (content.size() > max) return fail(fmt::format("{}: larger than {} bytes", path, max));
  }
}

Result<void> check_private(const struct stat& s, const std::string& path) {
  if (!S_ISREG(s.st_mode)) return fail(fmt::format("{}: not a regular file", path));
  if (s.st_uid != geteuid()) return fail(fmt::format("{}: belongs to another user", path));
  if (s.st_mode & 077)
    return fail(
        fmt::format("{}: others may read or write it (mode {:o}); chmod 600 it", path, s.st_mode & 0777));
  return {};
}

Result<std::string> read_checked(const std::string& path, std::size_t max, bool is_private) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (is_private ? O_NONBLOCK : 0)));
  struct stat s {};
  if (!fd.valid() || fstat(fd.get(), &s) != 0) return errno_failure(path);
  if (S_ISDIR(s.st_mode)) return fail(fmt::format("{}: {}", path, strerror(EISDIR)));
  if (is_private) {
    TRY(check_private(s, path));
  }
  return read_all(fd.get(), path, max);
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool sync_folder(const std::string& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.get()) == 0;
}

// Makes a folder (0700) that survives a power cut, if its parent may be opened for fsync.
bool make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return false;
  sync_folder(folder_of(path));
  return true;
}

}  // namespace

std::string home_expanded(const std::string& path) {
  const char* home = ::getenv("HOME");
  return path.starts_with("~/") && home && *home == '/' ? home + path.substr(1) : path;
}

Result<std::string> read_file(const std::string& path, std::size_t max) {
  return read_checked(path, max, false);
}
Result<std::string> read_private_file(const std::string& path, std::size_t max) {
  return read_checked(path, max, true);
}

Result<void> check_private_file(const std::string& path) {
  struct stat s {};
  if (::lstat(path.c_str(), &s) != 0) return errno_failure(path);
  if (S_ISLNK(s.st_mode) || (S_ISREG(s.st_mode) && s.st_nlink > 1))
    return fail(fmt::format("{}: a link, or a file with several names; put the file itself here", path));
  return check_private(s, path);
}

bool file_exists(const std::string& path) {
  struct stat s {};
  return ::lstat(path.c_str(), &s) == 0 || errno != ENOENT;
}

std::optional<std::uint64_t> file_size(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(s.st_size);
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".unfinished";
  ::unlink(temporary.c_str());  // a killed writer's
  Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno_failure(path);
  if (!write_all(fd.get(), content) || ::fsync(fd.get()) != 0) {
    int why = errno;
    ::unlink(temporary.c_str());
    errno = why;
    return errno_failure(path);
  }
  return move_file(temporary, path);
}

Result<void> make_empty_file(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd.valid()) return errno_failure(path);
  return {};
}

std::string why_not_writable(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 || errno == ENOENT) return {};
  return strerror(errno);
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_failure(path);
  return {};
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    int why = errno;
    ::unlink(from.c_str());
    errno = why;
    return errno_failure(to);
  }
  return sync_folder_of(to);
}

Result<void> write_new_file(const std::string& path,
                            const std::function<Result<void>(const std::string&)>& fill) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) return fail(fmt::format("{}: {}", path, strerror(EEXIST)));
  if (errno != ENOENT) return errno_failure(path);
  const std::string temporary = path + ".unfinished";
  ::unlink(temporary.c_str());  // a killed writer's
  {
    auto file = NewFile::make(temporary);
    TRY(file);
    if (auto filled = fill(temporary); !filled) return fail(path + ": " + filled.error());
    if (auto closed = file->close(); !closed) return closed;
  }
  // Not rename(), which would replace a file made meanwhile.
  const bool named = ::link(temporary.c_str(), path.c_str()) == 0;
  const int why = errno;
  ::unlink(temporary.c_str());
  if (!named) return fail(fmt::format("{}: {}", path, strerror(why)));
  return sync_folder_of(path);
}

Result<void> sync_folder_of(const std::string& path) {
  if (!sync_folder(folder_of(path))) return errno_failure(folder_of(path));
  return {};
}

Result<void> remove_secret_file(const std::string& path) {
  {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW));
    struct stat s {};
    if (!fd.valid()) return errno == ENOENT ? Result<void>() : errno_failure(path);
    if (fstat(fd.get(), &s) != 0) return errno_failure(path);
    const std::string zeros(S_ISREG(s.st_mode) ? static_cast<std::size_t>(s.st_size) : 0, '\0');
    if (!write_all(fd.get(), zeros) || (!zeros.empty() && ::fsync(fd.get()) != 0)) return errno_failure(path);
  }
  if (::unlink(path.c_str()) != 0) return errno_failure(path);
  return sync_folder_of(path);
}

Result<void> make_private_folder(const std::string& path) {
  // A parent that we may not make may exist already. If it does not, it is the reason for the
  // failure.
  std::string refused;
  int why = 0;
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (make_folder(parent) || errno == EEXIST) continue;
    const bool missing = errno == ENOENT && !refused.empty();  // below the parent that could not be made
    if (!missing && errno != EROFS && errno != EACCES) return errno_failure(parent);
    if (refused.empty()) refused = parent, why = errno;
  }
  if (!make_folder(path) && errno != EEXIST) {
    if (errno != ENOENT || refused.empty()) return errno_failure(path);
    errno = why;
    return errno_failure(refused);
  }
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return errno_failure(path);
  if (!S_ISDIR(s.st_mode)) return fail(fmt::format("{}: {}", path, strerror(ENOTDIR)));
  if (s.st_uid != geteuid()) return fail(fmt::format("{}: belongs to another user", path));
  if (s.st_mode & 077)
    return fail(fmt::format("{}: others may enter it (mode {:o}); chmod 700 it", path, s.st_mode & 0777));
  return {};
}

Result<NewFile> NewFile::make(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno_failure(path);
  return NewFile(fd, path);
}

NewFile::NewFile(NewFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(path_.c_str());
}

Result<void> NewFile::write(std::string_view bytes) {
  if (!write_all(fd_, bytes)) return errno_failure(path_);
  return {};
}

Result<void> NewFile::close() {
  if (::fsync(fd_) != 0) return errno_failure(path_);
  ::close(std::exchange(fd_, -1));
  return {};
}

Result<FileLock> FileLock::take(const std::string& path, std::string_view advice) {
  auto taken = try_take(path);
  TRY(taken);
  if (!*taken) return fail(fmt::format("{}: in use by another program{}", path, advice));
  return std::move(**taken);
}
Result<std::optional<FileLock>> FileLock::try_take(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_failure(path);
  std::optional<FileLock> lock(FileLock{fd});
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  return errno_failure(path);
}
FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}
FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace sims
