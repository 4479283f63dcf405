// The administrator's requests to the relay: bans, kicks, the list of clients, gauges.
#include <algorithm>
#include <span>

#include "server/relay/relay_state.h"

namespace sims::server {

using proto::ErrorCode;
using proto::Id;

void Relay::ban(const Ban& ban, Now now, MailDropped dropped) {
  auto& st = *state_;
  st.bans.add(ban);
  if (const auto id = st.banned_owner(ban))
    st.forget_mail(*id, true, std::move(dropped));
  else
    dropped({});
  for (const ConnId conn : st.matching(st.bans, now))
    st.expel(*st.find(conn), ErrorCode::banned, banned_words, "banned", now);
}

std::size_t Relay::kick(const BanList& whom, Now now) {
  const auto all = state_->matching(whom, now);
  for (const ConnId conn : all)
    kick(conn, now);
  return all.size();
}

bool Relay::kick(ConnId conn, Now now) {
  Session* s = state_->find(conn);
  if (s == nullptr) return false;
  state_->expel(*s, ErrorCode::going_away, "the administrator ended your connection", "kicked", now);
  return true;
}

std::vector<ClientInfo> Relay::clients(ConnId after, std::size_t limit) const {
  std::vector<const Session*> all;
  for (const auto& [conn, s] : state_->sessions)
    if (conn > after) all.push_back(s.get());
  const auto by_number = [](const Session* a, const Session* b) { return a->conn < b->conn; };
  const auto count = std::min(limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), by_number);
  std::vector<ClientInfo> out;
  for (const Session* s : std::span(all).first(count)) {
    ClientInfo info{s->conn,  s->address, {}, {}, {}, 0, s->sent, s->received, s->output.unsent_bytes,
                    s->online};
    if (s->transport.connected()) {
      info.id = s->transport.peer_id().str();
      info.name = s->transport.peer_name();
      info.suite = s->transport.suite()->label;
      if (const Online* online = state_->presence.find(s->transport.peer_id()))
        info.since_unix_s = online->since;
    }
    out.push_back(std::move(info));
  }
  return out;
}

std::optional<Id> Relay::State::banned_owner(const Ban& ban) const {
  if (ban.kind == Ban::Kind::id) return Id::shaped(ban.value);
  return ban.kind == Ban::Kind::name ? accounts.id_of(ban.value) : std::nullopt;
}

void Relay::drop_banned_mail(Now now) {
  auto& st = *state_;
  for (const auto& ban : st.accounts.bans())
    if (const auto id = st.banned_owner(ban); id && !expired(ban.until, now.unix_s()))
      st.forget_mail(*id, true, [](const std::string&) {});
}

std::vector<ConnId> Relay::State::matching(const BanList& list, Now now) const {
  std::vector<ConnId> hit;  // the caller ends them afterwards: each end changes the table
  for (const auto& [conn, s] : sessions) {
    const bool login = s->transport.connected() &&
                       list.on_login(s->transport.peer_id().text(), s->transport.peer_name(), now.unix_s());
    if (login || list.on_address(Address::parse(s->address).value_or(Address()), now.unix_s()))
      hit.push_back(conn);
  }
  return hit;
}

void Relay::unban(Ban::Kind kind, const std::string& value) {
  state_->bans.remove(kind, value);
}

bool Relay::State::banned(const Session& s, Now now) const {
  return s.transport.connected() &&
         bans.on_login(s.transport.peer_id().text(), s.transport.peer_name(), now.unix_s()) != nullptr;
}

void Relay::State::expel(Session& s, ErrorCode code, std::string_view text, std::string_view why, Now now) {
  s.transport.fail(code, text, {}, now, s.output.frames);
  end(s, true, why, now);
}

Stats& Relay::stats() {
  return state_->stats;
}

void Relay::refresh_gauges() {
  auto& st = *state_;
  st.stats.connections = st.sessions.size();
  st.stats.online = st.presence.size();
  st.stats.unauthenticated = st.admission.unauthenticated();
  st.stats.queued_bytes = st.backlog.unsent_bytes;
  st.stats.partial_bytes = st.backlog.partial_bytes;
  st.stats.max_queued_bytes = std::exchange(st.backlog.max_unsent_bytes, 0);
  st.stats.addresses = st.admission.sources();
}

}  // namespace sims::server
