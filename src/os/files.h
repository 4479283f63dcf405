// Files and folders: whole or not at all, private, durable after a power cut. Functions fail in
// words.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sims {

// Expands "~/notes" as a shell does, with $HOME; returns any other path unchanged.
std::string home_expanded(const std::string& path);
// Reads the whole file. Fails for a directory, a file larger than `max` bytes, or one that cannot
// be read.
Result<std::string> read_file(const std::string& path, std::size_t max = 1 << 20);
// Like read_file, but refuses a file that group or others may access, or that belongs to another
// user.
Result<std::string> read_private_file(const std::string& path, std::size_t max = 1 << 20);
// Makes the checks of read_private_file without reading. Also refuses a symbolic link and a file
// with several hard links: a lock by name would not be exclusive.
Result<void> check_private_file(const std::string& path);
// False only if the file certainly does not exist. A dangling link, or a path in a folder that
// cannot be searched, counts as existing, so that no caller makes a new file in its place.
bool file_exists(const std::string& path);
// Bytes of a regular file, or of one that a link leads to; nullopt: there is none, or stat() fails.
std::optional<std::uint64_t> file_size(const std::string& path);
// Writes PATH.unfinished (0600), fsyncs, renames it over PATH, fsyncs the folder. The caller holds
// the folder's lock, so there is one writer. A PATH.unfinished that a killed writer left, which may
// hold a secret, is removed by the next write.
Result<void> write_private_file(const std::string& path, std::string_view content);
// Makes an empty file (0600) if there is none.
Result<void> make_empty_file(const std::string& path);
// Why a file cannot be written, such as "Read-only file system"; empty: it can be, or it does not
// exist.
std::string why_not_writable(const std::string& path);
Result<void> remove_file(const std::string& path);  // succeeds if it does not exist
// Renames, replacing `to`, and fsyncs the folder, which both share. When it fails, `from` is
// removed.
Result<void> move_file(const std::string& from, const std::string& to);
// Makes a file atomically whose content another part writes: fill(PATH.unfinished) gets an empty
// file (0600) that this function made; then it is fsynced and linked to `path`. Refuses to replace
// an existing file; leaves nothing behind when it fails.
Result<void> write_new_file(const std::string& path,
                            const std::function<Result<void>(const std::string&)>& fill);
// Fsyncs the file's folder, so that files made or renamed in it survive a power cut.
Result<void> sync_folder_of(const std::string& path);
// Overwrites the file's bytes, as far as its disk does so in place, then removes it. Succeeds if
// there is none.
Result<void> remove_secret_file(const std::string& path);
// Makes the folder and its parents with 0700 if they are missing. Refuses a folder that others may
// enter or that belongs to another user.
Result<void> make_private_folder(const std::string& path);

// A new file (0600), written piece by piece. The destructor removes it unless close() succeeded.
class NewFile {
 public:
  static Result<NewFile> make(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();
  Result<void> write(std::string_view bytes);
  Result<void> close();  // fsyncs; then all of it is on disk

 private:
  NewFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

// An exclusive lock on a file (flock), held until the object dies. Taking it never waits.
class FileLock {
 public:
  // `advice` is appended to the error when another program holds the lock.
  static Result<FileLock> take(const std::string& path, std::string_view advice = {});
  static Result<std::optional<FileLock>> try_take(
      const std::string& path);  // nullopt: another program has it
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace sims
