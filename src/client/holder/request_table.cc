// The rows of the holder's requests, and how one is looked up by its word.
#include "client/holder/request_table.h"

#include <algorithm>
#include <cassert>

#include "client/holder/attempt.h"

namespace sims::client {

namespace {

using Do = HolderRequest::Do;
using To = HolderRequestRow::To;
using Needs = HolderRequestRow::Needs;

constexpr HolderRequestRow rows[] = {
    {Do::list, "list", To::any, false, Needs::connection, &HolderAttempt::list},
    {Do::find, "find", To::name_or_id, false, Needs::connection, &HolderAttempt::find_out},
    {Do::send, "send", To::name, true, Needs::connection, &HolderAttempt::send},
    {Do::give_up, "give_up", To::name, true, Needs::connection, &HolderAttempt::give_up},
    {Do::fingerprint, "fingerprint", To::name, false, Needs::connection, &HolderAttempt::fingerprint},
    {Do::verify, "verify", To::name, false, Needs::connection, &HolderAttempt::verify},
    {Do::accept, "accept", To::name, false, Needs::connection, &HolderAttempt::accept},
    {Do::decline, "decline", To::name, false, Needs::connection, &HolderAttempt::decline},
    {Do::block, "block", To::name, false, Needs::connection, &HolderAttempt::block},
    {Do::forget, "forget", To::given, false, Needs::connection, &HolderAttempt::forget},
    {Do::resend, "resend", To::name, false, Needs::connection, &HolderAttempt::resend},
    {Do::discard, "discard", To::name, false, Needs::connection, &HolderAttempt::discard},
    {Do::erase, "erase", To::name, false, Needs::connection, &HolderAttempt::erase},
    {Do::watch, "watch", To::any, false, Needs::connection, &HolderAttempt::watch},
    {Do::link, "link", To::any, false, Needs::connection, &HolderAttempt::tell_link},
    {Do::history, "history", To::name, false, Needs::store, &HolderAttempt::history},
    {Do::requests, "requests", To::any, false, Needs::store, &HolderAttempt::requests},
    {Do::mail, "mail", To::any, false, Needs::store, &HolderAttempt::mail},
};

}  // namespace

std::span<const HolderRequestRow> holder_request_rows() {
  return rows;
}

const HolderRequestRow* find_holder_request(std::string_view word) {
  const auto row = std::ranges::find(rows, word, &HolderRequestRow::word);
  return row == std::end(rows) ? nullptr : row;
}

const HolderRequestRow& holder_request_row(HolderRequest::Do what) {
  const auto row = std::ranges::find(rows, what, &HolderRequestRow::what);
  assert(row != std::end(rows));
  return *row;
}

}  // namespace sims::client
