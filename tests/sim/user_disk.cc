// A user whose memory is a real store on a disk that fails.
#include <algorithm>
#include <stdexcept>

#include "sim/world.h"

namespace sims::test {

void User::live_on(Disks& disks) {
  const bool is_new = !place;
  disks_ = &disks;
  if (is_new) place = std::make_unique<Disks::Place>(disks, name);
  std::string wrong;
  store = disks.open_store(*place, wrong);
  if (!store) throw std::runtime_error(name + ": " + wrong);
  if (!wrong.empty()) complaints.push_back(name + ": " + wrong);
  if (store->made_identity() != is_new) complaints.push_back(name + " begins as somebody new");
  options_.identity = &store->identity();
  if (!is_new) return;
  core.reset();
  own_id = store->id();
  const client::PinnedServer pin{proto::Id::of(world.server_identity.public_key()), 1};
  if (!store->pin_server("server:7467", pin) || !store->save()) complaints.push_back(name + " cannot begin");
  begin_life();
}

void User::read_disk(const std::function<void(const std::string& peer, const client::HistoryEntry&)>& take) {
  const Disks::Working working(*disks_);
  const auto conversations = store->conversations();
  if (!conversations) return complaints.push_back(name + ": " + conversations.error());
  for (const auto& peer : *conversations) {
    const auto done = store->each(peer, [&](const client::HistoryEntry& entry) {
      take(peer.name, entry);
      return true;
    });
    if (!done) complaints.push_back(name + ": " + done.error());
  }
}

void User::read_waiting(const std::function<void(const client::HistoryEntry&)>& take) {
  const Disks::Working working(*disks_);
  const auto waiting = store->waiting(proto::Id::of(world.server_identity.public_key()));
  if (!waiting) return complaints.push_back(name + ": " + waiting.error());
  for (const auto& [peer, entries] : *waiting)
    std::for_each(entries.begin(), entries.end(), take);
}

std::string User::wrong_pins() {
  std::string wrong;
  if (store->id() != own_id) wrong += name + " is somebody else\n";
  const auto server = store->server("server:7467");
  if (!server || server->id != proto::Id::of(world.server_identity.public_key()))
    wrong += name + " does not know the server any more\n";
  std::map<std::string, client::Id> now;
  for (const auto& known : store->all_peers()) {
    now.emplace(known.name, known.pinned.id);
    const User* other = world.find(known.name);
    if (!other || known.pinned.id != other->own_id)
      wrong += name + " pinned another key for " + known.name + "\n";
  }
  for (const auto& [peer, pinned] : pins_)
    if (!now.contains(peer)) wrong += name + " forgot " + peer + "\n";
  if (core->commit_at() == INT64_MAX) pins_ = std::move(now);
  return wrong;
}

std::string User::wrong_on_disk() {
  std::string wrong = wrong_pins();
  std::set<std::string> said_here, came;
  read_disk([&](const std::string&, const client::HistoryEntry& entry) {
    auto& all = entry.mine ? said_here : came;
    if (!all.insert(entry.body).second) wrong += entry.body + " is twice at " + name + "\n";
    if (entry.mine && entry.delivery == client::Delivery::failed) wrong += entry.body + " failed\n";
    if (entry.mine && refused.contains(entry.body))
      wrong += entry.body + " was refused and is at " + name + "\n";
  });
  std::set<std::string> kept = came;
  read_waiting([&](const client::HistoryEntry& entry) {
    if (!kept.insert(entry.body).second) wrong += entry.body + " is twice at " + name + ", and waits\n";
  });
  const auto lacks = [&](const std::set<std::string>& all, const std::set<std::string>& promised,
                         const char* words) {
    for (const auto& text : promised)
      if (!all.contains(text)) wrong += text + words + name + "\n";
  };
  lacks(came, shown, " was shown and is lost at ");
  lacks(said_here, queued, " was queued and is lost at ");
  for (const auto& from : world.users) {
    for (const auto& text : from->proved)
      if (text.starts_with(from->name + ">" + name + " ") && !kept.contains(text))
        wrong += text + " was proved delivered and is not at " + name + "\n";
  }
  return wrong;
}

}  // namespace sims::test
