// Connection: errors that end or delay a login, their texts, and whether the client retries.
#include "client/core/connection.h"

namespace sims::client {
namespace {

// The wait after a refusal in clear. It is long, so that an honest server need not refuse often.
constexpr std::int64_t refused_low_ms = 5'000, refused_high_ms = 300'000;

constexpr const char* too_old = "the server is too old for this client: ask its administrator to update it";
constexpr const char* not_taken =
    "the server did not take the invitation: ask its administrator for a new one";

// Our text for a server's refusal of a login; nullptr: not a refusal, so the client retries.
const char* refusal(proto::ErrorCode code) {
  using enum proto::ErrorCode;
  switch (code) {
    case name_taken:
      return "the name is taken there: choose another, or ask the server's administrator to "
             "release it";
    case id_taken:
      return "this identity is registered there under another name";
    case name_invalid:
      return "the server does not accept the name";
    case banned:
      return "the server has banned this identity: only its administrator can let it in again";
    case not_registered:
      return "the server takes no new users without an invitation: give one with --invite or in the connect "
             "dialog";
    case unsupported_suite:
      return "the server accepts none of our cipher suites";
    case unsupported_version:
      return "the server speaks another version of the protocol";
    default:
      return nullptr;
  }
}

// Our text for an error after which the client retries. The caller shows when.
std::string delay(proto::ErrorCode code) {
  if (code == proto::ErrorCode::busy) return "the server is busy";
  if (code == proto::ErrorCode::rate_limited) return "too many logins";
  return "the server refused: " + std::string(to_string(code));
}

// Our text with the server's own after it, marked as the server's.
std::string with_hint(std::string ours, const std::string& theirs) {
  if (!theirs.empty()) ours += " (the server says: " + theirs + ")";
  return ours;
}

}  // namespace

void Connection::handshake_failed(const proto::HandshakeFailure& failure, Now now) {
  using Cause = proto::HandshakeFailure::Cause;
  const bool was_online = model_.link == LinkState::online;
  const Id shown = transport_->peer_id();
  drop_link(true);
  switch (failure.cause) {
    case Cause::unknown_key:
    case Cause::changed_key: {
      Question question;
      const auto known = memory_.server(model_.server);
      // The user had accepted another key, and now the server shows the remembered one again.
      if (std::exchange(accepted_key_, std::nullopt) && known && known->id == shown)
        return retry("the server shows its old key again", now);
      question.kind = Question::Kind::server_first;
      question.server = model_.server;
      question.shown = shown;
      if (known) {
        question.kind = Question::Kind::server_changed;
        question.pinned = known->id;
        question.pinned_since_unix_ms = known->first_seen_unix_ms;
      }
      model_.question = std::move(question);
      model_.link = LinkState::asking;
      return;
    }
    case Cause::peer_error:
      model_.refusal = failure.code;
      // This refusal is not authenticated (sims-protocol(7) section 4). From a server that we never met
      // it is final: the user is there. From a known server a refusal is final inside SECURE only, or
      // an attacker on the path could keep its clients away.
      if (const char* refused = refusal(failure.code)) {
        const bool invited = failure.code == proto::ErrorCode::not_registered && invitation_.size() > 0;
        const std::string words = with_hint(invited ? not_taken : refused, failure.detail);
        if (!memory_.server(model_.server)) return stop(words);
        return retry(words, now, refused_low_ms, refused_high_ms);
      }
      return retry(with_hint(delay(failure.code), failure.detail), now);
    case Cause::protocol:
      if (failure.code == proto::ErrorCode::unsupported_version) {  // first edition
        model_.refusal = failure.code;
        if (!expected()) return stop(too_old);
        // Not authenticated: a known server may answer the next attempt.
        return retry(too_old, now, refused_low_ms, refused_high_ms);
      }
      windows_.alert(nullptr,
                     (was_online ? "The connection was cut: " : "The handshake failed: ") + failure.detail,
                     now);
      return retry(was_online ? "the server broke the protocol" : "the server did not prove its key", now);
  }
}

void Connection::ask_later(Now now) {
  if (!model_.question || model_.question->kind != Question::Kind::server_changed) return;
  model_.question.reset();
  retry("the server shows another key than the remembered one", now, refused_low_ms, refused_high_ms);
}

void Connection::fail(const proto::Fault& fault, Now now) {
  transport_->fail(fault.code, fault.detail, transport_->received() - 1, now, out_);
  drop_link(true);
  windows_.alert(nullptr, "The connection was cut: " + fault.detail, now);
  retry("the server broke the protocol", now);
}

void Connection::server_left(Now now) {
  drop_link(true);
  retry("the server ended the connection", now);
}

// The server has proved its key, so its refusal is final.
void Connection::redeem_ended(const proto::Error& error, Now now) {
  if (error.code == proto::ErrorCode::bad_message) {  // it knows no invitations and let us in
    redeeming_ = false;
    invitation_ = {};
    return became_online(now);
  }
  model_.refusal = error.code;
  drop_link(true);
  const bool invalid = error.code == proto::ErrorCode::not_registered;
  const char* refused = invalid ? not_taken : refusal(error.code);
  if (!refused) return retry(with_hint(delay(error.code), error.message), now);
  invitation_ = {};
  stop(with_hint(refused, error.message));
}

void Connection::server_error(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  if (redeeming_ && error.code != going_away) return redeem_ended(error, now);
  if (error.code == rate_limited) return;  // conversations slow down by themselves
  if (error.code == not_registered) {
    model_.refusal = error.code;
    drop_link(true);
    return stop(with_hint(refusal(not_registered), error.message));
  }
  if (error.code == id_taken || error.code == banned) {
    drop_link(true);
    return stop(
        with_hint(error.code == banned ? refusal(banned) : "replaced by another login of this identity",
                  error.message));
  }
  const std::string words = with_hint("the server reports: " + error.code_text, error.message);
  if (error.code == going_away) {
    parting_ = words;
    return;
  }
  windows_.alert(nullptr, words, now);
}

}  // namespace sims::client
