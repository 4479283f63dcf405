// Encodes and decodes a conversation's and a text's row, also rows of schema 1.
#include "client/store/history_row.h"

#include "client/store/record.h"
#include "client/store/store_file.h"

namespace sims::client {

namespace {

// The flag bits of a sealed entry.
constexpr std::uint64_t is_mine = 1, is_action = 2, is_incomplete = 4, is_disordered = 8, has_after = 16,
                        all_flags = 31;

// The numbers on disk, independent of the enum's order.
std::uint64_t number_of(Delivery delivery) {
  switch (delivery) {
    case Delivery::queued:
      return 0;
    case Delivery::sent:
      return 1;
    case Delivery::delivered:
      return 2;
    case Delivery::failed:
      return 3;
    case Delivery::mailed:
      break;
  }
  return 4;
}

std::optional<Delivery> delivery_of(std::uint64_t number) {
  constexpr Delivery all[] = {Delivery::queued, Delivery::sent, Delivery::delivered, Delivery::failed,
                              Delivery::mailed};
  if (number >= std::size(all)) return std::nullopt;
  return all[number];
}

std::string conversation_place(std::uint64_t number, ByteView tag) {
  return row_place("conversation", tag).append(text_of(u64be(number)));
}

}  // namespace

RowKind kind_of(const HistoryEntry& entry) {
  if (!entry.mine) return entry.waits ? row_waiting : row_received;
  return is_settled(entry.delivery) ? row_mine : row_outgoing;
}

std::string seal_conversation(Sealer& sealer, std::uint64_t number, const Tag& tag, const PeerKey& peer) {
  RecordWriter out;
  out.text(peer.server.text()).text(peer.name);
  return sealer.seal(conversation_place(number, tag), out.view());
}

Tag conversation_tag(const Sealer& sealer, const PeerKey& peer) {
  return sealer.tag("conversation", peer.server.text(), peer.name);
}

// Rows of schema 1 end after `why`.
std::string seal_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                       const HistoryEntry& entry) {
  RecordWriter out;
  out.reserve(entry.uid.size() + entry.body.size() + entry.why.size() + 160);
  out.number((entry.mine ? is_mine : 0) | (entry.action ? is_action : 0) |
             (entry.incomplete ? is_incomplete : 0) | (entry.disordered ? is_disordered : 0) |
             (entry.after ? has_after : 0));
  out.number(number_of(entry.delivery)).number(static_cast<std::uint64_t>(entry.at_unix_ms));
  out.text(entry.uid).text(entry.body).text(entry.why).text(entry.peer_id.text());
  out.number(static_cast<std::uint64_t>(entry.sent_unix_ms)).text(entry.after.value_or(""));
  return sealer.seal(row_place("history", row, conversation), out.view());
}

std::optional<HistoryEntry> read_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                                       std::int64_t kind, std::string_view token) {
  const auto plain = sealer.open(row_place("history", row, conversation), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  HistoryEntry entry;
  entry.row = row;
  const auto flags = in.number();
  entry.mine = flags & is_mine;
  entry.action = flags & is_action;
  entry.incomplete = flags & is_incomplete;
  entry.disordered = flags & is_disordered;
  entry.waits = kind == row_waiting;
  const auto delivery = delivery_of(in.number());
  entry.at_unix_ms = static_cast<std::int64_t>(in.number());
  entry.uid = in.text();
  entry.body = in.text();
  entry.why = in.text();
  if (in.more()) {
    const auto id = in.text();
    entry.peer_id = Id::shaped(id).value_or(Id());
    entry.sent_unix_ms = static_cast<std::int64_t>(in.number());
    const auto after = in.text();
    if (flags & has_after) entry.after = after;
    if (entry.peer_id.text() != id) return std::nullopt;
  }
  if (!in.ok() || flags > all_flags || !delivery) return std::nullopt;
  entry.delivery = *delivery;
  if (kind_of(entry) != kind) return std::nullopt;
  return entry;
}

std::optional<PeerKey> read_conversation(Sealer& sealer, std::uint64_t number, ByteView tag,
                                         std::string_view token) {
  const auto plain = sealer.open(conversation_place(number, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  const auto server = Id::shaped(in.text());
  const std::string name(in.text());
  if (!in.ok() || !server) return std::nullopt;
  return PeerKey{*server, name};
}

}  // namespace sims::client
