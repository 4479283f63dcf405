// The encoders of `list` (clients online) and `find` (the holder of a name), sims-protocol(7) section 4.
#include "proto/wire/message.h"

namespace sims::proto {

std::string encode(const ListRequest& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "list");
  if (message.after) json.field("after", message.after->text());
  if (message.limit != 0) json.field("limit", message.limit);
  if (!message.match.empty()) json.field("match", message.match);
  json.end_object();
  return out;
}

std::string encode(const List& message) {
  const bool snapshot = message.event == List::Event::snapshot;
  const bool offline = message.event == List::Event::offline;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "list").key("data").begin_array();
  for (const ListEntry& entry : message.data) {
    json.begin_object().field("name", entry.name).field("id", entry.id.text());
    json.field("status", offline ? "offline" : "online").field("since", entry.since).end_object();
  }
  json.end_array().field("event", snapshot ? "snapshot" : offline ? "offline" : "online");
  if (snapshot) json.key("more").boolean(message.more);
  json.end_object();
  return out;
}

std::string encode(const FindRequest& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "find");
  if (message.id)
    json.field("id", message.id->text());
  else
    json.field("name", message.name);
  json.end_object();
  return out;
}

std::string encode(const Found& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "find").field("name", message.name).field("id", message.id.text());
  if (message.online) json.field("status", *message.online ? "online" : "offline");
  json.end_object();
  return out;
}

}  // namespace sims::proto
