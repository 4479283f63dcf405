#include "sim/world.h"

#include <algorithm>

namespace sims::test {

// --- a user --------------------------------------------------------------------------------------

User::User(World& w, std::string n, client::CoreOptions options, std::uint64_t seed)
    : world(w), name(std::move(n)), identity(crypto::SigningKey::generate(w.random)), ephemerals(seed) {
  options.identity = &identity;
  options_ = options;
  core = std::make_unique<client::Core>(std::move(options), trust, ephemerals, *this);
}

// As client::Link's.
void User::end_turn() {
  const auto at = core->commit_at();
  if (at <= world.now().steady_ms || (at != INT64_MAX && !ending_.empty())) (void)core->commit(world.now());
  if (core->holds_writes()) return;
  if (link_ != 0) release(link_);
  for (const auto id : std::exchange(ending_, {})) {
    world.links_.at(id).up.ends = true;
    release(id);
  }
}

void User::accept_requests() {
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

void User::crash() {
  // What was given to the network goes on its way, what waited for commit() does not.
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
  trust.lose_uncommitted();
  // What was shown and not stored is shown again.
  heard.clear();
  for (const auto& row : trust.rows)
    if (!row.entry.mine) ++heard[row.peer.name];
  delivered.clear();
  for (const auto& row : trust.rows)
    if (row.entry.mine && row.entry.delivery == client::Delivery::delivered) ++delivered[row.peer.name];
  last_session_.clear();
  core = std::make_unique<client::Core>(options_, trust, ephemerals, *this);
  connect();
}

void User::connect() {
  core->connect("server:7467", world.now());
}

void User::say(const std::string& to) {
  const int number = said[to] + 1;
  auto taken = core->send_text(to, name + ">" + to + " #" + std::to_string(number), false, world.now());
  if (taken) said[to] = number;
}

const client::Peer* User::peer(const std::string& other) const {
  auto at = core->model().peers.find(other);
  return at == core->model().peers.end() ? nullptr : &at->second;
}

std::size_t User::undelivered() const {
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
    if (link_ != id) return;
    world.server_->opened(id, "192.0.2." + std::to_string(1 + id % 250), world.now());
    world.server_turn();
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
  World::Link& link = world.links_.at(link_);
  link.up.frozen = link.down.frozen = true;
}

void User::start_work(std::unique_ptr<client::Work> work) {
  auto shared = std::make_shared<std::unique_ptr<client::Work>>(std::move(work));
  world.later(world.weather.work_ms, [this, shared, life = life_] {
    if (life != life_) return;
    (*shared)->run();
    core->work_done(std::move(*shared), world.now());
  });
}

void User::changed() {
  for (const auto& [other, p] : core->model().peers) {
    auto& last = last_session_[other];
    if (p.session == client::SessionState::established && last != p.session) ++sessions[other];
    last = p.session;
  }
}

void User::received(const client::Peer& from, const client::Line& line) {
  const std::string wanted = from.name + ">" + name + " #" + std::to_string(heard[from.name] + 1);
  if (line.text != wanted) complaints.push_back(name + " was shown " + line.text + " instead of " + wanted);
  ++heard[from.name];
  const User* sender = world.find(from.name);
  if (!sender || heard[from.name] > sender->said.at(name))
    complaints.push_back(line.text + " was never said");
}

void User::delivery_changed(const client::Peer& to, const client::Line& line) {
  if (line.delivery == client::Delivery::failed) complaints.push_back(line.text + " failed: " + line.why);
  if (line.delivery != client::Delivery::delivered) return;
  ++delivered[to.name];
  const User* reader = world.find(to.name);
  const int number = std::stoi(line.text.substr(line.text.find('#') + 1));
  if (!reader || reader->heard.at(name) < number)
    complaints.push_back(line.text + " marked delivered, never shown");
}

// --- the network ---------------------------------------------------------------------------------

World::World(std::uint64_t seed, Weather w)
    : random(seed),
      weather(w),
      server_identity(crypto::SigningKey::generate(random)),
      server_ephemerals_(random.next()) {
  server::CoreOptions options;
  options.identity = &server_identity;
  options.name = "sim";
  server_ = std::make_unique<server::Core>(std::move(options), accounts_, server_ephemerals_, *this);
}

User& World::add(const std::string& name, crypto::SuiteList suites, bool accept_new) {
  client::CoreOptions options;
  options.name = name;
  options.accept_new = accept_new;
  options.accept_strangers = accept_new;
  options.suites = std::move(suites);
  users.push_back(std::make_unique<User>(*this, name, std::move(options), random.next()));
  return *users.back();
}

User* World::find(const std::string& name) {
  for (auto& user : users)
    if (user->name == name) return user.get();
  return nullptr;
}

void World::later(std::int64_t max_ms, std::function<void()> event) {
  const auto wait = 1 + static_cast<std::int64_t>(random.pick(static_cast<std::size_t>(max_ms)));
  events_.push({clock_ms_ + wait, ++order_, std::move(event)});
}

void World::move(std::uint64_t id, bool up) {
  Link& link = links_.at(id);
  Pipe& pipe = up ? link.up : link.down;
  if (pipe.moving || pipe.cut || pipe.frozen || (pipe.bytes.empty() && !pipe.ends)) return;
  pipe.moving = true;
  later(weather.delay_ms, [this, id, up] { deliver(id, up); });
}

void World::deliver(std::uint64_t id, bool up) {
  Link& link = links_.at(id);
  Pipe& pipe = up ? link.up : link.down;
  pipe.moving = false;
  if (pipe.cut || pipe.frozen) return;
  if (pipe.bytes.empty()) {  // the end
    pipe.cut = true;
    if (up) {
      server_->closed(id, now());
      server_turn();
    } else if (link.user->link_ == id) {
      link.user->link_ = 0;
      link.user->core->link_closed("broken", now());
    }
    return;
  }
  std::size_t size = pipe.bytes.size();
  if (weather.chop && random.pick(4) == 0) size = 1 + random.pick(size);
  const std::string chunk = pipe.bytes.substr(0, size);
  pipe.bytes.erase(0, size);
  if (up) {
    server_->received(id, bytes_of(chunk), now());
    server_turn();
  } else if (link.user->link_ == id) {
    link.user->core->link_read(bytes_of(chunk), now());
  }
  move(id, up);
}

void World::server_turn() {
  server_->turn_end(now());
}

std::size_t World::write(server::ConnId id, std::string_view bytes) {
  Pipe& pipe = links_.at(id).down;
  if (!pipe.ends) pipe.bytes += bytes;
  move(id, false);
  return pipe.bytes.size();
}

std::size_t World::queued(server::ConnId id) const {
  return links_.at(id).down.bytes.size();
}

void World::close(server::ConnId id, bool flush) {
  Link& link = links_.at(id);
  link.up.cut = true;
  link.down.ends = true;
  if (!flush) link.down.bytes.clear();
  move(id, false);
}

void World::start_work(server::ConnId id, std::unique_ptr<server::LoginWork> work) {
  auto shared = std::make_shared<std::unique_ptr<server::LoginWork>>(std::move(work));
  later(weather.work_ms, [this, id, shared] {
    (*shared)->run();
    server_->work_done(id, std::move(*shared), now());
    server_turn();
  });
}

void World::log(log::Level, std::string) {}

// --- time ----------------------------------------------------------------------------------------

std::int64_t World::next_tick() const {
  std::int64_t next = server_->next_tick();
  for (const auto& user : users)
    next = std::min({next, user->core->next_tick(), user->core->commit_at()});
  return next;
}

// The next thing that happens, at its time.
void World::step() {
  const std::int64_t tick = next_tick();
  const std::int64_t event = events_.empty() ? INT64_MAX : events_.top().at_ms;
  clock_ms_ = std::max(clock_ms_, std::min(tick, event));
  if (event <= tick) {
    auto run = events_.top().run;
    events_.pop();
    run();
    return end_turns();
  }
  if (server_->next_tick() <= clock_ms_) {
    server_->tick(now());
    server_turn();
  }
  for (auto& user : users)
    if (user->core->next_tick() <= clock_ms_) user->core->tick(now());
  end_turns();
}

void World::end_turns() {
  for (auto& user : users)
    user->end_turn();
}

bool World::run_until(const std::function<bool()>& done, std::int64_t limit_ms) {
  const std::int64_t limit = clock_ms_ + limit_ms;
  end_turns();  // of what the test did
  while (!done()) {
    const std::int64_t next = std::min(next_tick(), events_.empty() ? INT64_MAX : events_.top().at_ms);
    if (next > limit) {
      clock_ms_ = limit;
      return done();
    }
    step();
  }
  return true;
}

void World::run_for(std::int64_t ms) {
  run_until([] { return false; }, ms);
}

bool World::all_delivered() const {
  return std::all_of(users.begin(), users.end(), [](const auto& user) { return user->undelivered() == 0; });
}

std::string World::complaints() const {
  std::string all;
  for (const auto& user : users)
    for (const auto& words : user->complaints)
      all += words + "\n";
  return all;
}

namespace {

bool waits(const client::Delivery& delivery) {
  return delivery == client::Delivery::queued || delivery == client::Delivery::sent;
}

}  // namespace

std::string World::unaccounted() const {
  std::string wrong;
  std::map<std::string, std::string> stored;  // uid -> who has it on disk
  for (const auto& user : users)
    for (const auto& row : user->trust.rows)
      if (!row.entry.mine && !stored.emplace(row.entry.uid, user->name + row.entry.body).second)
        wrong += row.entry.body + " is twice at " + user->name + "\n";
  for (const auto& user : users) {
    for (const auto& row : user->trust.rows) {
      if (!row.entry.mine) continue;
      const auto* peer = user->peer(row.peer.name);
      const auto& lines = peer->lines;
      const auto line = std::find_if(lines.rbegin(), lines.rend(),
                                     [&](const client::Line& l) { return l.row == row.entry.row; });
      if (waits(row.entry.delivery) && line == lines.rend())
        wrong += row.entry.body + " waits and is not shown\n";
      const bool delivered = row.entry.delivery == client::Delivery::delivered ||
                             (line != lines.rend() && line->delivery == client::Delivery::delivered);
      const auto there = stored.find(row.entry.uid);
      if (delivered && (there == stored.end() || there->second != row.peer.name + row.entry.body))
        wrong += row.entry.body + " is marked delivered, but is not there\n";
    }
  }
  return wrong;
}

}  // namespace sims::test
