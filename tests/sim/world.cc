// World: the queue of events, the links, and the relay's turns and restarts.
#include "sim/world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sim/seeds.h"

namespace sims::test {

std::string unlike_name(std::size_t number) {
  constexpr const char* syllables[] = {"bar", "fem", "gin", "kol", "put", "wys"};
  std::string name;
  for (int i = 0; i < 3; ++i, number /= std::size(syllables))
    name += syllables[number % std::size(syllables)];
  return name;
}

// --- the network ---------------------------------------------------------------------------------

World::World(std::uint64_t seed, Weather w)
    : random(seed),
      weather(w),
      server_identity(crypto::SigningKey::generate(random)),
      server_ephemerals_(random.next()) {
  playing(seed);
  start_server();
}

void World::start_server() {
  server::RelayOptions options;
  options.identity = &server_identity;
  options.name = "sim";
  server::Mailbox* boxes = &mailbox_;
  server::Prekeys* prekeys = &mailbox_;
  if (open_mail_) {
    mail_file_ = open_mail_([this] { answer_mail_later(); });
    mail_file_->on_work([this](server::MailLane lane) { work_on_mail(lane); });
    for (const auto lane : {server::MailLane::change, server::MailLane::read, server::MailLane::copy})
      work_on_mail(lane);
    boxes = mail_file_.get();
    prekeys = mail_file_.get();
  }
  server_ = std::make_unique<server::Relay>(std::move(options), *accounts_, *boxes, *prekeys,
                                            server_ephemerals_, *this);
}

void World::restart_server(const std::function<Accounts()>& reopen) {
  happened("the relay restarts");
  ++server_life_;
  for (auto& [id, link] : links_) {
    if (!link.open) continue;
    link.up.cut = true;
    link.down.bytes.resize(random.pick(link.down.bytes.size() + 1));
    link.down.ends = true;
    move(id, false);
  }
  server_.reset();
  mail_file_.reset();
  static_cast<void>(mailbox_.take_answers());  // nobody waits for them now
  mail_answered_ = false;
  if (reopen) {
    accounts_.reset();
    accounts_ = reopen();
  }
  start_server();
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

User* World::find(const std::string& name) const {
  for (auto& user : users)
    if (user->name == name) return user.get();
  return nullptr;
}

void World::later(std::int64_t max_ms, std::function<void()> event) {
  const auto wait = 1 + static_cast<std::int64_t>(random.pick(static_cast<std::size_t>(max_ms)));
  events_.push({clock_ms_ + wait, ++order_, std::move(event)});
}

// FNV-1a.
void World::note(std::string_view what, std::uint64_t number, std::string_view bytes) {
  const auto add = [this](std::string_view some) {
    for (const char c : some)
      trace_ = (trace_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  };
  add(what);
  add(text_of(u64be(number)));
  add(text_of(u64be(static_cast<std::uint64_t>(clock_ms_))));
  add(bytes);
}

void World::happened(const std::string& words) {
  static const bool prints = std::getenv("SIMS_TRACE") != nullptr;
  if (prints) std::fprintf(stderr, "%lld ms: %s\n", static_cast<long long>(clock_ms_), words.c_str());
  note("", 0, words);
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
      link.user->touch();
      link.user->link_ = 0;
      link.user->core->link_closed("broken", now());
    }
    return;
  }
  std::size_t size = pipe.bytes.size();
  if (weather.chop && random.pick(4) == 0) size = 1 + random.pick(size);
  const std::string chunk = pipe.bytes.substr(0, size);
  pipe.bytes.erase(0, size);
  note(up ? "up" : "down", id, chunk);
  if (up) {
    server_->received(id, bytes_of(chunk), now());
    server_turn();
  } else if (link.user->link_ == id) {
    link.user->touch();
    link.user->core->link_read(bytes_of(chunk), now());
  }
  move(id, up);
}

// The disk takes its time, and one commit answers many questions.
void World::answer_mail_later() {
  if (std::exchange(mail_answered_, true)) return;
  later(weather.mail_ms, [this, life = server_life_] {
    if (life != server_life_) return;
    mail_answered_ = false;
    server_->mail_answers(now());
    server_turn();
  });
}

// As one of the threads of a mail.db.
void World::work_on_mail(server::MailLane lane) {
  later(weather.mail_ms, [this, lane, life = server_life_] {
    if (life != server_life_) return;
    const bool more = lane == server::MailLane::change ? mail_file_->change()
                      : lane == server::MailLane::read ? mail_file_->read()
                                                       : mail_file_->copy();
    if (more) work_on_mail(lane);
  });
}

// As the daemon does, but not every minute.
void World::expire_mail() {
  expire_ms_ = clock_ms_ + 3'600'000;
  const auto ticket = server_->mail_ticket([](const server::MailAnswer&) {});
  auto& boxes = mail_file_ ? static_cast<server::Mailbox&>(*mail_file_) : mailbox_;
  boxes.expire(ticket, now().unix_s());
}

void World::put_back_mail(server::MemoryMailbox::Snapshot older, bool told) {
  happened("the relay's mailboxes are put back");
  mailbox_.put_back(std::move(older));
  restart_server();
  if (told) mailbox_.drop_all(server_->mail_ticket([](const server::MailAnswer&) {}));
}

void World::sleep(std::int64_t ms) {
  happened("all sleep");
  slept_ms_ += ms;
  expire_mail();
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
  later(weather.work_ms, [this, id, shared, life = server_life_] {
    if (life != server_life_) return;
    (*shared)->run();
    if ((*shared)->writes()) (*shared)->write();
    server_->work_done(id, std::move(*shared), now());
    server_turn();
  });
}

void World::log(log::Level, std::string) {}

// --- time ----------------------------------------------------------------------------------------

std::int64_t World::next_tick() const {
  std::int64_t next = server_->next_tick();
  for (const auto& user : users)
    next = std::min(next, user->due_ms_);
  return next;
}

void World::forget_links() {
  const auto over = [](const Pipe& pipe) { return pipe.cut && !pipe.moving; };
  std::erase_if(links_, [&](const auto& one) {
    const auto& [id, link] = one;
    return over(link.up) && over(link.down) && link.user->link_ != id && !link.user->ending_.contains(id);
  });
}

// The next thing that happens, at its time.
void World::step() {
  if (++steps_ % 1'024 == 0) forget_links();
  const std::int64_t tick = next_tick();
  const std::int64_t event = events_.empty() ? INT64_MAX : events_.top().at_ms;
  clock_ms_ = std::max(clock_ms_, std::min(tick, event));
  if (clock_ms_ >= expire_ms_) expire_mail();
  if (event <= tick) {
    auto run = events_.top().run;
    events_.pop();
    return run();
  }
  if (server_->next_tick() <= clock_ms_) {
    server_->tick(now());
    server_turn();
  }
  for (auto& user : users)
    if (user->due_ms_ <= clock_ms_) {
      user->touch();
      if (user->core->next_tick() <= clock_ms_) user->core->tick(now());
    }
}

// Only users that were touched: to look at each of hundreds of users would be most of a step.
void World::end_turns() {
  while (!touched_.empty()) {
    for (User* user : std::exchange(touched_, {})) {
      user->touched_ = false;
      user->end_turn();
    }
  }
}

bool World::run_until(const std::function<bool()>& done, std::int64_t limit_ms) {
  const std::int64_t limit = clock_ms_ + limit_ms;
  for (auto& user : users)
    user->touch();  // what the test did
  while (end_turns(), !done()) {
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
  return delivery != client::Delivery::delivered && delivery != client::Delivery::failed;
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
      if (peer == nullptr && user->away()) continue;  // it died, and shows its windows when it connects
      if (peer == nullptr) {
        wrong += user->name + " has no window of " + row.peer.name + "\n";
        continue;
      }
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
