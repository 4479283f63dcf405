// Preloaded into a server, it counts the calls of fsync() and fdatasync() of all its processes, in the file that
// $SYNCS names (8 bytes, there already): how often what was written is forced to the disk.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

std::atomic<std::uint64_t> unmapped;
std::atomic<std::uint64_t>* count = &unmapped;

[[gnu::constructor]] void map_counter() {
  const char* path = std::getenv("SYNCS");
  const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* at = mmap(nullptr, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) count = static_cast<std::atomic<std::uint64_t>*>(at);
  ::close(fd);
}

int counted(const char* name, int fd) {
  ++*count;
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) {
  return counted("fsync", fd);
}
extern "C" int fdatasync(int fd) {
  return counted("fdatasync", fd);
}
