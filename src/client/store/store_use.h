// The use of a store: the program that holds it, and whether the last one ended cleanly. These are
// the files `lock`, `unclean` and `checked` beside store.db. See health.cc.
#pragma once

#include <optional>
#include <string>

#include "os/files.h"

namespace sims::client {

struct StoreUse {
  StoreUse(std::string in, bool log_left) : folder(std::move(in)), unclean(log_left) {}

  const std::string folder;
  std::optional<FileLock> held;  // our own lock
  bool unclean;                  // when the store was opened

  std::string lock_file() const { return folder + "/lock"; }
  std::string mark() const { return folder + "/unclean"; }  // exists while a program holds the store
  std::string note_of_check() const { return folder + "/checked"; }
  void hold(FileLock lock) {
    held.emplace(std::move(lock));
    note_beginning();
  }
  void note_beginning();
  void note_end() const;
};

}  // namespace sims::client
