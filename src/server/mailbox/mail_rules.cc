// The bounds of mailboxes, and what publishing prekeys changes.
#include "server/mailbox/mail_rules.h"

#include <algorithm>

#include "crypto/suite.h"

namespace sims::server {

namespace {

constexpr std::uint64_t receipt_room = 512;  // bytes; one as section 8 writes it has about 300
constexpr std::uint64_t few_letters = 10;    // a sender with fewer there gets the last fifth of a box

bool over(std::uint64_t there, std::uint64_t more, std::uint64_t most) {
  return there + more > most;
}

MailBound letter_bound(const PlaceAsked& asked, const MailLimits& limits) {
  const auto& [box, mine] = std::tie(asked.box, asked.of_sender);
  if (over(box.letters, 1, limits.owner_letters) || over(box.bytes, asked.size, limits.owner_bytes))
    return MailBound::owner;
  if (over(mine.letters, 1, limits.sender_letters) || over(mine.bytes, asked.size, limits.sender_bytes))
    return MailBound::sender;
  const bool last_fifth = over(box.letters, 1, limits.owner_letters - limits.owner_letters / 5) ||
                          over(box.bytes, asked.size, limits.owner_bytes - limits.owner_bytes / 5);
  if (last_fifth && mine.letters >= few_letters) return MailBound::last_fifth;
  if (asked.newcomer_waits >= limits.newcomer_letters) return MailBound::newcomer;
  return MailBound::none;
}

MailBound receipt_bound(const PlaceAsked& asked, const MailLimits& limits) {
  const auto past = [&](const MailCounts& there, std::uint64_t most) {
    return over(there.receipts, 1, most) || over(there.receipt_bytes, asked.size, most * receipt_room);
  };
  if (past(asked.box, limits.owner_receipts)) return MailBound::owner;
  return past(asked.of_sender, limits.sender_receipts) ? MailBound::sender : MailBound::none;
}

}  // namespace

void MailCounts::add(MailKind kind, std::uint64_t size) {
  (kind == MailKind::letter ? letters : receipts) += 1;
  (kind == MailKind::letter ? bytes : receipt_bytes) += size;
}

void MailCounts::remove(MailKind kind, std::uint64_t size) {
  // Counts of a damaged file may be wrong: they never wrap.
  const auto less = [](std::uint64_t& from, std::uint64_t by) { from -= std::min(from, by); };
  less(kind == MailKind::letter ? letters : receipts, 1);
  less(kind == MailKind::letter ? bytes : receipt_bytes, size);
}

Verdict place_for(const PlaceAsked& asked, const MailLimits& limits) {
  const bool letter = asked.kind == MailKind::letter;
  auto bound = letter ? letter_bound(asked, limits) : receipt_bound(asked, limits);
  if (bound == MailBound::none && over(asked.total_bytes, asked.size, limits.total_bytes))
    bound = MailBound::total;
  if (bound == MailBound::none) return {};
  return {letter ? PutFate::full : PutFate::dropped, bound};
}

std::optional<PublishPlan> plan_publish(std::span<const PrekeyRow> there, std::vector<proto::Prekey> asked,
                                        const std::vector<proto::PrekeyNumber>& given, bool fresh,
                                        std::uint64_t unix_s) {
  PublishPlan plan;
  std::vector<PrekeyRow> kept;
  for (const auto& row : there)
    fresh ? plan.drop.push_back(row.number) : kept.push_back(row);
  for (auto& key : asked) {
    const auto* suite = crypto::find_suite(key.suite);
    if (suite == nullptr || (key.use == proto::PrekeyUse::many && !suite->many_prekey)) return std::nullopt;
    const auto same = [&](const PrekeyRow& row) { return row.number == key.number; };
    if (key.expires <= unix_s || std::ranges::find(given, key.number) != given.end() ||
        std::ranges::any_of(kept, same))
      continue;
    if (key.use == proto::PrekeyUse::many) {
      const auto earlier = [&](const auto& row) { return row.use == key.use && row.suite == key.suite; };
      for (const auto& row : kept)
        if (earlier(row)) plan.drop.push_back(row.number);
      std::erase_if(kept, earlier);
      std::erase_if(plan.add, earlier);
    }
    kept.push_back({key.number, key.suite, key.use});
    plan.add.push_back(std::move(key));
  }
  for (const auto& suite : crypto::all_suites()) {
    const auto once = std::ranges::count_if(kept, [&](const PrekeyRow& row) {
      return row.suite == suite.name && row.use == proto::PrekeyUse::once;
    });
    if (static_cast<std::size_t>(once) > suite.once_prekeys) return std::nullopt;
  }
  return plan;
}

std::uint64_t prekey_bytes(std::span<const proto::Prekey> prekeys) {
  std::uint64_t bytes = 0;
  for (const auto& prekey : prekeys)
    bytes += prekey.key.size() + item_overhead;
  return bytes;
}

void count_prekey(std::vector<proto::PrekeysStatus::Left>& left, const std::string& suite,
                  proto::PrekeyUse use) {
  auto it = std::ranges::find(left, suite, &proto::PrekeysStatus::Left::suite);
  if (it == left.end()) it = left.insert(it, {suite, 0, false});
  if (use == proto::PrekeyUse::once)
    ++it->once;
  else
    it->many = true;
}

}  // namespace sims::server
