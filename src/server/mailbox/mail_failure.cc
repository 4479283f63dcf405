// Answers of questions that failed.
#include "server/mailbox/mail_failure.h"

namespace sims::server {

namespace {

struct Failed {
  Ticket ticket;
  const std::string& why;
  MailAnswer operator()(const QueuedPut&) const {
    return PutAnswer{ticket, PutFate::failed, MailBound::disk};
  }
  MailAnswer operator()(const QueuedStrike&) const { return StrikeAnswer{ticket, true}; }
  MailAnswer operator()(const QueuedPublish&) const {
    return PublishAnswer{ticket, PublishAnswer::Fate::failed, {}};
  }
  MailAnswer operator()(const QueuedClaim&) const { return ClaimAnswer{ticket, true, std::nullopt, false}; }
  MailAnswer operator()(const QueuedTake&) const { return TakeAnswer{ticket, true, {}, false}; }
  MailAnswer operator()(const QueuedStatus&) const { return StatusAnswer{ticket, true, {}}; }
  MailAnswer operator()(const QueuedSummary&) const { return SummaryAnswer{ticket, true, {}}; }
  MailAnswer operator()(const auto&) const { return DoneAnswer{ticket, why, 0}; }
};

}  // namespace

MailAnswer failed_answer(const MailQuestion& question, const std::string& why) {
  return std::visit(Failed{question.ticket, why}, question.asked);
}

}  // namespace sims::server
