// Ledger: finds texts that are settled on both sides, and removes them.
#include "sim/ledger.h"

#include <algorithm>

namespace sims::test {
namespace {

int number_of(const std::string& text) {
  return std::stoi(text.substr(text.find('#') + 1));
}

}  // namespace

Ledger::Stored Ledger::stored() const {
  Stored out;
  for (const auto& user : world_.users)
    for (const auto& row : user->trust.rows)
      if (!row.entry.mine) out.emplace(row.entry.uid, std::pair(user.get(), row.entry.body));
  return out;
}

void Ledger::settle() {
  const auto at_receivers = stored();
  for (const auto& user : world_.users)
    if (user->trust.clean()) settle_sent(*user, at_receivers);
  for (const auto& user : world_.users)
    if (user->trust.clean()) settle_received(*user);
}

// Per peer in order and without a gap: a text that is not delivered yet holds back the later ones.
void Ledger::settle_sent(User& sender, const Stored& at_receivers) {
  std::erase_if(sender.trust.rows, [&](const FakeMemory::Row& row) {
    if (!row.entry.mine || row.entry.delivery != client::Delivery::delivered) return false;
    auto& settled = sender.settled_mine[row.peer.name];
    if (number_of(row.entry.body) != settled + 1) return false;
    const auto there = at_receivers.find(row.entry.uid);
    if (there == at_receivers.end() || there->second.first->name != row.peer.name ||
        there->second.second != row.entry.body)
      wrong += row.entry.body + " is marked delivered, but is not there\n";
    ++settled;
    return true;
  });
}

void Ledger::settle_received(User& receiver) {
  std::map<std::string, std::vector<int>> there;  // by sender, in the order on the disk
  const auto shown = [](const FakeMemory::Row& row) { return !row.entry.mine && !row.entry.waits; };
  for (const auto& row : receiver.trust.rows) {
    if (!shown(row)) continue;
    const int number = number_of(row.entry.body);
    if (number <= world_.find(row.peer.name)->settled_mine[receiver.name])
      there[row.peer.name].push_back(number);
  }
  for (auto& [sender, numbers] : there) {
    if (receiver.may_miss_some) std::sort(numbers.begin(), numbers.end());
    auto& settled = receiver.settled_theirs[sender];
    for (const int number : numbers) {
      if (number == settled + 1) {
        ++settled;
        continue;
      }
      if (receiver.may_miss_some && number > settled) break;  // the line of an earlier one still waits
      wrong += sender + ">" + receiver.name + " #" + std::to_string(number) +
               " is on disk twice or out of order\n";
    }
  }
  std::erase_if(receiver.trust.rows, [&](const FakeMemory::Row& row) {
    return shown(row) && number_of(row.entry.body) <= receiver.settled_theirs[row.peer.name];
  });
}

Ledger::Ends Ledger::ends() {
  Ends out;
  for (const auto& user : world_.users) {
    std::map<std::string, int> accounted = user->settled_mine;
    for (const auto& [to, count] : accounted)
      out.delivered += static_cast<std::uint64_t>(count);
    for (const auto& row : user->trust.rows) {
      if (!row.entry.mine) continue;
      if (number_of(row.entry.body) != ++accounted[row.peer.name])
        wrong += row.entry.body + " stands in the place of another\n";
      ++(row.entry.delivery == client::Delivery::delivered ? out.delivered
         : row.entry.delivery == client::Delivery::failed  ? out.failed
                                                           : out.waiting);
    }
    for (const auto& [to, count] : user->said) {
      out.said += static_cast<std::uint64_t>(count);
      if (accounted[to] != count)
        wrong += user->name + " said " + std::to_string(count) + " to " + to + ", known are " +
                 std::to_string(accounted[to]) + "\n";
    }
  }
  return out;
}

}  // namespace sims::test
