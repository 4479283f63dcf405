// Conversation: texts that were typed for an earlier key of this name. They are held until the user
// sends them to the current key or drops them, because the new key may belong to somebody else.
#include "client/conversation/conversation.h"

namespace sims::client {

void Conversation::offer_held(Now now) {
  Peer& p = peer();
  p.held = p.id.empty() ? 0 : outbox_.held(p.id);
  if (p.held == 0 || offered_ == p.id) return;
  offered_ = p.id;
  context_.windows.alarm(&p,
                         std::to_string(p.held) + (p.held == 1 ? " message" : " messages") +
                             " typed for an earlier key of " + name_ + (p.held == 1 ? " is" : " are") +
                             " held: resend to the current key, or discard.",
                         now);
}

Result<std::size_t> Conversation::resend_held(Now now) {
  Peer& p = peer();
  if (p.trust == Trust::changed)
    return fail("the key of " + name_ + " changed: nothing is sent until you decide");
  if (!p.known()) return fail(name_ + " is not a contact: accept them first");
  std::vector<Outbox::Entry> held = outbox_.take_held(p.id);
  if (held.empty()) return fail("nothing is held for " + name_);
  std::vector<std::uint64_t> rows;
  auto stored = context_.core.write_down(now, [&]() -> Result<void> {
    for (const Outbox::Entry& entry : held) {
      TRY_LET(row, context_.history.typed_again(p, entry.content, entry.row));
      if (entry.mail) TRY(context_.history.erase_delivery(*entry.mail));
      rows.push_back(row);
    }
    return {};
  });
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (stored) {
      // Moves the texts to the end on the screen, as in the history: older pages go in front of the
      // first row.
      if (const Line* line = line_of(held[i])) context_.windows.erase(p, line->serial);
      held[i].serial = context_.history.show_typed(p, held[i].content, rows[i]).serial;
      held[i].row = rows[i];
      held[i].to = p.id;
      held[i].left = false;
      held[i].delivery = Delivery::queued;
      held[i].mail.reset();
      held[i].content.after.reset();
    }
    outbox_.add(std::move(held[i]));
  }
  if (!stored) return fail("it could not be stored: " + stored.error());
  p.held = 0;
  paused_ = false;
  pump(now);
  return held.size();
}

// Drops all texts that wait for this name, before the user decided about a changed key.
Result<std::size_t> Conversation::discard_held(Now now) {
  Peer& p = peer();
  std::vector<Outbox::Entry> held = outbox_.take_held(p.trust == Trust::changed ? Id() : p.id);
  if (held.empty()) return fail("nothing is held for " + name_);
  for (Outbox::Entry& entry : held) {
    entry.delivery = Delivery::failed;
    settle(entry, now, "discarded: it was typed for an earlier key");
  }
  p.held = 0;
  return held.size();
}

}  // namespace sims::client
