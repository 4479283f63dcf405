// Orders the questions to a SqliteMailbox.
#include "server/mailbox/mail_queue.h"

#include <algorithm>
#include <utility>

namespace sims::server {

namespace {

// Of rows that one transaction changes, so that no other question waits long for it.
constexpr std::size_t batch_rows = 512;

const QueuedPut* put_in(const MailQuestion& question) {
  return std::get_if<QueuedPut>(&question.asked);
}

std::size_t rows_of(const MailQuestion& question) {
  if (const auto* strike = std::get_if<QueuedStrike>(&question.asked)) return strike->items.size() + 1;
  if (const auto* publish = std::get_if<QueuedPublish>(&question.asked)) return publish->prekeys.size() + 1;
  return std::holds_alternative<QueuedClaim>(question.asked) ? 1 : batch_rows;
}

struct LaneOf {
  MailLane operator()(const QueuedTake&) const { return MailLane::read; }
  MailLane operator()(const QueuedStatus&) const { return MailLane::read; }
  MailLane operator()(const QueuedSummary&) const { return MailLane::read; }
  MailLane operator()(const QueuedBackup&) const { return MailLane::copy; }
  MailLane operator()(const auto&) const { return MailLane::change; }
};

}  // namespace

MailLane lane_of(const MailQuestion& question) {
  return std::visit(LaneOf{}, question.asked);
}

std::size_t memory_of(const MailQuestion& question) {
  constexpr std::size_t places = 128;  // in lists and maps
  std::size_t bytes = sizeof question + places;
  if (const auto* strike = std::get_if<QueuedStrike>(&question.asked))
    bytes += strike->items.size() * sizeof(GivenItem);
  if (const auto* publish = std::get_if<QueuedPublish>(&question.asked))
    for (const auto& prekey : publish->prekeys)
      bytes += sizeof prekey + prekey.suite.size() + prekey.key.size();
  if (const auto* claim = std::get_if<QueuedClaim>(&question.asked))
    for (const auto& suite : claim->suites)
      bytes += sizeof(std::string) + suite.size();
  return bytes;
}

void MailQueue::add(MailQuestion question) {
  question.number = ++number_;
  const auto lane = lane_of(question);
  if (lane == MailLane::copy) return copies_.push_back(std::move(question));
  if (const auto* put = put_in(question)) {
    const auto [at, first] = senders_.try_emplace(put->put.sender);
    if (first) turns_.push_back(put->put.sender);
    at->second.bytes += put->put.bytes.size();
    at->second.puts.push_back(std::move(question));
    ++puts_;
    return;
  }
  other_bytes_ += memory_of(question);
  if (lane == MailLane::change) {
    if (!question.owner.empty()) last_change_[question.owner] = question.number;
    changes_.push_back(std::move(question));
  } else if (const auto change = last_change_.find(question.owner); change != last_change_.end()) {
    reads_behind_[change->second].push_back(std::move(question));
  } else {
    reads_.push_back(std::move(question));
  }
}

template <class F>
void MailQueue::move_puts(Sender& sender, std::vector<MailQuestion>& out, F which) {
  for (auto it = sender.puts.begin(); it != sender.puts.end();) {
    if (!which(*it)) {
      ++it;
      continue;
    }
    sender.bytes -= put_in(*it)->put.bytes.size();
    --puts_;
    out.push_back(std::move(*it));
    it = sender.puts.erase(it);
  }
}

void MailQueue::add_puts(std::vector<MailQuestion>& batch, std::size_t most) {
  for (std::size_t puts = 0; puts < most && !turns_.empty();) {
    const auto at = senders_.find(turns_.front());
    auto& sender = at->second;
    if (!sender.puts.empty()) {
      sender.bytes -= put_in(sender.puts.front())->put.bytes.size();
      batch.push_back(std::move(sender.puts.front()));
      sender.puts.pop_front();
      --puts_;
      ++puts;
    }
    if (sender.puts.empty())
      senders_.erase(at);
    else
      turns_.push_back(turns_.front());
    turns_.pop_front();
  }
}

std::vector<MailQuestion> MailQueue::next_batch(bool puts_alone) {
  std::vector<MailQuestion> batch;
  for (std::size_t rows = 0; !puts_alone && rows < batch_rows && !changes_.empty(); changes_.pop_front()) {
    auto& change = changes_.front();
    rows += rows_of(change);
    other_bytes_ -= memory_of(change);
    // A box that goes takes with it what was put into it before.
    if (std::holds_alternative<QueuedForget>(change.asked) ||
        std::holds_alternative<QueuedPurge>(change.asked))
      for (auto& [id, sender] : senders_)
        move_puts(sender, batch, [&](const MailQuestion& put) {
          return put.owner == change.owner && put.number < change.number;
        });
    batch.push_back(std::move(change));
  }
  add_puts(batch, batch_puts);
  std::ranges::sort(batch, {}, &MailQuestion::number);
  return batch;
}

void MailQueue::done(const std::vector<MailQuestion>& batch) {
  for (const auto& question : batch) {
    const auto last = last_change_.find(question.owner);
    if (last != last_change_.end() && last->second == question.number) last_change_.erase(last);
    const auto behind = reads_behind_.find(question.number);
    if (behind == reads_behind_.end()) continue;
    std::ranges::move(behind->second, std::back_inserter(reads_));
    reads_behind_.erase(behind);
  }
}

void MailQueue::put_back(std::vector<MailQuestion> batch) {
  for (auto it = batch.rbegin(); it != batch.rend(); ++it) {
    if (const auto* put = put_in(*it)) {
      const auto [at, first] = senders_.try_emplace(put->put.sender);
      if (first) turns_.push_front(put->put.sender);
      at->second.bytes += put->put.bytes.size();
      at->second.puts.push_front(std::move(*it));
      ++puts_;
    } else {
      other_bytes_ += memory_of(*it);
      changes_.push_front(std::move(*it));
    }
  }
}

void MailQueue::continue_later(MailQuestion change) {
  other_bytes_ += memory_of(change);
  changes_.push_back(std::move(change));
}

std::vector<MailQuestion> MailQueue::take_refused(const Refusals& refused) {
  std::vector<MailQuestion> out;
  for (const auto& id : refused.senders())
    if (const auto at = senders_.find(id); at != senders_.end())
      move_puts(at->second, out,
                [&](const MailQuestion& q) { return refused.of(put_in(q)->put).has_value(); });
  return out;
}

std::vector<MailQuestion> MailQueue::take_puts() {
  std::vector<MailQuestion> out;
  add_puts(out, puts_);
  return out;
}

std::size_t MailQueue::put_bytes_of(const proto::Id& sender) const {
  const auto at = senders_.find(sender);
  return at == senders_.end() ? 0 : at->second.bytes;
}

std::optional<MailQuestion> MailQueue::next_read() {
  if (reads_.empty()) return std::nullopt;
  auto question = std::move(reads_.front());
  reads_.pop_front();
  other_bytes_ -= memory_of(question);
  return question;
}

void MailQueue::put_back(MailQuestion read) {
  other_bytes_ += memory_of(read);
  reads_.push_front(std::move(read));
}

std::optional<MailQuestion> MailQueue::next_copy() {
  if (copies_.empty()) return std::nullopt;
  auto question = std::move(copies_.front());
  copies_.pop_front();
  return question;
}

}  // namespace sims::server
