// The files of a FaultyDisk sector by sector, and the functions of its VFS.
#include "support/faulty_disk.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <new>
#include <set>

#include "os/sqlite.h"

namespace sims::test {

// --- the disk -------------------------------------------------------------------------------------

namespace {

std::string sector_of(const std::string& content, std::size_t n) {
  const auto from = n * FaultyDisk::sector;
  auto bytes = from < content.size() ? content.substr(from, FaultyDisk::sector) : std::string();
  bytes.resize(FaultyDisk::sector);
  return bytes;
}

}  // namespace

void FaultyDisk::Content::write(std::size_t at, std::string_view bytes) {
  if (now.size() < at + bytes.size()) {
    now.resize(at + bytes.size());
    sizes.push_back(now.size());
  }
  now.replace(at, bytes.size(), bytes);
  for (auto n = at / sector; n * sector < at + bytes.size(); ++n)
    sectors[n].push_back(sector_of(now, n));
}

void FaultyDisk::Content::truncate(std::size_t size) {
  now.resize(size);
  sizes.push_back(size);
}

void FaultyDisk::Content::sync() {
  const std::string old = std::exchange(safe, now);
  std::erase_if(doubtful, [&](const auto& one) { return sectors.contains(one.first); });
  for (const auto& [n, versions] : doubtful)
    if (n * sector < safe.size()) {
      const auto before = sector_of(old, n);
      safe.replace(n * sector, sector, before, 0, std::min(sector, safe.size() - n * sector));
    }
  sectors.clear();
  sizes.clear();
}

void FaultyDisk::Content::fail_to_sync() {
  for (auto& [n, versions] : sectors)
    std::move(versions.begin(), versions.end(), std::back_inserter(doubtful[n]));
  sectors.clear();
}

std::string FaultyDisk::Content::after_power_cut(FixedRng& random) const {
  std::string out = safe;
  const auto size = random.pick(sizes.size() + 1);
  for (const auto* some : {&doubtful, &sectors})
    for (const auto& [n, versions] : *some) {
      const auto which = random.pick(versions.size() + 1);
      if (which == versions.size()) continue;  // the old one
      if (out.size() < (n + 1) * sector) out.resize((n + 1) * sector);
      out.replace(n * sector, sector, versions[which]);
    }
  out.resize(size == sizes.size() ? safe.size() : sizes[size]);
  return out;
}

bool FaultyDisk::holds(const char* path) const {
  return path != nullptr && std::string_view(path).starts_with(folder_ + "/");
}

// A file that SQLite did not make, as one renamed after a fsync, is safe, and so is its name.
std::shared_ptr<FaultyDisk::Content> FaultyDisk::open(const std::string& path) {
  auto& content = now_[path];
  if (content) return content;
  content = std::make_shared<Content>();
  std::ifstream file(path, std::ios::binary);
  content->now.assign(std::istreambuf_iterator<char>(file), {});
  content->safe = content->now;
  if (!content->now.empty()) safe_[path] = content;
  return content;
}

void FaultyDisk::remove(const std::string& path, bool sync) {
  now_.erase(path);
  if (sync) sync_folder();
}

void FaultyDisk::forget(const std::string& below) {
  for (auto* names : {&now_, &safe_})
    std::erase_if(*names, [&](const auto& one) { return one.first.starts_with(below + "/"); });
}

// Forgets files that were renamed, but not by SQLite: the program that did it has synced the folder.
void FaultyDisk::forget_moved() {
  std::vector<std::string> gone;
  for (const auto& [name, content] : now_)
    if (::access(name.c_str(), F_OK) != 0) gone.push_back(name);
  for (const auto& name : gone) {
    now_.erase(name);
    safe_.erase(name);
  }
}

FaultyDisk::Image FaultyDisk::after_power_cut(FixedRng& random, const std::string& below) {
  forget_moved();
  std::set<std::string> names;
  for (const auto* folder : {&now_, &safe_})
    for (const auto& [name, content] : *folder)
      if (name.starts_with(below + "/")) names.insert(name);
  Image image;
  for (const auto& name : names) {
    const auto& folder = random.pick(2) == 0 ? now_ : safe_;
    if (const auto it = folder.find(name); it != folder.end())
      image[name.substr(below.size() + 1)] = it->second->after_power_cut(random);
  }
  return image;
}

// --- SQLite's side --------------------------------------------------------------------------------

namespace {

using Fault = FaultyDisk::Fault;
using Operation = FaultyDisk::Operation;

FaultyDisk* disk = nullptr;
sqlite3_vfs* usual = nullptr;
sqlite3_vfs vfs;

// SQLite's handle of an open file. The handle of the usual VFS follows it in memory.
struct File {
  sqlite3_file base;
  std::string path;
  std::shared_ptr<FaultyDisk::Content> content;  // none: not on the disk
  bool failed;                                   // at least once, with EIO
  bool syncs_folder;                             // with its first fsync, as the usual VFS does for journals
};

File& own(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

template <auto Method, class... A>
int pass(sqlite3_file* file, A... arguments) {
  return (real(file)->pMethods->*Method)(real(file), arguments...);
}

int close(sqlite3_file* file) {
  const int status = pass<&sqlite3_io_methods::xClose>(file);
  reinterpret_cast<File*>(file)->~File();
  return status;
}

FaultyDisk::Fault fault_of(File& file, FaultyDisk::Operation operation) {
  const Fault fault = file.content ? disk->fault(operation, file.path) : Fault::none;
  file.failed = file.failed || fault == Fault::error;
  return fault;
}

int io_error(int code) {
  errno = EIO;
  return code;
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  if (fault_of(own(file), Operation::read) == Fault::error) return io_error(SQLITE_IOERR_READ);
  return pass<&sqlite3_io_methods::xRead>(file, bytes, size, at);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  const Fault fault = fault_of(own(file), Operation::write);
  if (fault == Fault::full) return SQLITE_FULL;
  if (fault == Fault::error) return io_error(SQLITE_IOERR_WRITE);
  if (fault == Fault::torn) size = static_cast<int>(disk->part_of(static_cast<std::size_t>(size)));
  const int status = size == 0 ? SQLITE_OK : pass<&sqlite3_io_methods::xWrite>(file, bytes, size, at);
  auto& content = own(file).content;
  if (!content || status != SQLITE_OK) return status;
  if (size > 0)
    content->write(static_cast<std::size_t>(at),
                   {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  disk->changed();
  return fault == Fault::torn ? SQLITE_FULL : SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (fault_of(own(file), Operation::truncate) == Fault::error) return io_error(SQLITE_IOERR_TRUNCATE);
  const int status = pass<&sqlite3_io_methods::xTruncate>(file, size);
  auto& content = own(file).content;
  if (!content || status != SQLITE_OK) return status;
  content->truncate(static_cast<std::size_t>(size));
  disk->changed();
  return status;
}

int sync(sqlite3_file* file, int flags) {
  auto& opened = own(file);
  const Fault fault = fault_of(opened, Operation::sync);
  if (fault == Fault::lie) return SQLITE_OK;
  if (fault == Fault::error) {
    opened.content->fail_to_sync();
    return io_error(SQLITE_IOERR_FSYNC);
  }
  const int status = pass<&sqlite3_io_methods::xSync>(file, flags);
  if (!opened.content || status != SQLITE_OK) return status;
  opened.content->sync();
  if (std::exchange(opened.syncs_folder, false)) disk->sync_folder();
  disk->changed();
  return status;
}

int control(sqlite3_file* file, int what, void* argument) {
  if (what == SQLITE_FCNTL_LAST_ERRNO && own(file).content && own(file).failed) {
    *static_cast<int*>(argument) = EIO;
    return SQLITE_OK;
  }
  return pass<&sqlite3_io_methods::xFileControl>(file, what, argument);
}

using M = sqlite3_io_methods;
// Version 2: without memory-mapped reads, which would bypass this VFS.
const sqlite3_io_methods methods = [] {
  sqlite3_io_methods m{};
  m.iVersion = 2;
  m.xClose = close;
  m.xRead = read;
  m.xWrite = write;
  m.xTruncate = truncate;
  m.xSync = sync;
  m.xFileSize = pass<&M::xFileSize, sqlite3_int64*>;
  m.xLock = pass<&M::xLock, int>;
  m.xUnlock = pass<&M::xUnlock, int>;
  m.xCheckReservedLock = pass<&M::xCheckReservedLock, int*>;
  m.xFileControl = control;
  m.xSectorSize = pass<&M::xSectorSize>;
  m.xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>;
  m.xShmMap = pass<&M::xShmMap, int, int, int, void volatile**>;
  m.xShmLock = pass<&M::xShmLock, int, int, int>;
  m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
  m.xShmUnmap = pass<&M::xShmUnmap, int>;
  return m;
}();

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (disk->holds(path) && disk->fault(Operation::open, path) == Fault::error)
    return io_error(SQLITE_CANTOPEN);
  auto* opened = new (file) File{};
  const int status = usual->xOpen(usual, path, real(file), flags, out_flags);
  if (status != SQLITE_OK) {
    opened->~File();
    file->pMethods = nullptr;
    return status;
  }
  file->pMethods = &methods;
  if (!disk->holds(path)) return status;
  opened->path = path;
  opened->content = disk->open(path);
  opened->syncs_folder =
      (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  // The program that made the database file has synced its folder.
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) disk->sync_folder();
  return status;
}

int remove_file(sqlite3_vfs*, const char* path, int sync_folder) {
  if (!disk->holds(path)) return usual->xDelete(usual, path, sync_folder);
  const Fault fault = disk->fault(Operation::remove, path);
  if (fault == Fault::error) return io_error(SQLITE_IOERR_DELETE);
  const int status = usual->xDelete(usual, path, sync_folder);
  if (status != SQLITE_OK) return status;
  disk->remove(path, sync_folder != 0 && fault != Fault::lie);
  disk->changed();
  return status;
}

}  // namespace

FaultyDisk::FaultyDisk(std::string folder, std::uint64_t seed) : folder_(std::move(folder)), random_(seed) {
  static_cast<void>(sqlite::Database::open({}));  // configures the library, before anything else uses it
  usual = sqlite3_vfs_find(nullptr);
  disk = this;
  vfs = *usual;
  vfs.zName = "faulty-disk";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + usual->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  sqlite3_vfs_register(&vfs, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs);
  sqlite3_vfs_register(usual, 1);
  disk = nullptr;
}

}  // namespace sims::test
