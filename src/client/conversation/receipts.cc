// Conversation: the typing and read notices between contacts, as far as the user allows them. They
// are never stored, never acked and never a reason to call (sims-protocol(7) section 6).
#include <algorithm>

#include "client/conversation/conversation.h"
#include "proto/wire/content.h"

namespace sims::client {
namespace {

constexpr std::int64_t typing_again_ms = 4'000;     // we send it at most this often
constexpr std::int64_t typing_expires_ms = 10'000;  // theirs, unless it is repeated

}  // namespace

bool Conversation::may_say_aside() const {
  return session_ && may_talk() && !call_.calling();
}

void Conversation::say_aside(const proto::Content& content, Now now) {
  auto plaintext = proto::encode_content(content);
  auto sealed = session_->seal(*plaintext, now);
  wipe(*plaintext);
  session_->forget(sealed.id);
  context_.core.send(sealed.message, now);
}

void Conversation::say_typing(bool on, Now now) {
  if (!may_say_aside()) return;
  if (on) {
    if (!context_.receipt_settings.typing) return;
    if (typing_told_ms_ && now.steady_ms - *typing_told_ms_ < typing_again_ms) return;
    typing_told_ms_ = now.steady_ms;
  } else if (!told_typing_) {
    return;
  }
  told_typing_ = on;
  say_aside(proto::TypingContent{on}, now);
}

void Conversation::say_read(const std::string& uid, Now now) {
  if (uid == read_) return;
  read_ = uid;
  read_told_ = false;
  pump(now);
}

void Conversation::tell_read(Now now) {
  if (read_told_ || !may_say_aside()) return;
  read_told_ = true;
  if (context_.receipt_settings.receipts) say_aside(proto::ReadContent{read_}, now);
}

void Conversation::receive_typing(const proto::TypingContent& typing, Now now) {
  if (!peer().known()) return;
  peer().typing = typing.on;
  typing_until_ms_ = typing.on ? now.steady_ms + typing_expires_ms : INT64_MAX;
}

void Conversation::stops_typing() {
  peer().typing = false;
  typing_until_ms_ = INT64_MAX;
}

void Conversation::receive_read(const proto::ReadContent& read) {
  Peer& p = peer();
  if (!p.known()) return;
  auto line = std::find_if(p.lines.rbegin(), p.lines.rend(),
                           [&](const Line& l) { return l.mine && l.uid == read.uid; });
  if (line != p.lines.rend()) p.read_to = std::max(p.read_to, line->serial);
}

}  // namespace sims::client
