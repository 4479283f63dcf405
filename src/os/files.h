// Files that must not be half written or readable by others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sims {

// "~/notes" as a shell reads it: in the user's home folder ($HOME); any other path as it is.
std::string home_expanded(const std::string& path);
// The whole file, at most `max` bytes. Fails for a directory, a larger file, or when it cannot be read.
Result<std::string> read_file(const std::string& path, std::size_t max = 1 << 20);
// Like read_file, but refuses a file whose permissions let group or others in, or that is not ours.
Result<std::string> read_private_file(const std::string& path, std::size_t max = 1 << 20);
// What read_private_file asks of a file, without reading it; and that it has no other name, neither as a link
// to it nor as a hard link: who locks by name would not be alone.
Result<void> check_private_file(const std::string& path);
// False only for what is certainly not there: a link that leads nowhere, or a folder that cannot be looked
// into, counts as there, so that nothing is made anew in its place.
bool file_exists(const std::string& path);
// Of a regular file, or of one that a link leads to; nullopt: none, or it cannot be looked at.
std::optional<std::uint64_t> file_size(const std::string& path);
// Writes PATH.unfinished (0600), fsyncs, renames over PATH, fsyncs the folder. One writer at a time, whoever
// holds the folder's lock: what a killed one left in PATH.unfinished, which may be a secret, goes with the
// next write.
Result<void> write_private_file(const std::string& path, std::string_view content);
// An empty file (0600), if there is none.
Result<void> make_empty_file(const std::string& path);
// In words, as "Read-only file system"; empty: it can be, or is missing.
std::string why_not_writable(const std::string& path);
Result<void> remove_file(const std::string& path);  // done for one that is missing
// Renames, over what is there, and fsyncs the folder (the same of both). When it fails `from` is removed.
Result<void> move_file(const std::string& from, const std::string& to);
// A file that another part writes, with no half of it under its name: fill(PATH.unfinished) is given an empty
// file (0600) that no other program can have put there, then it is fsynced and renamed. Refuses to replace
// what is at `path`; leaves nothing behind when it fails.
Result<void> write_new_file(const std::string& path,
                            const std::function<Result<void>(const std::string&)>& fill);
// What was made or renamed in the file's folder stays there after a power cut.
Result<void> sync_folder_of(const std::string& path);
// Overwrites the file's bytes, as far as its disk does so in place, then removes it. Done for one that is
// missing.
Result<void> remove_secret_file(const std::string& path);
// Makes the folder (and its parents) with 0700 if it is missing; refuses one that others may enter or that is
// not ours.
Result<void> make_private_folder(const std::string& path);

// A file that was not there before (0600), written piece by piece; without close() it is removed again.
class NewFile {
 public:
  static Result<NewFile> make(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();
  Result<void> write(std::string_view bytes);
  Result<void> close();  // all of it is on disk

 private:
  NewFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

// An exclusive lock on a file (flock), held until it dies. Fails at once, in words, when somebody else has
// it.
class FileLock {
 public:
  // `advice`: what to do when another program holds it; the end of that error's words.
  static Result<FileLock> take(const std::string& path, std::string_view advice = {});
  static Result<std::optional<FileLock>> try_take(const std::string& path);  // nullopt: somebody else has it
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace sims
