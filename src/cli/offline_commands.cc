// Commands of sims that need no server: 1. the peer they name, 2. keys, 3. people, 4. the history.
#include "cli/offline_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/caseless.h"
#include "base/endpoint.h"
#include "cli/output.h"
#include "client/model/look_alike.h"
#include "client/model/words.h"
#include "client/state/history.h"
#include "os/files.h"
#include "os/program.h"
#include "proto/limits.h"

namespace sims::client::cli {

namespace {

constexpr std::size_t print_at = 64 * 1'024;

Exit complain(Exit exit, std::string_view why) {
  tell(why);
  return exit;
}

Exit outcome(const Result<void>& done) {
  return done ? Exit::ok : complain(Exit::failure, done.error());
}

}  // namespace

// --- 1. the peer -----------------------------------------------------------------------------

Result<std::string> server_of(const Options& options, const Store& store) {
  std::string text = options.server;
  if (text.empty()) text = store.settings().server;
  if (text.empty()) text = "localhost";
  auto at = Endpoint::parse(text, proto::default_port);
  if (!at) return fail(fmt::format("--server {}: {}", text, at.error()));
  if (at->port == 0) return fail(fmt::format("--server {}: port 0 is not valid", text));
  return at->str();
}

namespace {

// Returns the one peer among them that the options name; their `server` and `name` are a peer's.
template <class T>
Result<std::optional<T>> meant(std::vector<T> all, const Options& options, Store& store,
                               const std::string& host_port) {
  const auto server = store.server(host_port);
  const bool said = !options.server.empty() || !store.settings().server.empty();
  std::optional<T> found;
  for (auto& one : all) {
    if (one.name != options.target || (server ? one.server != server->id : said)) continue;
    if (found && found->server == one.server) continue;
    if (found) return fail(options.target + " is known at several servers: pick one with --server");
    found = std::move(one);
  }
  return found;
}

// Also finds the history of a peer that was forgotten.
Result<std::optional<PeerKey>> conversation(const Options& options, Store& store,
                                            const std::string& host_port) {
  TRY_LET(all, store.conversations());
  for (const auto& known : store.all_peers())
    all.push_back({known.server, known.name});
  return meant(std::move(all), options, store, host_port);
}

Exit nobody(const Options& options) {
  return complain(Exit::no_peer, "nothing is known of " + options.target);
}

}  // namespace

Result<std::optional<KnownPeer>> remembered(const Options& options, Store& store,
                                            const std::string& host_port) {
  return meant(store.all_peers(), options, store, host_port);
}

// --- 2. keys -------------------------------------------------------------------------------------

Exit fingerprint(const Store& store, const KnownPeer& known) {
  return outcome(print(fingerprint_text(known.name, store.id(), known.pinned.id, trust_word(known.pinned))));
}

Exit verify(const Options& options, Store& store, KnownPeer known) {
  if (!proto::safety_number_matches(options.number, store.id(), known.pinned.id)) {
    return complain(Exit::peer_key, "the safety numbers differ: " + known.name + " is not verified");
  }
  known.pinned.verified = true;
  if (known.pinned.standing == Standing::request) known.pinned.standing = Standing::contact;
  auto stored = store.pin_peer(known.server, known.name, known.pinned);
  if (stored) stored = store.save();
  return outcome(stored);
}

namespace {

// Unsent texts to a peer that were typed for another key.
std::vector<HistoryEntry> held_rows(Store& store, const PeerKey& peer, const Id& id) {
  auto all = store.outbox(peer.server);
  if (!all) return {};
  std::vector<HistoryEntry> rows = std::move((*all)[peer.name]);
  std::erase_if(rows, [&](const HistoryEntry& row) { return row.peer_id == id; });
  return rows;
}

}  // namespace

// HOST:PORT can only be a server; a bare word is a remembered peer, else a server.
Exit forget(const Options& options, Store& store, const std::string& host_port) {
  auto peer = remembered(options, store, host_port);
  if (!peer) return complain(Exit::failure, peer.error());
  Result<void> done;
  if (*peer) {
    auto held = held_rows(store, {(*peer)->server, (*peer)->name}, Id());
    std::erase_if(held, [](const HistoryEntry& row) { return row.delivery == Delivery::mailed; });
    if (!held.empty()) tell(held_hint(options.target, held.size()));
    done = store.forget_peer((*peer)->server, (*peer)->name);
  } else if (store.server(options.target)) {
    done = store.forget_server(options.target);
  } else {
    return complain(Exit::no_peer, "neither a server nor a peer is remembered as " + options.target);
  }
  if (done) done = store.save();
  return outcome(done);
}

// --- 3. people -----------------------------------------------------------------------------------

Exit decide(const Options& options, Store& store, KnownPeer known) {
  const PeerKey key{known.server, known.name};
  const Standing was = known.pinned.standing;
  Result<void> done;
  if (options.command == Command::decline) {
    if (was != Standing::request) return complain(Exit::no_peer, "there is no request of " + known.name);
    done = store.forget_peer(key.server, key.name);
    if (done) done = store.drop_mail(key.server, known.pinned.id);
  } else {
    known.pinned.standing = options.command == Command::accept ? Standing::contact : Standing::blocked;
    if (was == known.pinned.standing) return Exit::ok;
    done = store.pin_peer(key.server, key.name, known.pinned);
    // As the core does: the receipts of a request go out, or what is held of it goes.
    if (done && options.command == Command::accept)
      done = store.accept_mail(key.server, known.pinned.id);
    else if (done)
      done = store.drop_mail(key.server, known.pinned.id);
  }
  if (done && was == Standing::request && options.command != Command::accept) done = store.erase_history(key);
  if (done) done = store.save();
  return outcome(done);
}

Exit peers(const std::string& folder) {
  if (!file_exists(folder + "/store.db")) return Exit::ok;
  const auto store = Store::open(folder);
  if (!store) return complain(Exit::failure, store.error());
  std::set<std::string> names;
  for (const auto& known : (*store)->all_peers())
    names.insert(known.name);
  std::string out;
  for (const auto& name : names)
    out += name + "\n";
  return outcome(print(out));
}

Exit discard(const Options& options, Store& store, const std::string& host_port) {
  const auto peer = conversation(options, store, host_port);
  if (!peer) return complain(Exit::failure, peer.error());
  if (!*peer) return nobody(options);
  const auto pins = store.peers((*peer)->server);
  const auto pin = pins.find((*peer)->name);
  const auto held = held_rows(store, **peer, pin == pins.end() ? Id() : pin->second.id);
  if (held.empty()) return complain(Exit::no_peer, "nothing is held for " + options.target);
  Result<void> done;
  for (auto row = held.begin(); done && row != held.end(); ++row)
    done =
        store.set_delivery(row->row, Delivery::failed, "discarded: it was typed for an earlier key", false);
  if (done) done = store.save();
  return outcome(done);
}

Exit requests(const Options& options, Store& store, const std::string& host_port) {
  const auto server = store.server(host_port);
  std::string out;
  for (const auto& known : store.all_peers()) {
    if (known.pinned.standing != Standing::request || (server && known.server != server->id)) continue;
    const Request request{known.name, known.pinned, store.unread({known.server, known.name}, 0),
                          look_alike(known.name, store.peers(known.server))};
    out += options.json ? request_json(request) : request_line(request);
  }
  return outcome(print(out));
}

Exit mail(const Options& options, Store& store, const std::string& host_port) {
  std::set<Id> servers;
  if (const auto server = store.server(host_port)) {
    servers.insert(server->id);
  } else {
    const auto all = store.conversations();
    if (!all) return complain(Exit::failure, all.error());
    for (const PeerKey& one : *all)
      servers.insert(one.server);
  }
  std::string out;
  for (const Id& server : servers) {
    const auto all = waiting_texts(store, server);
    if (!all) return complain(Exit::failure, all.error());
    for (const WaitingTexts& texts : *all)
      out += options.json ? mail_json(texts) : mail_line(texts);
  }
  return outcome(print(out));
}

// --- 4. the history ----------------------------------------------------------------------------

namespace {

// Output in pieces.
class Out {
 public:
  Out(const Options& options, std::string peer, std::optional<NewFile> file)
      : json_(options.json), peer_(std::move(peer)), file_(std::move(file)) {}

  bool line(const HistoryEntry& entry) {
    text_ += json_ ? entry_json(peer_, entry) : entry_line(peer_, entry);
    return text_.size() < print_at || flush();
  }
  // Writes everything, or returns the error.
  Result<void> end() {
    if (flush() && file_) done_ = file_->close();
    return done_;
  }

 private:
  bool flush() {
    if (done_) done_ = file_ ? file_->write(text_) : print(text_);
    text_.clear();
    return done_.has_value();
  }
  bool json_;
  std::string peer_;
  std::optional<NewFile> file_;
  std::string text_;
  Result<void> done_;
};

HistoryEntry as_of_today(Store& store, const PeerKey& peer, HistoryEntry entry) {
  entry.incomplete = lacks_predecessor(store, peer, entry, read_clocks().unix_ms);
  return entry;
}

// Oldest first.
Result<void> newest(const Options& options, Store& store, const PeerKey& peer, std::size_t count, Out& out) {
  if (count == 0) return {};
  if (!options.text) {
    TRY_LET(page, store.before(peer, 0, count));
    for (const auto& entry : page)
      if (!out.line(as_of_today(store, peer, entry))) break;
    return {};
  }
  auto search = store.search(peer, *options.text, count);
  search->run();
  if (!search->problem.empty()) return fail(search->problem);
  for (auto hit = search->hits.rbegin(); hit != search->hits.rend(); ++hit)
    if (!out.line(as_of_today(store, peer, hit->entry))) break;
  return {};
}

Result<void> all(const Options& options, Store& store, const PeerKey& peer, Out& out) {
  Caseless wanted(options.text.value_or(""));
  return store.each(peer, [&](const auto& entry) {
    return (options.text && !wanted.in(entry.body)) || out.line(as_of_today(store, peer, entry));
  });
}

// Texts that were received and acked, but whose lines wait for the text before them until a program
// that connects shows them.
Result<std::vector<HistoryEntry>> waiting(const Options& options, Store& store, const PeerKey& peer) {
  TRY_LET(all, store.waiting(peer.server));
  std::vector<HistoryEntry> out = std::move(all[peer.name]);
  Caseless wanted(options.text.value_or(""));
  std::erase_if(out, [&](const HistoryEntry& one) { return options.text && !wanted.in(one.body); });
  for (HistoryEntry& one : out)
    one.incomplete = true;
  return out;
}

// The history, newest last; all of it without a count.
Result<void> said(const Options& options, Store& store, const PeerKey& peer, Out& out) {
  auto read = waiting(options, store, peer);
  std::vector<HistoryEntry> last = read ? std::move(*read) : std::vector<HistoryEntry>();
  Result<void> done;
  if (options.count == 0) {
    done = all(options, store, peer, out);
  } else {
    while (last.size() > options.count)
      last.erase(last.begin());
    done = newest(options, store, peer, options.count - last.size(), out);
  }
  for (auto one = last.begin(); done && one != last.end(); ++one)
    if (!out.line(as_of_today(store, peer, std::move(*one)))) break;
  return done && !read ? fail(read.error()) : done;
}

}  // namespace

Exit history(const Options& options, Store& store, const std::string& host_port) {
  const auto peer = conversation(options, store, host_port);
  if (!peer) return complain(Exit::failure, peer.error());
  if (!*peer) return nobody(options);
  Out out(options, options.target, std::nullopt);
  auto done = said(options, store, **peer, out);
  const auto written = out.end();
  return outcome(done ? written : done);
}

Exit export_history(const Options& options, Store& store, const std::string& host_port) {
  const auto peer = conversation(options, store, host_port);
  if (!peer) return complain(Exit::failure, peer.error());
  if (!*peer) return nobody(options);
  std::optional<NewFile> file;
  if (!options.file.empty()) {
    auto made = NewFile::make(options.file);
    if (!made) return complain(Exit::failure, made.error());
    file.emplace(std::move(*made));
  }
  Out out(options, options.target, std::move(file));
  auto done = said(options, store, **peer, out);
  if (done) done = out.end();
  return outcome(done);
}

Result<void> print_entries(const Options& options, const std::deque<HistoryEntry>& entries) {
  std::optional<NewFile> file;
  if (!options.file.empty()) {
    TRY_LET(made, NewFile::make(options.file));
    file.emplace(std::move(made));
  }
  Out out(options, options.target, std::move(file));
  for (const auto& entry : entries)
    if (!out.line(entry)) break;
  return out.end();
}

Exit erase(const Options& options, Store& store, const std::string& host_port) {
  const auto peer = conversation(options, store, host_port);
  if (!peer) return complain(Exit::failure, peer.error());
  if (!*peer) return nobody(options);
  // Everything that `history` prints: erase_history() keeps texts that no program has shown.
  auto wait = waiting(options, store, **peer);
  if (!wait) return complain(Exit::failure, wait.error());
  for (HistoryEntry& one : *wait) {
    one.waits = false;
    if (auto shown = store.put_last(**peer, one); !shown) return complain(Exit::failure, shown.error());
  }
  auto done = store.erase_history(**peer);
  if (done) done = store.save();
  return outcome(done);
}

}  // namespace sims::client::cli
