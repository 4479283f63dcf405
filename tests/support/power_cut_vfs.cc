#include "support/power_cut_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <new>
#include <set>

#include "os/sqlite.h"

namespace sims::test {

// --- the disk -------------------------------------------------------------------------------------

namespace {

std::string sector_of(const std::string& content, std::size_t n) {
  const auto from = n * PowerCutDisk::sector;
  auto bytes = from < content.size() ? content.substr(from, PowerCutDisk::sector) : std::string();
  bytes.resize(PowerCutDisk::sector);
  return bytes;
}

}  // namespace

void PowerCutDisk::Content::write(std::size_t at, std::string_view bytes) {
  if (now.size() < at + bytes.size()) {
    now.resize(at + bytes.size());
    sizes.push_back(now.size());
  }
  now.replace(at, bytes.size(), bytes);
  for (auto n = at / sector; n * sector < at + bytes.size(); ++n)
    sectors[n].push_back(sector_of(now, n));
}

void PowerCutDisk::Content::truncate(std::size_t size) {
  now.resize(size);
  sizes.push_back(size);
}

void PowerCutDisk::Content::sync() {
  safe = now;
  sectors.clear();
  sizes.clear();
}

std::string PowerCutDisk::Content::after_power_cut(FixedRng& random) const {
  std::string out = safe;
  const auto size = random.pick(sizes.size() + 1);
  for (const auto& [n, versions] : sectors) {
    const auto which = random.pick(versions.size() + 1);
    if (which == versions.size()) continue;  // the old one
    if (out.size() < (n + 1) * sector) out.resize((n + 1) * sector);
    out.replace(n * sector, sector, versions[which]);
  }
  out.resize(size == sizes.size() ? safe.size() : sizes[size]);
  return out;
}

bool PowerCutDisk::holds(const char* path) const {
  return path != nullptr && std::string_view(path).starts_with(folder_ + "/");
}

std::shared_ptr<PowerCutDisk::Content> PowerCutDisk::open(const std::string& path) {
  auto& content = now_[path];
  if (!content) content = std::make_shared<Content>();
  return content;
}

void PowerCutDisk::remove(const std::string& path, bool sync) {
  now_.erase(path);
  if (sync) sync_folder();
}

void PowerCutDisk::sync_folder() {
  if (!lies) safe_ = now_;
}

PowerCutDisk::Image PowerCutDisk::after_power_cut(FixedRng& random) const {
  std::set<std::string> names;
  for (const auto* folder : {&now_, &safe_})
    for (const auto& [name, content] : *folder)
      names.insert(name);
  Image image;
  for (const auto& name : names) {
    const auto& folder = random.pick(2) == 0 ? now_ : safe_;
    if (const auto it = folder.find(name); it != folder.end())
      image[name.substr(folder_.size() + 1)] = it->second->after_power_cut(random);
  }
  return image;
}

// --- SQLite's side --------------------------------------------------------------------------------

namespace {

PowerCutDisk* disk = nullptr;
sqlite3_vfs* usual = nullptr;
sqlite3_vfs vfs;

// What SQLite holds of an open file; the usual VFS's own follows it in memory.
struct File {
  sqlite3_file base;
  std::shared_ptr<PowerCutDisk::Content> content;  // none: not on the disk
  bool syncs_folder;                               // with its first fsync, as the usual VFS does for journals
};

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

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  auto& content = reinterpret_cast<File*>(file)->content;
  if (content && disk->full) return SQLITE_FULL;
  const int status = pass<&sqlite3_io_methods::xWrite>(file, bytes, size, at);
  if (!content || status != SQLITE_OK) return status;
  content->write(static_cast<std::size_t>(at),
                 {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  disk->changed();
  return status;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int status = pass<&sqlite3_io_methods::xTruncate>(file, size);
  auto& content = reinterpret_cast<File*>(file)->content;
  if (!content || status != SQLITE_OK) return status;
  content->truncate(static_cast<std::size_t>(size));
  disk->changed();
  return status;
}

int sync(sqlite3_file* file, int flags) {
  const int status = pass<&sqlite3_io_methods::xSync>(file, flags);
  auto& own = *reinterpret_cast<File*>(file);
  if (!own.content || status != SQLITE_OK) return status;
  if (!disk->lies) own.content->sync();
  if (own.syncs_folder) disk->sync_folder();
  own.syncs_folder = false;
  disk->changed();
  return status;
}

using M = sqlite3_io_methods;
// Version 2: no memory map of the content, which would pass us by.
const sqlite3_io_methods methods = [] {
  sqlite3_io_methods m{};
  m.iVersion = 2;
  m.xClose = close;
  m.xRead = pass<&M::xRead, void*, int, sqlite3_int64>;
  m.xWrite = write;
  m.xTruncate = truncate;
  m.xSync = sync;
  m.xFileSize = pass<&M::xFileSize, sqlite3_int64*>;
  m.xLock = pass<&M::xLock, int>;
  m.xUnlock = pass<&M::xUnlock, int>;
  m.xCheckReservedLock = pass<&M::xCheckReservedLock, int*>;
  m.xFileControl = pass<&M::xFileControl, int, void*>;
  m.xSectorSize = pass<&M::xSectorSize>;
  m.xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>;
  m.xShmMap = pass<&M::xShmMap, int, int, int, void volatile**>;
  m.xShmLock = pass<&M::xShmLock, int, int, int>;
  m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
  m.xShmUnmap = pass<&M::xShmUnmap, int>;
  return m;
}();

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto* own = new (file) File{};
  const int status = usual->xOpen(usual, path, real(file), flags, out_flags);
  if (status != SQLITE_OK) {
    own->~File();
    file->pMethods = nullptr;
    return status;
  }
  file->pMethods = &methods;
  if (!disk->holds(path)) return status;
  own->content = disk->open(path);
  own->syncs_folder = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  // Whoever made the database file has synced its folder.
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) disk->sync_folder();
  return status;
}

int remove_file(sqlite3_vfs*, const char* path, int sync_folder) {
  const int status = usual->xDelete(usual, path, sync_folder);
  if (status != SQLITE_OK || !disk->holds(path)) return status;
  disk->remove(path, sync_folder != 0);
  disk->changed();
  return status;
}

}  // namespace

PowerCutDisk::PowerCutDisk(std::string folder) : folder_(std::move(folder)) {
  static_cast<void>(sqlite::Database::open({}));  // configures the library, which must come first
  usual = sqlite3_vfs_find(nullptr);
  disk = this;
  vfs = *usual;
  vfs.zName = "power-cut";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + usual->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  sqlite3_vfs_register(&vfs, 1);
}

PowerCutDisk::~PowerCutDisk() {
  sqlite3_vfs_unregister(&vfs);
  sqlite3_vfs_register(usual, 1);
  disk = nullptr;
}

}  // namespace sims::test
