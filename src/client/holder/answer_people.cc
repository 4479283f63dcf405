// HolderAttempt: the answers about a peer, and what is remembered of it.
#include "client/holder/attempt.h"
#include "client/model/words.h"

namespace sims::client {

bool HolderAttempt::fingerprint() {
  const Peer* peer = find(request_.to);
  if (peer == nullptr || peer->standing == Standing::stranger || peer->id.empty()) {
    if (const auto step = target(); step != Step::on) return step == Step::answered;
    peer = find(request_.to);
  }
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("row").begin_object();
  json.field("name", peer->name).field("key", peer->id.text());
  json.field("safety_number", proto::safety_number(model().self, peer->id));
  json.field("trust", trust_word(*peer)).end_object().end_object();
  output_ += '\n';
  return ok();
}

// Of a peer that the store does not remember, the server is asked.
HolderAttempt::Step HolderAttempt::remembered() {
  const Peer* peer = find(request_.to);
  return peer == nullptr || peer->standing == Standing::stranger ? target() : Step::on;
}

bool HolderAttempt::verify() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  const Peer& peer = *find(request_.to);
  if (!proto::safety_number_matches(request_.number, model().self, peer.id))
    return error(Trouble::peer_key, "the safety numbers differ: " + peer.name + " is not verified");
  return outcome(core_->verify(request_.to, request_.number, host_.now()));
}

bool HolderAttempt::accept() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  return find(request_.to)->known() ? ok() : outcome(core_->accept(request_.to, host_.now()));
}

bool HolderAttempt::decline() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  if (find(request_.to)->standing != Standing::request)
    return error(Trouble::no_peer, "there is no request of " + request_.to);
  return outcome(core_->decline(request_.to, host_.now()));
}

bool HolderAttempt::block() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  const bool blocked = find(request_.to)->standing == Standing::blocked;
  return blocked ? ok() : outcome(core_->block(request_.to, host_.now()));
}

bool HolderAttempt::erase() {
  if (find(request_.to) == nullptr) return error(Trouble::no_peer, "nothing is known of " + request_.to);
  return outcome(core_->erase_history(request_.to));
}

bool HolderAttempt::discard() {
  const Peer* peer = find(request_.to);
  if (peer == nullptr || peer->held == 0)
    return error(Trouble::no_peer, "nothing is held for " + request_.to);
  const auto count = core_->discard_held(request_.to, host_.now());
  return count ? ok() : error(Trouble::failure, count.error());
}

// HOST:PORT can only be a server; a bare word is a remembered peer, else a server.
bool HolderAttempt::forget() {
  const Peer* peer = find(request_.to);
  if (peer != nullptr && peer->standing != Standing::stranger) {
    const auto unsent = core_->unsent(request_.to);
    const auto done = core_->forget(request_.to, host_.now());
    if (!done || unsent == 0) return outcome(done);
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("ok").boolean(true);
    json.key("remarks").begin_array().value(held_hint(request_.to, unsent)).end_array().end_object();
    output_ += '\n';
    return true;
  }
  const auto forgotten = host_.forget_server(request_.to);
  if (!forgotten) return error(Trouble::failure, forgotten.error());
  if (*forgotten) return ok();
  return error(Trouble::no_peer, "neither a server nor a peer is remembered as " + request_.to);
}

}  // namespace sims::client
