// The requests that a holder answers: one row each, by which they are parsed, written and answered. sims(1) has each
// under "sims pipe".
#pragma once

#include <span>
#include <string_view>

#include "client/holder/request.h"

namespace sims::client {

class HolderAttempt;

struct HolderRequestRow {
  enum class To { any, name, name_or_id, given };  // the values that "to" may have
  enum class Needs { connection, store };          // of the holder; the store alone answers without a server
  HolderRequest::Do what;
  std::string_view word;
  To to;
  bool uid;  // it must have one
  Needs needs;
  bool (HolderAttempt::*answer)();  // true: answered
};

std::span<const HolderRequestRow> holder_request_rows();
const HolderRequestRow* find_holder_request(std::string_view word);  // nullptr: there is none
const HolderRequestRow& holder_request_row(HolderRequest::Do what);

}  // namespace sims::client
