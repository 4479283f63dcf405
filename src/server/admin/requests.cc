// The table of simsctl's requests, with the function that runs each and writes its answer.
#include "server/admin/requests.h"

#include <algorithm>

#include "crypto/suite.h"
#include "server/admin/metrics.h"

namespace sims::server {

namespace {

using proto::JsonValue;
using proto::JsonWriter;
using Reply = std::function<void(std::string)>;

constexpr std::uint64_t day_s = 86'400;
constexpr std::uint64_t longest_ban_s = 36'500 * day_s;
constexpr std::uint64_t longest_invitation_s = 366 * day_s, usual_invitation_s = 7 * day_s;
constexpr std::size_t longest_reason = 200;

struct Request {
  Operations& operations;
  const JsonValue& json;
  std::uint64_t unix_s;
  Reply reply;

  std::string_view text(std::string_view key) const { return json.get_string(key).value_or(""); }
  Result<Target> who() const {
    const auto given = json.get_string("who");
    if (!given) return fail("\"who\" is missing");
    return Target::parse(*given);
  }
};

// {"ok":true,...} with the members that `fill` adds.
template <class Fill>
std::string ok(const Fill& fill) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().key("ok").boolean(true);
  fill(json);
  json.end_object();
  return line + "\n";
}
std::string ok() {
  return ok([](JsonWriter&) {});
}

template <class Fill>
void add_row(std::string& lines, const Fill& fill) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().key("row").begin_object();
  fill(json);
  json.end_object().end_object();
  lines += line + "\n";
}

// An answer that comes when the work is done: `words` makes its line from the result.
template <class T, class Words>
Operations::Done<T> when_done(const Reply& reply, Words words) {
  return [reply, words](Result<T> result) {
    if (!result) return reply(control_error(result.error()));
    if constexpr (std::is_void_v<T>)
      reply(words());
    else
      reply(words(*result));
  };
}

// --- monitoring ------------------------------------------------------------------------------------

void status(const Request& r) {
  const auto s = r.operations.status();
  r.reply(ok([&](JsonWriter& json) {
    json.field("version", s.version).field("id", s.id).field("name", s.name).field("addresses", s.addresses);
    json.field("started", s.started_unix_s).field("uptime_s", s.uptime_s);
    json.field("connections", std::uint64_t{s.connections}).field("online", std::uint64_t{s.online});
    json.field("accounts", std::uint64_t{s.accounts});
    json.field("registration", s.registration_open ? "open" : "closed");
    json.field("invitations", std::uint64_t{s.invitations});
    json.field("resident_bytes", s.resident).field("memory_bound_bytes", s.memory_bound);
    json.field("log_level", log::level_name(s.log_level)).field("state_dir", s.state_dir);
    json.field("mail_letters", s.mail.letters).field("mail_receipts", s.mail.receipts);
    json.field("mail_bytes", s.mail.bytes).field("mail_oldest", s.mail.oldest_unix_s);
    json.field("mail_disk_bytes", s.mail.disk_bytes).field("mail_full", s.mail.full);
    json.field("mail_expired", s.mail.expired).field("prekeys", s.mail.prekeys);
    json.field("mail_trouble", s.mail.trouble);
  }));
}

void stats(const Request& r) {
  const auto& now = r.operations.stats();
  const auto server = r.operations.status();
  r.reply(ok([&](JsonWriter& json) { write_stats(json, now, server); }));
}

void metrics(const Request& r) {
  const auto text = metrics_text(r.operations.stats(), r.operations.status());
  r.reply(ok([&](JsonWriter& json) { json.field("text", text); }));
}

void clients(const Request& r) {
  const auto list = r.operations.clients(r.json.get_number("after").value_or(0), control_page);
  std::string lines;
  for (const auto& c : list)
    add_row(lines, [&](JsonWriter& json) {
      json.field("conn", c.conn).field("address", c.address).field("id", c.id).field("name", c.name);
      json.field("suite", c.suite).field("since", c.since_unix_s).key("online").boolean(c.online);
      json.field("messages_in", c.messages_in).field("messages_out", c.messages_out);
      json.field("queued_bytes", std::uint64_t{c.queued});
    });
  r.reply(lines + ok([&](JsonWriter& json) {
            if (list.size() == control_page) json.field("next", list.back().conn);
          }));
}

void names(const Request& r) {
  const auto list = r.operations.names(r.text("after"), control_page);
  std::string lines;
  for (const auto& a : list)
    add_row(lines, [&](JsonWriter& json) {
      json.field("name", a.name).field("id", a.id.text()).field("registered", a.registered);
    });
  r.reply(lines + ok([&](JsonWriter& json) {
            if (list.size() == control_page) json.field("next", list.back().name);
          }));
}

// --- bans ------------------------------------------------------------------------------------------

std::string key_of(const Ban& ban) {
  return std::string(to_string(ban.kind)) + ":" + ban.value;
}

void bans(const Request& r) {
  auto list = r.operations.bans();
  std::sort(list.begin(), list.end(), [](const Ban& a, const Ban& b) { return key_of(a) < key_of(b); });
  auto at = std::upper_bound(list.begin(), list.end(), r.text("after"),
                             [](std::string_view after, const Ban& b) { return after < key_of(b); });
  std::string lines, last;
  for (std::size_t rows = 0; at != list.end() && rows < control_page; ++at, ++rows) {
    add_row(lines, [&](JsonWriter& json) {
      json.field("kind", to_string(at->kind)).field("value", at->value).field("reason", at->reason);
      json.field("made", at->made).field("until", at->until);
    });
    last = key_of(*at);
  }
  r.reply(lines + ok([&](JsonWriter& json) {
            if (at != list.end()) json.field("next", last);
          }));
}

Result<Ban::Kind> ban_kind(const Target& who) {
  if (const auto kind = who.ban_kind()) return *kind;
  return fail("a connection cannot be banned: say its id, name or address");
}

void ban(const Request& r) {
  const auto who = r.who();
  if (!who) return r.reply(control_error(who.error()));
  const auto kind = ban_kind(*who);
  if (!kind) return r.reply(control_error(kind.error()));
  const auto valid_s = r.json.get_number("for").value_or(0);
  if (valid_s > longest_ban_s) return r.reply(control_error("a ban lasts 100 years at most, or forever"));
  const auto reason = r.text("reason");
  if (reason.size() > longest_reason) return r.reply(control_error("a reason has at most 200 bytes"));
  const Ban wanted{*kind, who->value, std::string(reason), r.unix_s, valid_s == 0 ? 0 : r.unix_s + valid_s};
  r.operations.ban(wanted, when_done<void>(r.reply, [wanted] {
                     return ok([&](JsonWriter& json) {
                       json.field("kind", to_string(wanted.kind)).field("value", wanted.value);
                       json.field("until", wanted.until);
                     });
                   }));
}

void unban(const Request& r) {
  const auto who = r.who();
  if (!who) return r.reply(control_error(who.error()));
  const auto kind = ban_kind(*who);
  if (!kind) return r.reply(control_error(kind.error()));
  r.operations.unban(*kind, who->value, when_done<bool>(r.reply, [](bool was) {
    return was ? ok() : control_error("there is no such ban (`bans` lists them)");
  }));
}

void kick(const Request& r) {
  const auto who = r.who();
  if (!who) return r.reply(control_error(who.error()));
  const auto cut_off = r.operations.kick(*who);
  if (!cut_off) return r.reply(control_error(cut_off.error()));
  r.reply(ok([&](JsonWriter& json) { json.field("kicked", std::uint64_t{*cut_off}); }));
}

// --- accounts --------------------------------------------------------------------------------------

void invite(const Request& r) {
  const auto valid_s = r.json.get_number("for").value_or(usual_invitation_s);
  if (valid_s == 0 || valid_s > longest_invitation_s)
    return r.reply(control_error("an invitation is valid for 1 second to 366 days"));
  r.operations.invite(valid_s,
                      when_done<std::string>(r.reply, [until = r.unix_s + valid_s](std::string code) {
                        return ok([&](JsonWriter& json) { json.field("code", code).field("until", until); });
                      }));
}

void release(const Request& r) {
  const auto name = r.text("name");
  if (!proto::valid_name(name)) return r.reply(control_error("\"name\" must be a name"));
  r.operations.release(std::string(name), when_done<bool>(r.reply, [](bool was) {
                         return was ? ok() : control_error("this name is not registered");
                       }));
}

// --- mailboxes -------------------------------------------------------------------------------------

void write_summary(JsonWriter& json, const BoxSummary& box) {
  json.field("letters", box.letters).field("receipts", box.receipts).field("bytes", box.bytes);
  json.field("oldest", box.oldest_unix_s).field("senders", box.senders).field("given", box.prekeys.taken);
  json.key("prekeys").begin_object();
  for (const auto& left : box.prekeys.left) {
    const auto* suite = crypto::find_suite(left.suite);
    json.key(suite != nullptr ? suite->label : left.suite).begin_object();
    json.field("once", left.once).key("many").boolean(left.many).end_object();
  }
  json.end_object();
}

void mail(const Request& r) {
  const auto removed = [](std::uint64_t count) {
    return ok([&](JsonWriter& json) { json.field("removed", count); });
  };
  const auto flag = [&](std::string_view key) {
    const auto value = r.json.get(key);
    return value && value->boolean().value_or(false);
  };
  if (flag("restored"))
    return r.operations.drop_prekeys(when_done<std::uint64_t>(r.reply, [](std::uint64_t count) {
      return ok([&](JsonWriter& json) { json.field("dropped", count); });
    }));
  const auto who = r.who();
  if (!who) return r.reply(control_error(who.error()));
  if (who->kind != Target::Kind::id && who->kind != Target::Kind::name)
    return r.reply(control_error("a mailbox has an id or a name"));
  if (flag("purge")) return r.operations.purge_mail(*who, when_done<std::uint64_t>(r.reply, removed));
  r.operations.mail(*who, when_done<BoxSummary>(r.reply, [](const BoxSummary& box) {
    return ok([&](JsonWriter& json) { write_summary(json, box); });
  }));
}

// --- the server ------------------------------------------------------------------------------------

void log_level(const Request& r) {
  const auto level = log::parse_level(r.text("level"));
  if (!level) return r.reply(control_error("\"level\" must be error, warning, notice, info or debug"));
  r.operations.set_log_level(*level);
  r.reply(ok());
}

void reload(const Request& r) {
  const auto done = r.operations.reload();
  r.reply(done ? ok() : control_error(done.error()));
}

void backup(const Request& r) {
  const auto path = r.text("path");
  if (!path.starts_with('/')) return r.reply(control_error("\"path\" must be absolute"));
  if (path.find('\0') != path.npos) return r.reply(control_error("\"path\" must not contain a NUL"));
  r.operations.backup(std::string(path), when_done<void>(r.reply, [] { return ok(); }));
}

struct Row {
  std::string_view name;
  void (*run)(const Request&);
};
constexpr Row rows[] = {
    {"status", status}, {"stats", stats},         {"metrics", metrics}, {"clients", clients},
    {"names", names},   {"bans", bans},           {"ban", ban},         {"unban", unban},
    {"kick", kick},     {"invite", invite},       {"release", release}, {"reload", reload},
    {"backup", backup}, {"log-level", log_level}, {"mail", mail},
};

}  // namespace

std::vector<std::string_view> request_names() {
  std::vector<std::string_view> names;
  for (const auto& row : rows)
    names.push_back(row.name);
  return names;
}

std::string control_error(std::string_view why) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().field("error", why).end_object();
  return line + "\n";
}

void run_request(Operations& operations, const JsonValue& request, std::uint64_t unix_s, Reply reply) {
  const Request r{operations, request, unix_s, std::move(reply)};
  const auto wanted = request.get_string("do");
  if (!wanted) return r.reply(control_error("\"do\" is missing"));
  const auto row =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row& k) { return k.name == *wanted; });
  if (row == std::end(rows))
    return r.reply(control_error("this server knows no such request (an older version?)"));
  row->run(r);
}

}  // namespace sims::server
