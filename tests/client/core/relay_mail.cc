// The relay in memory: mailboxes and prekeys.
#include <algorithm>

#include "client/core/relay.h"
#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::test {

void Relay::send_status(Guest& to) {
  const Box& box = boxes[to.id];
  proto::PrekeysStatus status;
  for (const auto& suite : crypto::all_suites()) {
    proto::PrekeysStatus::Left left{std::string(suite.name), 0, false};
    for (const auto& prekey : box.prekeys)
      if (prekey.suite == suite.name) {
        left.once += prekey.use == proto::PrekeyUse::once;
        left.many |= prekey.use == proto::PrekeyUse::many;
      }
    if (left.once > 0 || left.many) status.left.push_back(left);
  }
  status.taken = box.taken;
  status.last = box.last;
  status.waiting = box.items.size();
  give(to, proto::encode(status));
}

void Relay::give_mail(Guest& to) {
  while (gives && to.line && to.line->connected() && to.given.size() < boxes[to.id].items.size() &&
         to.given.size() < proto::mail_window) {
    to.given.push_back(to.line->sent());
    give(to, std::string(boxes[to.id].items[to.given.size() - 1]));
  }
}

bool Relay::serve_mail(Guest& guest, const std::string& message) {
  if (!mail) return false;
  std::string text = message;
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return false;
  auto decoded = proto::decode_from_client(*root);
  if (!decoded) return false;
  Box& own = boxes[guest.id];
  if (const auto* ack = std::get_if<proto::Ack>(&*decoded)) {
    while (!guest.given.empty() && guest.given.front() <= ack->id) {
      guest.given.erase(guest.given.begin());
      own.items.pop_front();
      ++own.taken;
    }
    give_mail(guest);
    return true;
  }
  if (const auto* kept = std::get_if<proto::Kept>(&*decoded)) {
    const auto dst = proto::Id::shaped(kept->dst);
    boxes[*dst].items.push_back(message);
    if (Guest* to = find(*dst)) give_mail(*to);
    return true;
  }
  if (const auto* upload = std::get_if<proto::PrekeysUpload>(&*decoded)) {
    if (upload->fresh) own.prekeys.clear();
    for (const auto& prekey : upload->data) {
      if (prekey.use == proto::PrekeyUse::many)
        std::erase_if(own.prekeys, [&](const auto& old) {
          return old.use == proto::PrekeyUse::many && old.suite == prekey.suite;
        });
      own.prekeys.push_back(prekey);
      own.last = prekey.number;
    }
    send_status(guest);
    return true;
  }
  if (const auto* asked = std::get_if<proto::PrekeyRequest>(&*decoded)) {
    proto::PrekeyAnswer answer;
    answer.dst = asked->dst;
    auto& keys = boxes[asked->dst].prekeys;
    for (const auto& suite : asked->ciphers) {
      auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& key) {
        return key.suite == suite && key.use == proto::PrekeyUse::once;
      });
      if (at == keys.end())
        at = std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.suite == suite; });
      if (at == keys.end()) continue;
      answer.data = *at;
      if (at->use == proto::PrekeyUse::once) keys.erase(at);
      break;
    }
    give(guest, proto::encode(answer));
    return true;
  }
  return false;
}

}  // namespace sims::test
