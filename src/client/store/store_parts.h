// The parts of a Store, lower ones first. Included by store/*.cc only.
#pragma once

#include <memory>

#include "client/store/store_transaction.h"

namespace sims::client {

struct Store::Parts {
  explicit Parts(std::unique_ptr<StoreFile> opened)
      : owned(std::move(opened)), file(*owned), use(file.folder, file.log_left) {}

  std::unique_ptr<StoreFile> owned;
  StoreFile& file;
  StoreUse use;
  Vault vault{file};
  PinTable pins{file, vault};
  TextNames names{file, vault, pins};
  HistoryTable history{file, vault, pins, names};
  MailTable mail{file, vault};
  StoreTransaction transaction{file, use, vault, pins, names, history, mail};
};

}  // namespace sims::client
