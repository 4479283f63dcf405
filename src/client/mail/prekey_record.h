// A prekey of ours in the form in which its row keeps it: the record that the server hands out, and the private
// half. An opening needs both. Pure.
#pragma once

#include <optional>

#include "client/model/mail_memory.h"
#include "proto/mail/prekey.h"

namespace sims::client {

// The row of a new prekey: not acked, wiped prekey_kept_s after it expires.
OwnPrekey prekey_row(const proto::OwnPrekey& made);
// nullopt: its private half is wiped, or it is none of ours.
std::optional<proto::OwnPrekey> prekey_of(const OwnPrekey& row);
// The row's fields as a record without key and signature, for the checks that come before the private half.
proto::Prekey bare_record(const OwnPrekey& row);

}  // namespace sims::client
