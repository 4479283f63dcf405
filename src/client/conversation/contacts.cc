// Conversation: contacts, strangers and requests. A stranger's first text makes a request: it is
// stored and shown. Nothing goes back, no ack either, until the user accepts or writes. Acks wait
// here meanwhile. If their session ends first, the peer sends the texts again and gets the acks
// then.
#include <algorithm>

#include "client/conversation/conversation.h"
#include "client/model/look_alike.h"

namespace sims::client {
namespace {

// Limits on what strangers can make us keep. A text over a limit is not taken, so its sender keeps
// it.
constexpr std::size_t max_requests = 100;  // at one server
constexpr std::size_t max_request_texts = 50;
constexpr std::size_t max_held_acks = 100;  // a text that came twice has two

}  // namespace

// Called within write_down() or before wrote(). Nothing that we write goes to a peer whose key
// could not be stored.
Result<void> Conversation::pin_contact(Now now) {
  const PinnedPeer* known = context_.pins.find(name_);
  PinnedPeer pin = known ? *known : PinnedPeer{peer().id, false, now.unix_ms};
  pin.standing = Standing::contact;
  auto stored = context_.pins.pin(name_, pin);
  if (stored) stored = context_.core.accept_mail(pin.id);
  if (!stored) return fail("the key of " + name_ + " could not be stored: " + stored.error());
  return {};
}

void Conversation::became_contact(Now now) {
  Peer& p = peer();
  p.standing = Standing::contact;
  ++context_.model.people;
  p.first_seen_unix_ms = context_.pins.find(name_)->first_seen_unix_ms;
  p.looks_like.reset();
  const Line& told = context_.windows.notice(
      &p,
      p.trust == Trust::verified
          ? name_ + " is a contact again."
          : "First contact with " + name_ + ": the key is now remembered, but not verified.",
      now);
  context_.history.depends_on_commit(p, told);
  if (session_ && may_talk())
    for (const auto& [m, ack] : held_acks_)
      context_.core.send_ack(ack, now);
  held_acks_.clear();
  offer_held(now);
}

Result<void> Conversation::accept(Now now) {
  TRY(context_.core.write_down(now, [&] { return pin_contact(now); }));
  became_contact(now);
  // A peer that was turned away, or has lost the session since, sends again at once when we call.
  if (!session_ && !call_.running() && may_talk()) start_call(now);
  pump(now);
  return {};
}

void Conversation::meet(Now now) {
  const Peer& p = peer();
  if (!context_.options.accept_strangers || p.known() || p.standing == Standing::blocked) return;
  context_.history.wrote(now);
  if (auto stored = pin_contact(now); !stored) return context_.windows.fault(&peer(), stored.error(), now);
  became_contact(now);
}

// True if this peer, who is no contact, may say something to the user.
bool Conversation::let_in(Now now) {
  Peer& p = peer();
  if (p.standing == Standing::request)
    return context_.history.received(name_) + order_.size() < max_request_texts;
  if (context_.pins.requests() >= max_requests) {
    context_.windows.alert(nullptr, "Too many requests are open: a message from " + name_ + " was dropped.",
                           now);
    return false;
  }
  context_.history.wrote(now);
  PinnedPeer pin{p.id, false, now.unix_ms, Standing::request};
  if (auto stored = context_.pins.pin(name_, pin); !stored) {
    context_.windows.fault(nullptr, "A request of " + name_ + " could not be stored: " + stored.error(), now);
    return false;
  }
  p.standing = Standing::request;
  ++context_.model.people;
  p.first_seen_unix_ms = now.unix_ms;
  const Line& told =
      context_.windows.notice(&p,
                              "A request: " + name_ +
                                  " is not among your contacts. Nothing goes back, also no sign that this "
                                  "arrived, until you accept or write.",
                              now);
  context_.history.depends_on_commit(p, told);
  if ((p.looks_like = look_alike(name_, context_.pins.peers())))
    context_.history.depends_on_commit(
        p, context_.windows.alarm(&p, look_alike_words(name_, *p.looks_like), now));
  return true;
}

// The session ends here, so that the sender takes none of its texts for received later.
bool Conversation::turn_away() {
  drop_session();
  return false;
}

void Conversation::acknowledge(std::uint64_t m, std::string ack, Now now) {
  const Peer& p = peer();
  if (p.known())
    context_.core.send_ack(ack, now);
  else if (p.standing == Standing::request && held_acks_.size() < max_held_acks)
    held_acks_.insert_or_assign(m, std::move(ack));
}

// A stranger must not fill a window.
void Conversation::complain(std::string text, Now now) {
  if (peer().standing != Standing::stranger) context_.windows.alert(&peer(), std::move(text), now);
}

}  // namespace sims::client
