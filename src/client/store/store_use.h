// Which program uses the store, and whether the last one ended cleanly: the files `lock`, `unclean` and
// `checked` beside store.db. See health.cc.
#pragma once

#include <optional>
#include <string>

#include "os/files.h"

namespace sims::client {

struct StoreUse {
  StoreUse(std::string in, bool log_left) : folder(std::move(in)), unclean(log_left) {}

  const std::string folder;
  std::optional<FileLock> held;  // by us
  bool unclean;                  // as the store was found

  std::string lock_file() const { return folder + "/lock"; }
  std::string mark() const { return folder + "/unclean"; }  // there while a program holds the store
  std::string note_of_check() const { return folder + "/checked"; }
  void hold(FileLock lock) {
    held.emplace(std::move(lock));
    note_beginning();
  }
  void note_beginning();
  void note_end() const;
};

}  // namespace sims::client
