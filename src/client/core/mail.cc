// The core: messages of mail from the server, and what the Inbox asks of the core.
#include "client/core/core_state.h"

namespace sims::client {

void ClientCore::State::count_item(Now now) {
  inbox.count_item(now);
  summary.item_came(now);
}

bool ClientCore::State::mail_from_server(const proto::FromServer& message, std::string_view raw, Now now) {
  if (const auto* status = std::get_if<proto::PrekeysStatus>(&message)) {
    receive_status(*status, now);
  } else if (const auto* letter = std::get_if<proto::ClientMail>(&message)) {
    summary.item_came(now);
    inbox.receive(*letter, raw, now);
  } else if (const auto* receipt = std::get_if<proto::ClientReceipt>(&message)) {
    receive_receipt(*receipt, now);
  } else if (const auto* prekey = std::get_if<proto::PrekeyAnswer>(&message)) {
    auto* asked = conversations.find_if([&](const Conversation& c) { return c.asks_prekey_of(prekey->dst); });
    if (asked) asked->receive_prekey(*prekey, now);
  } else {
    return false;
  }
  return true;
}

void ClientCore::State::receive_status(const proto::PrekeysStatus& status, Now now) {
  if (!context.online()) return;  // the invitation is not redeemed yet
  const bool first = !model.mail;
  if (first) summary.expects(status.waiting, now);
  inbox.receive(status, now);
  mail_is_known();
  if (first) wake_writers(now);
}

void ClientCore::State::mail_is_known() {
  model.mail_known = true;
  mail_by_ms_ = INT64_MAX;
}

bool ClientCore::State::awaits_mail(const Id& from) {
  const bool awaits = (context.online() && !model.mail_known) || inbox.waits(from);
  first_waits_ = first_waits_ || awaits;
  return awaits;
}

void ClientCore::State::end_turn(Now now) {
  inbox.end_turn(now);
  if (!first_waits_ || !model.mail_known || inbox.waits()) return;
  first_waits_ = false;
  conversations.touch_each([&](Conversation& conversation) { conversation.start_chain(now); });
}

// Stored before the hop's ack, which strikes it off. It finds its text by the letter, not by a name: its sender
// may be in the list under another name by now, or its name may have another key.
void ClientCore::State::receive_receipt(const proto::ClientReceipt& receipt, Now now) {
  count_item(now);
  history.wrote(now);
  if (receipt.dst != model.self) return;
  if (outbox_again_ms_ != INT64_MAX) restore_outbox(now);
  auto* writer = conversations.find_if([&](Conversation& c) { return c.wrote(receipt.src, receipt.data); });
  if (writer) writer->receive_receipt(receipt, now);
}

// It is known from now on who is offline, or that the server keeps letters.
void ClientCore::State::wake_writers(Now now) {
  conversations.touch_each([&](Conversation& conversation) { conversation.wake(now); });
}

// --- MailHost ------------------------------------------------------------------------------------

void ClientCore::State::look_up(const Id& id, std::function<void(const FindAnswer&, Now)> answered, Now now) {
  finds.look_up(id.str(), std::move(answered), now);
}

Peer* ClientCore::State::meet(const std::string& name, const Id& id, Now now) {
  std::vector<Roster::Change> changes;
  Peer* peer = roster.meet(name, id, now, changes);
  for (const auto& change : changes)
    roster_changed(change, now);
  return peer;
}

void ClientCore::State::drop_if_unused(const std::string& name) {
  if (model.peers.contains(name) && roster.drop_if_unused(name)) forget_gone(name);
}

Conversation* ClientCore::State::conversation(Peer& peer, Now now) {
  if (!conversations.find(peer.name) && !conversations.make_room(peer, now)) return nullptr;
  return &conversations.get(peer.name);
}

}  // namespace sims::client
