// Mailboxes and prekeys in memory.
#include "server/mailbox/memory_mailbox.h"

#include <algorithm>
#include <utility>

#include "proto/limits.h"
namespace sims::server {

namespace {
constexpr std::uint64_t day_s = 86'400;
}  // namespace

MemoryMailbox::MemoryMailbox(const MailLimits& limits, std::function<void()> wake)
    : limits_(limits), wake_(std::move(wake)) {}

void MemoryMailbox::answer(MailAnswer answer) {
  answers_.push_back(std::move(answer));
  wake_();
}

std::vector<MailAnswer> MemoryMailbox::take_answers() {
  refusals_.clear();
  return std::exchange(answers_, {});
}

// --- letters and receipts -------------------------------------------------------------------------

void MemoryMailbox::put(Ticket ticket, MailPut put, std::uint64_t unix_s) {
  Verdict verdict;
  if (const auto before = refusals_.of(put)) {
    verdict = *before;
  } else {
    const MailPut place{put.owner, put.sender, put.kind, {}, false};
    if (!fails()) verdict = store(std::move(put), unix_s);
    if (tells_failure()) verdict = {PutFate::failed, MailBound::none};
    if (verdict.fate == PutFate::full || verdict.fate == PutFate::failed) refusals_.add(place, verdict);
  }
  stats_.stored += verdict.fate == PutFate::stored;
  stats_.full += verdict.fate == PutFate::full;
  stats_.dropped_receipts += verdict.fate == PutFate::dropped;
  stats_.failed += verdict.fate == PutFate::failed;
  answer(PutAnswer{ticket, verdict.fate, verdict.bound});
}

Verdict MemoryMailbox::store(MailPut put, std::uint64_t unix_s) {
  auto& box = content_.boxes[put.owner];
  const auto hash = crypto::sha256({bytes_of(put.bytes)});
  if (box.by_hash.contains(hash)) return {PutFate::known, MailBound::none};
  PlaceAsked asked{put.kind, put.bytes.size(), box.counts, box.senders[put.sender], 0, content_.total_bytes};
  if (put.newcomer) asked.newcomer_waits = content_.letters_of[put.sender];
  const auto verdict = place_for(asked, limits_);
  if (verdict.fate != PutFate::stored) return verdict;
  box.counts.add(put.kind, put.bytes.size());
  box.senders[put.sender].add(put.kind, put.bytes.size());
  content_.letters_of[put.sender] += put.kind == MailKind::letter;
  content_.total_bytes += put.bytes.size() + item_overhead;
  const auto number = content_.next++;
  box.by_hash.emplace(hash, number);
  box.items.emplace(number, Waiting{{number, put.kind, hash, std::move(put.bytes)}, put.sender, unix_s});
  return verdict;
}

MemoryMailbox::Items::iterator MemoryMailbox::remove(Box& box, Items::iterator item) {
  const auto& waiting = item->second;
  const auto size = waiting.item.bytes.size();
  box.counts.remove(waiting.item.kind, size);
  box.senders[waiting.sender].remove(waiting.item.kind, size);
  box.by_hash.erase(waiting.item.hash);
  content_.letters_of[waiting.sender] -= waiting.item.kind == MailKind::letter;
  content_.total_bytes -= size + item_overhead;
  return box.items.erase(item);
}

std::uint64_t MemoryMailbox::empty(Box& box) {
  const auto removed = box.items.size();
  while (!box.items.empty())
    remove(box, box.items.begin());
  return removed;
}

void MemoryMailbox::take(Ticket ticket, const proto::Id& owner, std::uint64_t after, std::size_t most,
                         std::size_t most_bytes) {
  TakeAnswer out{ticket, false, {}, false};
  auto& items = content_.boxes[owner].items;
  std::size_t bytes = 0;
  for (auto it = items.upper_bound(after); it != items.end(); ++it) {
    const auto& item = it->second.item;
    out.more = !out.items.empty() && (out.items.size() >= most || bytes + item.bytes.size() > most_bytes);
    if (out.more) break;
    bytes += item.bytes.size();
    out.items.push_back(item);
  }
  answer(std::move(out));
}

void MemoryMailbox::strike(Ticket ticket, const proto::Id& owner, std::vector<GivenItem> items) {
  auto& box = content_.boxes[owner];
  for (const auto& item : items) {
    const auto at = fails() ? box.by_hash.end() : box.by_hash.find(item.hash);
    if (at == box.by_hash.end() || at->second > item.number) continue;
    remove(box, box.items.find(at->second));
    ++box.taken;
    ++stats_.struck;
  }
  answer(StrikeAnswer{ticket, tells_failure()});
}

void MemoryMailbox::summary(Ticket ticket, const proto::Id& owner) {
  const auto& box = content_.boxes[owner];
  BoxSummary out{box.counts.letters,
                 box.counts.receipts,
                 box.counts.bytes + box.counts.receipt_bytes,
                 box.items.empty() ? 0 : box.items.begin()->second.unix_s,
                 0,
                 status_of(box)};
  for (const auto& [sender, counts] : box.senders)
    out.senders += counts != MailCounts{};
  answer(SummaryAnswer{ticket, false, std::move(out)});
}

void MemoryMailbox::purge(Ticket ticket, const proto::Id& owner) {
  answer(DoneAnswer{ticket, {}, empty(content_.boxes[owner])});
}

void MemoryMailbox::forget(Ticket ticket, const proto::Id& owner) {
  const auto removed = empty(content_.boxes[owner]);
  content_.boxes.erase(owner);
  answer(DoneAnswer{ticket, {}, removed});
}

void MemoryMailbox::expire(Ticket ticket, std::uint64_t unix_s) {
  std::uint64_t removed = 0;
  for (auto& [owner, box] : content_.boxes) {
    for (auto it = box.items.begin(); it != box.items.end();) {
      const bool old = it->second.unix_s + limits_.days * day_s <= unix_s;
      it = old ? remove(box, it) : std::next(it);
      removed += old;
    }
    std::erase_if(box.prekeys, [&](const auto& key) { return key.expires <= unix_s; });
    std::erase_if(box.given, [&](const auto& given) { return given.second <= unix_s; });
  }
  stats_.expired += removed;
  answer(DoneAnswer{ticket, {}, removed});
}

void MemoryMailbox::backup(Ticket ticket, const std::string&) {
  answer(DoneAnswer{ticket, "these mailboxes are in memory alone", 0});
}

const MailStats& MemoryMailbox::stats() {
  stats_.letters = stats_.receipts = stats_.bytes = stats_.oldest_unix_s = stats_.prekeys = 0;
  std::uint64_t oldest_number = content_.next;
  for (const auto& [owner, box] : content_.boxes) {
    stats_.letters += box.counts.letters;
    stats_.receipts += box.counts.receipts;
    stats_.bytes += box.counts.bytes + box.counts.receipt_bytes;
    for (const auto& left : status_of(box).left)
      stats_.prekeys += left.once;
    if (box.items.empty() || box.items.begin()->first >= oldest_number) continue;
    oldest_number = box.items.begin()->first;
    stats_.oldest_unix_s = box.items.begin()->second.unix_s;
  }
  return stats_;
}

// --- prekeys --------------------------------------------------------------------------------------

proto::PrekeysStatus MemoryMailbox::status_of(const Box& box) const {
  proto::PrekeysStatus out;
  for (const auto& key : box.prekeys)
    count_prekey(out.left, key.suite, key.use);
  std::ranges::sort(out.left, {}, &proto::PrekeysStatus::Left::suite);
  out.taken = box.taken;
  out.last = box.last;
  out.waiting = box.items.size();
  return out;
}

void MemoryMailbox::publish(Ticket ticket, const proto::Id& owner, std::vector<proto::Prekey> prekeys,
                            bool fresh, std::uint64_t unix_s) {
  auto& box = content_.boxes[owner];
  std::vector<PrekeyRow> there;
  for (const auto& key : box.prekeys)
    there.push_back({key.number, key.suite, key.use});
  std::vector<proto::PrekeyNumber> given;
  for (const auto& [number, until] : box.given)
    given.push_back(number);
  const auto plan = plan_publish(there, std::move(prekeys), given, fresh, unix_s);
  if (!plan) return answer(PublishAnswer{ticket, PublishAnswer::Fate::too_many, {}});
  // Those that are there are not counted.
  const bool full =
      !plan->add.empty() && content_.total_bytes + prekey_bytes(plan->add) > limits_.total_bytes;
  if (full || fails()) return answer(PublishAnswer{ticket, PublishAnswer::Fate::failed, {}});
  std::erase_if(box.prekeys, [&](const auto& key) {
    return std::ranges::find(plan->drop, key.number) != plan->drop.end();
  });
  for (const auto& key : plan->add) {
    box.prekeys.push_back(key);
    box.last = key.number;
  }
  if (tells_failure()) return answer(PublishAnswer{ticket, PublishAnswer::Fate::failed, {}});
  answer(PublishAnswer{ticket, PublishAnswer::Fate::stored, status_of(box)});
}

// A key of this suite; a `once` key is struck off.
std::optional<proto::Prekey> MemoryMailbox::claimed(Box& box, const proto::Id& asker,
                                                    const std::string& suite, std::uint64_t unix_s) {
  auto& times = box.claimed[asker];
  std::erase_if(times, [&](auto then) { return then + claims_period_s <= unix_s; });
  const bool may = times.size() < limits_.once_keys && box.given.size() < remembered_given;
  auto best = box.prekeys.end();
  for (auto it = box.prekeys.begin(); it != box.prekeys.end(); ++it) {
    if (it->suite != suite || it->expires <= unix_s) continue;
    const bool once = it->use == proto::PrekeyUse::once;
    if (once && may) {
      best = it;
      break;
    }
    if (!once) best = it;
  }
  if (best == box.prekeys.end()) return std::nullopt;
  auto key = *best;
  if (key.use == proto::PrekeyUse::once) {
    times.push_back(unix_s);
    box.given.emplace(key.number, key.expires);
    box.prekeys.erase(best);
  }
  return key;
}

void MemoryMailbox::claim(Ticket ticket, const proto::Id& owner, const proto::Id& asker,
                          std::vector<std::string> suites, std::uint64_t unix_s) {
  auto& box = content_.boxes[owner];
  ClaimAnswer out{ticket, tells_failure(), std::nullopt, false};
  for (const auto& suite : fails() ? std::vector<std::string>() : suites) {
    out.prekey = claimed(box, asker, suite, unix_s);
    if (out.prekey) break;
  }
  if (out.prekey && out.prekey->use == proto::PrekeyUse::once)
    out.few_left = std::ranges::count_if(box.prekeys, [&](const auto& key) {
                     return key.suite == out.prekey->suite && key.use == proto::PrekeyUse::once;
                   }) < static_cast<std::ptrdiff_t>(proto::few_prekeys);
  if (tells_failure()) out.prekey.reset();
  answer(std::move(out));
}

void MemoryMailbox::status(Ticket ticket, const proto::Id& owner) {
  answer(StatusAnswer{ticket, false, status_of(content_.boxes[owner])});
}

void MemoryMailbox::drop_all(Ticket ticket) {
  std::uint64_t removed = 0;
  for (auto& [owner, box] : content_.boxes) {
    removed += box.prekeys.size();
    box.prekeys.clear();
    box.last.reset();
  }
  answer(DoneAnswer{ticket, {}, removed});
}

}  // namespace sims::server
