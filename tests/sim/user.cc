// One user of a simulation: its client core, its crashes, and a memory that loses uncommitted writes.
#include <algorithm>

#include "client/mail/prekey_keeper.h"
#include "sim/world.h"

namespace sims::test {

namespace {

int number_of(const std::string& text) {
  return std::stoi(text.substr(text.find('#') + 1));
}

}  // namespace

User::User(World& w, std::string n, client::CoreOptions options, std::uint64_t seed)
    : world(w),
      name(std::move(n)),
      identity(crypto::SigningKey::generate(w.random)),
      ephemerals(seed),
      own_id(proto::Id::of(identity.public_key())) {
  options.identity = &identity;
  options_ = options;
  core = std::make_unique<client::ClientCore>(std::move(options), trust, ephemerals, *this);
}

// Like Link::State::end_turn().
void User::end_turn() {
  if (doomed_ && left_unclean_) crash();
  const auto at = core->commit_at();
  if (at <= world.now().steady_ms || (at != INT64_MAX && !ending_.empty())) commit();
  if (!core->holds_writes()) {
    if (link_ != 0) release(link_);
    for (const auto id : std::exchange(ending_, {})) {
      world.links_.at(id).up.ends = true;
      release(id);
    }
  }
  left_unclean_ = store ? core->commit_at() != INT64_MAX : !trust.clean();
  due_ms_ = std::min(core->next_tick(), core->commit_at());
}

void User::touch() {
  if (!std::exchange(touched_, true)) world.touched_.push_back(this);
}

void User::accept_requests() {
  touch();
  std::vector<std::string> waiting;
  for (const auto& [other, p] : core->model().peers)
    if (p.standing == client::Standing::request) waiting.push_back(other);
  for (const auto& other : waiting)
    if (auto done = core->accept(other, world.now()); !done) complaints.push_back(done.error());
}

void User::release(std::uint64_t id) {
  World::Link& link = world.links_.at(id);
  link.up.bytes += std::exchange(link.held, {});
  world.move(id, true);
}

void User::crash_soon() {
  doomed_ = true;
}

void User::commit() {
  const bool held = core->holds_writes();
  const auto done = core->commit(world.now());
  if (done) return;
  world.happened(name + " cannot commit");
  ++failed_commits;
  // Last words that ack what is not on disk must not go out.
  if (!held) return;
  for (const auto id : std::exchange(ending_, {})) {
    world.links_.at(id).held.clear();
    world.links_.at(id).up.ends = true;
    world.move(id, true);
  }
}

void User::crash(Ending ending) {
  world.happened(name + (ending == Ending::killed ? " is killed" : " loses power"));
  if (store && !store->in_doubt()) doubtful_.clear();
  forget_life();
  if (store) {
    place->end(ending);
    store.reset();
    place->forget_old();
    live_on(*disks_);
  } else {
    trust.lose_uncommitted();
  }
  begin_life();
  if (!away_) connect();
}

void User::put_back(const FakeMemory::State& older) {
  world.happened(name + "'s store is put back");
  forget_life();
  trust.restore(older);
  was_put_back = true;
  shown_in_life.clear();
  for (const auto& row : trust.rows)
    if (!row.entry.mine && !row.entry.waits) shown_in_life.insert(row.entry.body);
  begin_life();
  connect();
}

void User::forget_life() {
  doomed_ = false;
  // Bytes that were given to the network still travel; bytes that waited for commit() are lost.
  for (auto& [id, link] : world.links_) {
    if (link.user != this) continue;
    link.down.cut = true;
    link.held.clear();
    link.up.ends = true;
    world.move(id, true);
  }
  link_ = 0;
  ending_.clear();
  ++life_;
  core.reset();
  last_session_.clear();
}

// Texts that were shown and not stored are shown again.
void User::begin_life() {
  heard.clear();
  for (const auto& [peer, number] : settled_theirs)
    heard[peer] = Shown(number);
  delivered = settled_mine;
  const auto count = [this](const std::string& peer, const client::HistoryEntry& entry) {
    if (entry.waits) return;  // its line is still to come
    if (!entry.mine)
      heard[peer].add(number_of(entry.body));
    else if (entry.delivery == client::Delivery::delivered)
      ++delivered[peer];
    if (entry.mine && refused.contains(entry.body)) came_back(entry.body);
  };
  if (store)
    read_disk(count);
  else
    for (const auto& row : trust.rows)
      count(row.peer.name, row.entry);
  doubtful_.clear();  // a text that is not there now is gone
  core = std::make_unique<client::ClientCore>(options_, memory(), ephemerals, *this);
}

void User::connect() {
  touch();
  world.happened(name + " connects");
  away_ = false;
  core->connect("server:7467", world.now());
}

void User::leave() {
  touch();
  world.happened(name + " leaves");
  away_ = true;
  core->disconnect(world.now());
}

bool User::meets(const std::string& other) {
  if (peer(other)) return true;
  touch();
  if (core->meet(other, world.now())) return true;
  // Refused while offline, and too often: then later.
  static_cast<void>(core->find(other, std::nullopt, world.now()).has_value());
  return false;
}

void User::say(const std::string& to) {
  touch();
  const bool again = was_refused(to, said[to]) && world.random.pick(2) == 0;
  const int number = said[to] + (again ? 0 : 1);
  const std::string text = name + ">" + to + " #" + std::to_string(number);
  auto taken = core->send_text(to, text, false, world.now());
  if (taken || store) said[to] = number;
  world.happened(text + (taken ? " is queued" : " is refused"));
  if (!store) return;
  (taken ? queued : refused).insert(text);
  if (taken) return void(refused.erase(text));
  if (store->in_doubt()) doubtful_.insert(text);
  ++refusals;
  if (taken.error().empty()) complaints.push_back(text + " was refused without a word");
}

// After a crash the user looks at the window: a text that is there counts as taken.
void User::came_back(const std::string& text) {
  world.happened(text + " came back");
  if (!doubtful_.contains(text)) complaints.push_back(text + " was refused for good and came back");
  refused.erase(text);
  queued.insert(text);
}

bool User::was_refused(const std::string& to, int number) const {
  return refused.contains(name + ">" + to + " #" + std::to_string(number));
}

const client::Peer* User::peer(const std::string& other) const {
  auto at = core->model().peers.find(other);
  return at == core->model().peers.end() ? nullptr : &at->second;
}

std::size_t User::undelivered() const {
  if (store)
    return static_cast<std::size_t>(std::count_if(queued.begin(), queued.end(),
                                                  [&](const auto& text) { return !proved.contains(text); }));
  std::size_t count = 0;
  for (const auto& [to, number] : said) {
    auto at = delivered.find(to);
    count += static_cast<std::size_t>(number - (at == delivered.end() ? 0 : at->second));
  }
  return count;
}

std::size_t User::alerts() const {
  const auto count = [](const std::deque<client::Line>& lines) {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const client::Line& l) {
      return l.kind == client::Line::Kind::alert;
    }));
  };
  std::size_t all = count(core->model().status);
  for (const auto& [other, p] : core->model().peers)
    all += count(p.lines);
  return all;
}

void User::open_link(const std::string&) {
  const auto id = ++world.last_link_;
  link_ = id;
  world.links_[id].user = this;
  world.later(world.weather.delay_ms, [this, id] {
    if (link_ != id || world.links_.at(id).up.ends) return;  // given up, or broken before it was open
    world.links_.at(id).open = true;
    world.server_->opened(id, "192.0.2." + std::to_string(1 + id % 250), world.now());
    world.server_turn();
    touch();
    core->link_opened(world.now());
  });
}

void User::write(std::string bytes) {
  auto at = world.links_.find(link_);
  if (at != world.links_.end() && !at->second.up.ends) at->second.held += bytes;
}

void User::close_link(bool flush) {
  auto at = world.links_.find(link_);
  const auto id = std::exchange(link_, 0);
  if (at == world.links_.end()) return;
  at->second.down.cut = true;
  if (flush) return void(ending_.insert(id));
  at->second.held.clear();
  at->second.up.bytes.clear();
  at->second.up.ends = true;
  world.move(id, true);
}

void User::drop_link() {
  const auto id = link_;
  auto at = world.links_.find(id);
  if (at == world.links_.end()) return;
  for (World::Pipe* pipe : {&at->second.up, &at->second.down}) {
    pipe->bytes.resize(world.random.pick(pipe->bytes.size() + 1));  // cut anywhere
    pipe->ends = true;
  }
  world.move(id, true);
  world.move(id, false);
}

void User::freeze() {
  auto at = world.links_.find(link_);
  if (at != world.links_.end()) at->second.up.frozen = at->second.down.frozen = true;
}

void User::start_work(std::unique_ptr<client::Work> work) {
  auto shared = std::make_shared<std::unique_ptr<client::Work>>(std::move(work));
  world.later(world.weather.work_ms, [this, shared, life = life_] {
    if (life != life_) return;
    ephemerals.makes_prekeys = dynamic_cast<client::PrekeyWork*>(shared->get()) != nullptr;
    (*shared)->run();
    ephemerals.makes_prekeys = false;
    touch();
    core->work_done(std::move(*shared), world.now());
  });
}

void User::changed() {
  if (!world.counts_sessions) return;
  for (const auto& [other, p] : core->model().peers) {
    auto& last = last_session_[other];
    if (p.session == client::SessionState::established && last != p.session) ++sessions[other];
    last = p.session;
  }
}

void User::received(const client::Peer& from, const client::Line& line) {
  if (put_back_at_times) {
    const User* author = world.find(from.name);
    if (!author || line.text != from.name + ">" + name + " #" + std::to_string(number_of(line.text)) ||
        number_of(line.text) > author->said.at(name))
      complaints.push_back(name + " was shown " + line.text + ", which was never said");
    if (!shown_in_life.insert(line.text).second)
      complaints.push_back(name + " was shown " + line.text + " twice");
    return world.happened(name + " is shown " + line.text);
  }
  const User* sender = world.find(from.name);
  Shown& shown_before = heard[from.name];
  const bool first = shown_before.count() == 0;
  const int number = number_of(line.text);
  int before = number - 1;
  while (sender && before > 0 && sender->was_refused(name, before))
    --before;
  if (line.text != from.name + ">" + name + " #" + std::to_string(number))
    complaints.push_back(name + " was shown " + line.text);
  if (before > 0 && !shown_before.has(before)) {
    if (may_miss_some && first)
      ++first_early;
    else if (may_miss_some && !line.missing.empty())
      ++noted_early;
    else
      complaints.push_back(name + " was shown " + line.text + " before #" + std::to_string(before));
  }
  if (!shown_before.add(number)) complaints.push_back(name + " was shown " + line.text + " twice");
  was_shown(line.text);
  if (!sender || number > sender->said.at(name)) complaints.push_back(line.text + " was never said");
  if (sender && sender->was_refused(name, number))
    complaints.push_back(line.text + " was refused and is shown");
}

void User::was_shown(const std::string& text) {
  world.happened(name + " is shown " + text);
  if (store) shown.insert(text);
}

void User::delivery_changed(const client::Peer& to, const client::Line& line) {
  if (line.delivery == client::Delivery::failed) complaints.push_back(line.text + " failed: " + line.why);
  if (line.delivery == client::Delivery::mailed) {
    ++mailed;
    world.happened(line.text + " is mailed");
  }
  if (line.delivery != client::Delivery::delivered) return;
  ++delivered[to.name];
  world.happened(line.text + " is proved");
  User* reader = world.find(to.name);
  const FakeMemory::Name there{core->model().server_id, own_id, line.uid};
  const bool stored = reader && reader->trust.uids.contains(there);  // its line may wait for another
  if (put_back_at_times) {
    if (!stored && !reader->was_put_back) complaints.push_back(line.text + " marked delivered, never stored");
    return;
  }
  const int number = number_of(line.text);
  if (store || (reader && reader->store)) proved.insert(line.text);
  if (reader && reader->store) return;  // it may wait for its predecessor: wrong_on_disk() checks
  if (!reader || (!reader->heard[name].has(number) && !stored))
    complaints.push_back(line.text + " marked delivered, neither shown nor stored");
}

}  // namespace sims::test
