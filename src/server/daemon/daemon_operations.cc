// Runs each operation on the daemon's parts; changes of the accounts run on a worker thread.
#include "server/daemon/daemon_operations.h"

#include <unistd.h>

#include <charconv>

#include "os/files.h"
#include "os/version.h"
#include "server/accounts/invitation.h"

namespace sims::server {

namespace {

constexpr const char* mail_copy_suffix = ".mail";  // of a backup

// Resident memory: proc(5), the second number of statm, in pages. 0: unknown.
std::uint64_t resident_bytes() {
  const auto text = read_file("/proc/self/statm", 4'096);
  if (!text) return 0;
  const auto space = text->find(' ');
  if (space == text->npos) return 0;
  std::uint64_t pages = 0;
  std::from_chars(text->data() + space + 1, text->data() + text->size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

DaemonOperations::DaemonOperations(Parts parts) : parts_(std::move(parts)), began_(parts_.now()) {}

const Stats& DaemonOperations::stats() {
  auto& s = parts_.relay.stats();
  parts_.relay.refresh_gauges();
  const auto ready = parts_.pool.ready();
  s.p384_keys = ready.p384;
  s.rsa_keys = ready.rsa;
  s.accept_pauses = parts_.accept_pauses();
  return s;
}

Status DaemonOperations::status() {
  const auto now = parts_.now();
  Status s;
  s.version = version();
  s.id = proto::Id::of(parts_.state.identity.public_key()).str();
  s.name = parts_.settings.name;
  s.addresses = parts_.addresses();
  s.state_dir = parts_.state.path;
  s.started_unix_s = began_.unix_s();
  s.uptime_s = static_cast<std::uint64_t>(now.steady_ms - began_.steady_ms) / 1'000;
  s.connections = parts_.relay.connections();
  s.online = parts_.relay.online();
  s.accounts = parts_.state.accounts->size();
  s.registration_open = parts_.settings.policy.registration_open;
  s.resident = resident_bytes();
  s.invitations = parts_.state.accounts->invitations(now.unix_s());
  s.memory_bound = memory_bound(parts_.settings.policy.limits, s.accounts);
  s.log_level = log::level();
  s.mail = parts_.mailbox.stats();
  return s;
}

std::vector<ClientInfo> DaemonOperations::clients(ConnId after, std::size_t limit) {
  return parts_.relay.clients(after, limit);
}

Result<std::size_t> DaemonOperations::kick(const Target& who) {
  const auto now = parts_.now();
  std::size_t count = 0;
  if (who.kind == Target::Kind::conn) {
    ConnId conn = 0;
    std::from_chars(who.value.data(), who.value.data() + who.value.size(), conn);
    count = parts_.relay.kick(conn, now) ? 1 : 0;
  } else {
    BanList whom;
    whom.add({*who.ban_kind(), who.value, {}, 0, 0});
    count = parts_.relay.kick(whom, now);
  }
  log::notice("event=kick whom={} connections={}", log::remote{who.value}, count);
  parts_.turn();
  return count;
}

// Runs `job` on a worker thread, since the store may wait for the disk; then `then` and `done` on
// the loop's.
template <class T>
void DaemonOperations::store(std::function<Result<T>(SqliteAccounts&)> job,
                             std::function<void(const Result<T>&)> then, Done<T> done) {
  const auto result = std::make_shared<Result<T>>();
  parts_.work([this, result, job = std::move(job)] { *result = job(*parts_.state.accounts); },
              [this, result, then = std::move(then), done = std::move(done)] {
                then(*result);
                parts_.turn();
                done(std::move(*result));
              });
}

// The ban first: it must not wait for mailboxes. If simsd dies before the mailbox is gone, Relay::drop_banned_mail()
// drops it at the next start.
void DaemonOperations::ban(Ban ban, Done<void> done) {
  ban.made = parts_.now().unix_s();
  store<void>(
      [ban](auto& accounts) { return accounts.ban(ban); }, [](const Result<void>&) {},
      [this, ban, done = std::move(done)](const Result<void>& result) {
        if (!result) return done(result);
        log::notice("event=ban kind={} value={} until={}", to_string(ban.kind), log::remote{ban.value},
                    ban.until);
        parts_.relay.ban(ban, parts_.now(), [done](const std::string& error) {
          if (error.empty()) return done({});
          done(fail("the ban is in force, but the mailbox is not removed yet; simsd goes on trying: " +
                    error));
        });
        parts_.turn();
      });
}

void DaemonOperations::unban(Ban::Kind kind, std::string value, Done<bool> done) {
  store<bool>([kind, value](auto& accounts) { return accounts.unban(kind, value); },
              [this, kind, value](const Result<bool>& result) {
                if (!result || !*result) return;
                log::notice("event=unban kind={} value={}", to_string(kind), log::remote{value});
                parts_.relay.unban(kind, value);
              },
              std::move(done));
}

std::vector<Ban> DaemonOperations::bans() {
  return parts_.state.accounts->bans();
}

void DaemonOperations::invite(std::uint64_t valid_s, Done<std::string> done) {
  const auto now = parts_.now().unix_s();
  store<std::string>(
      [now, valid_s](auto& accounts) -> Result<std::string> {
        auto code = make_invitation(crypto::system_rng());
        const auto stored = accounts.invite(*parse_invitation(code), now, now + valid_s);
        TRY(stored);
        return code;
      },
      [valid_s](const Result<std::string>& result) {
        if (result) log::notice("event=invite seconds={}", valid_s);
      },
      std::move(done));
}

std::vector<AccountStore::Account> DaemonOperations::names(std::string_view after, std::size_t limit) {
  return parts_.state.accounts->names(std::string(after), limit);
}

// The mailbox first, and nothing comes into it until the name is free. So wherever simsd dies, an id that is not
// registered has no mailbox, which it would get back when it registers again.
void DaemonOperations::release(std::string name, Done<bool> done) {
  const auto owner = parts_.state.accounts->id_of(name);
  if (!owner) return done(false);
  if (!parts_.relay.close_mail(*owner)) return done(fail("this name is being released already"));
  parts_.relay.drop_mail(*owner, [this, name = std::move(name), owner = *owner,
                                  done = std::move(done)](const std::string& error) {
    if (!error.empty()) {
      parts_.relay.open_mail(owner);
      return done(fail("the name is not released, since its mailbox cannot be removed: " + error));
    }
    store<bool>([name](auto& accounts) { return accounts.release(name); },
                [this, name, owner](const Result<bool>& result) {
                  parts_.relay.open_mail(owner);
                  if (!result || !*result) return;
                  log::notice("event=release name={}", log::remote{name});
                  BanList whom;
                  whom.add({Ban::Kind::id, owner.str(), {}, 0, 0});
                  parts_.relay.kick(whom, parts_.now());
                },
                done);
  });
}

void DaemonOperations::set_log_level(log::Level level) {
  log::set_level(level);
  log::notice("event=log-level level={}", log::level_name(level));
}

Result<void> DaemonOperations::reload() {
  return parts_.reload();
}

// Mailboxes first: an account that is made meanwhile has no mail in the copy, which is harmless. Without the
// accounts the copy of the mailboxes goes again: half a backup would be taken for a whole one.
void DaemonOperations::backup(std::string path, Done<void> done) {
  const auto mail = path + mail_copy_suffix;
  if (file_exists(path)) return done(fail(path + ": File exists"));
  const auto ticket = parts_.relay.mail_ticket([this, path, mail, done](const MailAnswer& answer) {
    if (const auto& error = std::get<DoneAnswer>(answer).error; !error.empty())
      return done(fail("no backup was made: " + error));
    store<void>([path](auto& accounts) { return accounts.backup(path); },
                [path, mail](const Result<void>& result) {
                  if (result)
                    log::notice("event=backup file={} mail={}", log::remote{path}, log::remote{mail});
                  else
                    ::unlink(mail.c_str());
                },
                done);
  });
  parts_.mailbox.backup(ticket, mail);
}

// --- mailboxes -------------------------------------------------------------------------------------

Result<proto::Id> DaemonOperations::owner(const Target& whose) const {
  if (whose.kind == Target::Kind::name)
    if (const auto id = parts_.state.accounts->id_of(whose.value)) return *id;
  if (whose.kind == Target::Kind::id)
    if (const auto id = proto::Id::shaped(whose.value)) return *id;
  return fail("this name is not registered");
}

void DaemonOperations::mail(const Target& whose, Done<BoxSummary> done) {
  const auto id = owner(whose);
  if (!id) return done(fail(id.error()));
  const auto ticket = parts_.relay.mail_ticket([done = std::move(done)](const MailAnswer& answer) {
    const auto* found = std::get_if<SummaryAnswer>(&answer);
    if (found == nullptr || found->failed) return done(fail("the mailbox cannot be read; see the log"));
    done(found->box);
  });
  parts_.mailbox.summary(ticket, *id);
}

Ticket DaemonOperations::when_removed(std::string event, Done<std::uint64_t> done) {
  return parts_.relay.mail_ticket(
      [event = std::move(event), done = std::move(done)](const MailAnswer& answer) {
        const auto& result = std::get<DoneAnswer>(answer);
        if (!result.error.empty()) return done(fail(result.error));
        log::notice("event={} removed={}", event, result.removed);
        done(result.removed);
      });
}

void DaemonOperations::purge_mail(const Target& whose, Done<std::uint64_t> done) {
  const auto id = owner(whose);
  if (!id) return done(fail(id.error()));
  parts_.mailbox.purge(when_removed("mail-purge id=" + id->str(), std::move(done)), *id);
}

void DaemonOperations::drop_prekeys(Done<std::uint64_t> done) {
  parts_.mailbox.drop_all(when_removed("prekeys-dropped", std::move(done)));
}

}  // namespace sims::server
