// Inbox: gives events to its parts, and does what a turn does once.
#include "client/mail/inbox.h"

#include <algorithm>

namespace sims::client {

void Inbox::use(const Id& server, Now now) {
  server_ = server;
  prekeys_.use(server, now);
  letters_.use(server, now);
  receipts_.use(server);
}

void Inbox::read_again(Now now) {
  prekeys_.read_again(now);
  letters_.read_again(now);
  receipts_.owed();
}

void Inbox::lost() {
  context_.model.mail = false;
  prekeys_.lost();
  receipts_.lost();
}

void Inbox::receive(const proto::PrekeysStatus& status, Now now) {
  if (!std::exchange(context_.model.mail, true)) receipts_.online();
  prekeys_.receive(status, now);
}

void Inbox::count_item(Now now) {
  if (!prekeys_.count_item(now)) host_.abandon("the count of mail could not be read", now);
}

void Inbox::receive(const proto::ClientMail& letter, std::string_view raw, Now now) {
  count_item(now);
  if (context_.online()) letters_.receive(letter, raw, now);
}

void Inbox::server_took(std::uint64_t seq, Now now) {
  prekeys_.server_took(seq, now);
  receipts_.server_took(seq, now);
}

bool Inbox::receive(const proto::Error& error, Now now) {
  return prekeys_.receive(error, now) || receipts_.receive(error, now);
}

bool Inbox::work_done(Work& work, Now now) {
  if (auto* made = dynamic_cast<PrekeyWork*>(&work))
    prekeys_.work_done(*made, now);
  else if (auto* opened = dynamic_cast<LetterWork*>(&work))
    letters_.work_done(*opened, now);
  else
    return false;
  return true;
}

Result<void> Inbox::accept(const Id& sender) {
  receipts_.owed();
  return memory_.accept_mail(server_, sender);
}

Result<void> Inbox::drop(const Id& sender) {
  letters_.drop(sender);
  receipts_.owed();
  return memory_.drop_mail(server_, sender);
}

void Inbox::tick(Now now) {
  prekeys_.tick(now);
  letters_.tick(now);
}

std::int64_t Inbox::next_tick() const {
  return std::min({prekeys_.next_tick(), letters_.next_tick(), receipts_.next_tick()});
}

void Inbox::end_turn(Now now) {
  if (server_.empty()) return;
  if (const auto damage = memory_.take_damage(); !damage.empty())
    context_.windows.fault(nullptr, "Some of what is stored about letters was lost: " + damage, now);
  prekeys_.end_turn(letters_.all_opened(), now);
  if (letters_.take_owed()) receipts_.more_owed();
  receipts_.pump(now);
}

}  // namespace sims::client
