// LD_PRELOAD for simsd and sims: a disk that forgets what no fsync has made safe.
//
// Everything works as usual below the folder SIMS_DISK_FOLDER (an absolute path), and SIMS_DISK_COPY gets what a power cut
// would leave of it: `names` says which file has which name, `data/N` is the content of file N. An fsync of a file copies
// the ranges that were written since the last one; an fsync of a folder copies its names. A file that was made and synced
// has no name there until its folder was synced, and one that was renamed or removed keeps its old name until then.
// tests/e2e/forgetful_disk.py puts the copy in the folder's place after kill -9.
//
// SIMS_DISK_LIES=SUFFIX: an fsync of files with this suffix says that it is done, and does nothing.
// SIMS_DISK_DIES=N: the process kills itself (SIGKILL) before its Nth change of the disk; an fsync counts as one.
//
// It follows the calls that SQLite and os/files use, see strace. Memory mappings (SQLite's -shm) need not survive. One
// process at a time.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace {

// The C library's own function.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
#define NEXT(name) next<decltype(::name)>(#name)

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "forgetful_disk: %s: %s\n", why.c_str(), std::strerror(errno));
  abort();
}

using Number = std::uint64_t;
constexpr Number is_folder = 0;  // in `names`, beside the numbers of files
constexpr off_t to_the_end = std::numeric_limits<off_t>::max();

struct File {
  Number number;
  std::map<off_t, off_t>
      dirty;  // begin to end of what was written since the last fsync, apart from each other

  void touch(off_t begin, off_t end) {
    if (begin >= end) return;
    auto at = dirty.upper_bound(begin);
    if (at != dirty.begin() && std::prev(at)->second >= begin) --at;
    while (at != dirty.end() && at->first <= end) {
      begin = std::min(begin, at->first);
      end = std::max(end, at->second);
      at = dirty.erase(at);
    }
    dirty[begin] = end;
  }
};

struct Name {
  Number number = is_folder;
  std::shared_ptr<File> file;  // null: a folder
};

// What a descriptor below the folder is: a file, or (file is null) a folder.
struct Open {
  std::string path;
  std::shared_ptr<File> file;
};

class Disk {
 public:
  Disk() {
    const char *folder = getenv("SIMS_DISK_FOLDER"), *copy = getenv("SIMS_DISK_COPY");
    if (folder == nullptr || copy == nullptr) return;
    root_ = folder;
    copy_ = copy;
    if (const char* lies = getenv("SIMS_DISK_LIES")) lies_ = lies;
    if (const char* dies = getenv("SIMS_DISK_DIES")) left_ = std::atoll(dies);
    std::ifstream names(copy_ + "/names");  // no fd of ours stays open
    Number number = 0;
    for (std::string name; names >> number >> name; last_ = std::max(last_, number)) {
      Name entry{number, number == is_folder ? nullptr : std::make_shared<File>(File{number, {}})};
      safe_[name] = entry;
      now_[name] = entry;
    }
    active_ = true;
  }

  bool active() const { return active_; }
  bool watches(int fd) const {
    return fd >= 0 && fd < most_fds && watched_[fd].load(std::memory_order_acquire);
  }

  // The name below the folder; "" is the folder itself. None: elsewhere.
  bool name_of(int at, const char* path, std::string& name) const {
    if (!active_ || path == nullptr) return false;
    auto whole = std::filesystem::path(path);
    if (whole.is_relative()) {
      if (at != AT_FDCWD) die(std::string("a path relative to a descriptor: ") + path);
      whole = std::filesystem::current_path() / whole;
    }
    auto text = whole.lexically_normal().string();
    while (text.ends_with('/'))
      text.pop_back();
    if (text == root_) {
      name.clear();
      return true;
    }
    if (!text.starts_with(root_ + "/")) return false;
    name = text.substr(root_.size() + 1);
    return true;
  }

  void opened(int fd, const std::string& name, bool truncated) {
    struct stat s {};
    if (fd >= most_fds || fstat(fd, &s) != 0) die("open " + name);
    const std::lock_guard lock(mutex_);
    Open open{name, nullptr};
    if (S_ISREG(s.st_mode)) {
      auto& entry = now_[name];
      if (!entry.file) entry = {++last_, std::make_shared<File>(File{last_, {}})};
      open.file = entry.file;
      if (truncated) open.file->touch(0, to_the_end);
    } else if (!S_ISDIR(s.st_mode)) {
      return;
    }
    open_[fd] = open;
    watched_[fd].store(true, std::memory_order_release);
  }
  void closed(int fd) {
    const std::lock_guard lock(mutex_);
    watched_[fd].store(false, std::memory_order_release);
    open_.erase(fd);
  }
  // After the write, so that an fsync between the two does not take the old bytes for the new ones.
  void wrote(int fd, off_t begin, off_t end) {
    const std::lock_guard lock(mutex_);
    if (const auto at = open_.find(fd); at != open_.end() && at->second.file)
      at->second.file->touch(begin, end);
  }
  void moved(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    if (const auto at = now_.find(from); at != now_.end()) {
      if (!at->second.file) die("a folder was renamed: " + from);
      now_[to] = at->second;
      now_.erase(from);
    }
  }
  void made_folder(const std::string& name) {
    const std::lock_guard lock(mutex_);
    now_[name] = {};
  }
  void removed(const std::string& name) {
    const std::lock_guard lock(mutex_);
    now_.erase(name);
  }

  // Another thread that syncs the same file waits until this one is done.
  void sync(int fd) {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(fd);
    if (at == open_.end()) return;
    const Open& open = at->second;
    if (!lies_.empty() && open.path.ends_with(lies_)) return;
    if (open.file) {
      save(fd, *open.file);
    } else {
      save_names(open.path);
    }
  }

  // Before each change.
  void count() {
    if (left_ > 0 && --left_ == 0) kill(getpid(), SIGKILL);
  }

 private:
  void save(int fd, File& file) {
    static auto* const real_open = NEXT(open);
    static auto* const real_close = NEXT(close);
    static auto* const real_pwrite = NEXT(pwrite);
    static auto* const real_ftruncate = NEXT(ftruncate);
    const auto path = copy_ + "/data/" + std::to_string(file.number);
    const int to = real_open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    // A second descriptor only where it must be: its close() would drop the locks of SQLite on this file.
    const bool readable = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
    const int from =
        readable ? fd : real_open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC);
    struct stat s {};
    if (to < 0 || from < 0 || fstat(from, &s) != 0) die(path);
    std::string part;
    for (const auto& [begin, end] : file.dirty)
      for (off_t here = begin; here < std::min(end, s.st_size);) {
        part.resize(static_cast<std::size_t>(std::min<off_t>(std::min(end, s.st_size) - here, 1 << 18)));
        const auto n = pread(from, part.data(), part.size(), here);
        if (n <= 0 || real_pwrite(to, part.data(), static_cast<std::size_t>(n), here) != n) die(path);
        here += n;
      }
    if (real_ftruncate(to, s.st_size) != 0) die(path);
    file.dirty.clear();
    if (!readable) real_close(from);
    real_close(to);
  }

  void save_names(const std::string& folder) {
    const auto inside = [&](const std::string& name) {
      const auto slash = name.rfind('/');
      return (slash == std::string::npos ? "" : name.substr(0, slash)) == folder;
    };
    std::erase_if(safe_, [&](const auto& entry) { return inside(entry.first); });
    for (const auto& [name, entry] : now_)
      if (inside(name)) safe_[name] = entry;
    std::string text;
    for (const auto& [name, entry] : safe_)
      text += std::to_string(entry.number) + " " + name + "\n";
    static auto* const real_open = NEXT(open);
    static auto* const real_write = NEXT(write);
    static auto* const real_close = NEXT(close);
    static auto* const real_rename = NEXT(rename);
    const auto path = copy_ + "/names", unfinished = path + ".unfinished";
    const int fd = real_open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || real_write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      die(unfinished);
    real_close(fd);
    if (real_rename(unfinished.c_str(), path.c_str()) != 0) die(path);
  }

  static constexpr int most_fds = 65'536;
  bool active_ = false;
  std::string root_, copy_, lies_;
  std::atomic<long long> left_{0};
  std::atomic<bool> watched_[most_fds] = {};
  std::mutex mutex_;
  std::map<int, Open> open_;
  std::map<std::string, Name> now_, safe_;
  Number last_ = 0;
};

// Never destroyed: threads may still close files while the process exits.
Disk& disk() {
  static auto* const it = new Disk;
  return *it;
}

template <class Call>
int opening(int at, const char* path, int flags, Call call) {
  std::string name;
  if (!disk().name_of(at, path, name) || flags & O_PATH) return call();
  if (flags & O_DSYNC) die("a file that syncs each write: " + name);
  if (flags & (O_CREAT | O_TRUNC)) disk().count();
  const int fd = call();
  if (fd >= 0) disk().opened(fd, name, flags & O_TRUNC && (flags & O_ACCMODE) != O_RDONLY);
  return fd;
}

mode_t mode_of(int flags, va_list more) {
  return flags & (O_CREAT | O_TMPFILE) ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
}

template <class Call>
ssize_t writing(int fd, Call call) {
  if (!disk().watches(fd)) return call();
  disk().count();
  const auto n = call();
  if (n > 0) {
    const auto end = lseek(fd, 0, SEEK_CUR);
    disk().wrote(fd, end - n, end);
  }
  return n;
}

template <class Call>
ssize_t writing_at(int fd, off_t at, Call call) {
  if (!disk().watches(fd)) return call();
  disk().count();
  const auto n = call();
  if (n > 0) disk().wrote(fd, at, at + n);
  return n;
}

template <class Call>
int truncating(int fd, off_t size, Call call) {
  if (!disk().watches(fd)) return call();
  disk().count();
  const int failed = call();
  if (!failed) disk().wrote(fd, size, to_the_end);
  return failed;
}

// posix_fallocate: only what was beyond the end changes, to zeros; the old bytes are saved once more.
template <class Call>
int allocating(int fd, off_t at, off_t length, Call call) {
  const int failed = call();
  if (!failed && disk().watches(fd)) disk().wrote(fd, at, at + length);
  return failed;
}

template <class Call>
int syncing(int fd, Call call) {
  if (!disk().watches(fd)) return call();
  disk().count();
  disk().sync(fd);
  return 0;
}

template <class Call>
int removing(int at, const char* path, Call call) {
  std::string name;
  if (!disk().name_of(at, path, name)) return call();
  disk().count();
  const int failed = call();
  if (!failed) disk().removed(name);
  return failed;
}

template <class Call>
int moving(int at_from, const char* from, int at_to, const char* to, Call call) {
  std::string old_name, new_name;
  const bool one = disk().name_of(at_from, from, old_name), other = disk().name_of(at_to, to, new_name);
  if (one != other) die(std::string("renamed into or out of the folder: ") + from);
  if (one) disk().count();
  const int failed = call();
  if (one && !failed) disk().moved(old_name, new_name);
  return failed;
}

[[gnu::constructor]] void start() {
  disk();
}

}  // namespace

extern "C" {

#define OPEN(name)                                                                  \
  int name(const char* path, int flags, ...) {                                      \
    static auto* const real = NEXT(name);                                           \
    va_list more;                                                                   \
    va_start(more, flags);                                                          \
    const mode_t mode = mode_of(flags, more);                                       \
    va_end(more);                                                                   \
    return opening(AT_FDCWD, path, flags, [&] { return real(path, flags, mode); }); \
  }
#define OPENAT(name)                                                              \
  int name(int at, const char* path, int flags, ...) {                            \
    static auto* const real = NEXT(name);                                         \
    va_list more;                                                                 \
    va_start(more, flags);                                                        \
    const mode_t mode = mode_of(flags, more);                                     \
    va_end(more);                                                                 \
    return opening(at, path, flags, [&] { return real(at, path, flags, mode); }); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

// What open() without a mode becomes with _FORTIFY_SOURCE.
int __open_2(const char* path, int flags) {
  return open(path, flags);
}
int __open64_2(const char* path, int flags) {
  return open(path, flags);
}
int __openat_2(int at, const char* path, int flags) {
  return openat(at, path, flags);
}
int __openat64_2(int at, const char* path, int flags) {
  return openat(at, path, flags);
}

int close(int fd) {
  static auto* const real = NEXT(close);
  if (disk().watches(fd)) disk().closed(fd);
  return real(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = NEXT(write);
  return writing(fd, [&] { return real(fd, bytes, size); });
}
ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const real = NEXT(writev);
  return writing(fd, [&] { return real(fd, parts, count); });
}

#define AT_A_PLACE(name, type)                                            \
  ssize_t name(int fd, type bytes, size_t size, off_t at) {               \
    static auto* const real = NEXT(name);                                 \
    return writing_at(fd, at, [&] { return real(fd, bytes, size, at); }); \
  }
#define AT_A_PLACE_V(name)                                                 \
  ssize_t name(int fd, const iovec* parts, int count, off_t at) {          \
    static auto* const real = NEXT(name);                                  \
    return writing_at(fd, at, [&] { return real(fd, parts, count, at); }); \
  }
AT_A_PLACE(pwrite, const void*)
AT_A_PLACE(pwrite64, const void*)
AT_A_PLACE_V(pwritev)
AT_A_PLACE_V(pwritev64)

#define TRUNCATE(name)                                           \
  int name(int fd, off_t size) noexcept {                        \
    static auto* const real = NEXT(name);                        \
    return truncating(fd, size, [&] { return real(fd, size); }); \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(name)                                                   \
  int name(int fd, off_t at, off_t size) {                               \
    static auto* const real = NEXT(name);                                \
    return allocating(fd, at, size, [&] { return real(fd, at, size); }); \
  }
ALLOCATE(posix_fallocate)
ALLOCATE(posix_fallocate64)

int fsync(int fd) {
  static auto* const real = NEXT(fsync);
  return syncing(fd, [&] { return real(fd); });
}
int fdatasync(int fd) {
  static auto* const real = NEXT(fdatasync);
  return syncing(fd, [&] { return real(fd); });
}

int unlink(const char* path) noexcept {
  static auto* const real = NEXT(unlink);
  return removing(AT_FDCWD, path, [&] { return real(path); });
}
int unlinkat(int at, const char* path, int flags) noexcept {
  static auto* const real = NEXT(unlinkat);
  return removing(at, path, [&] { return real(at, path, flags); });
}
int rmdir(const char* path) noexcept {
  static auto* const real = NEXT(rmdir);
  return removing(AT_FDCWD, path, [&] { return real(path); });
}
int rename(const char* from, const char* to) noexcept {
  static auto* const real = NEXT(rename);
  return moving(AT_FDCWD, from, AT_FDCWD, to, [&] { return real(from, to); });
}
int renameat(int at_from, const char* from, int at_to, const char* to) noexcept {
  static auto* const real = NEXT(renameat);
  return moving(at_from, from, at_to, to, [&] { return real(at_from, from, at_to, to); });
}
int renameat2(int at_from, const char* from, int at_to, const char* to, unsigned flags) noexcept {
  static auto* const real = NEXT(renameat2);
  if (flags & RENAME_EXCHANGE) die("two names were exchanged");
  return moving(at_from, from, at_to, to, [&] { return real(at_from, from, at_to, to, flags); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = NEXT(mkdir);
  const int failed = real(path, mode);
  std::string name;
  if (!failed && disk().name_of(AT_FDCWD, path, name)) disk().made_folder(name);
  return failed;
}

// Nothing here uses these; whoever does must be followed, too.
int link(const char* from, const char* to) noexcept {
  static auto* const real = NEXT(link);
  std::string name;
  if (disk().name_of(AT_FDCWD, to, name)) die("a second name: " + name);
  return real(from, to);
}
int truncate(const char* path, off_t size) noexcept {
  static auto* const real = NEXT(truncate);
  std::string name;
  if (disk().name_of(AT_FDCWD, path, name)) die("a file that is not open was cut: " + name);
  return real(path, size);
}

}  // extern "C"
