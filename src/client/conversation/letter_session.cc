// LetterSession: asks for a prekey, checks it, and has it opened.
#include "client/conversation/letter_session.h"

#include <utility>

#include "proto/wire/encode.h"

namespace sims::client {

proto::MailSender* LetterSession::open(const Id& to, Now now) {
  if (sender_ && (to_ != to || sender_->spent(now))) sender_.reset();
  return sender_ ? &*sender_ : nullptr;
}

void LetterSession::ask(const Id& to, Now now) {
  if (under_way() && to_ == to) return;
  close();
  to_ = to;
  proto::PrekeyRequest request;
  request.dst = to;
  for (const crypto::Suite* suite : context_.options.suites)
    request.ciphers.emplace_back(suite->name);
  ask_seq_ = context_.core.send(proto::encode(request), now);
}

LetterSession::Answer LetterSession::receive(const proto::PrekeyAnswer& answer, const std::string& name,
                                             Now now) {
  if (!ask_seq_ || answer.dst != to_) return Answer::ignored;
  ask_seq_.reset();
  if (!answer.data) return Answer::none;
  auto checked = proto::check_prekey(*answer.data, answer.dst, to_, context_.options.suites, now);
  if (!checked) {
    fault_ = checked.error();
    return Answer::not_genuine;
  }
  number_ = ++context_.last_number;
  context_.core.start(std::make_unique<OpeningWork>(name, number_, std::move(*checked),
                                                    *context_.options.identity, context_.ephemerals, now));
  return Answer::opening;
}

LetterSession::Opened LetterSession::opened(OpeningWork& work) {
  if (number_ == 0 || work.number != number_) return Opened::late;
  open_number_ = std::exchange(number_, 0);
  sender_ = std::move(work.sender);
  return sender_ ? Opened::open : Opened::failed;
}

void LetterSession::close() {
  ask_seq_.reset();
  number_ = 0;
  sender_.reset();
}

}  // namespace sims::client
