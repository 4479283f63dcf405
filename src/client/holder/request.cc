#include "client/holder/request.h"

#include "base/base64.h"
#include "proto/identity.h"

namespace sims::client {

namespace {

using Do = HolderRequest::Do;

constexpr std::string_view trouble_words[] = {"failure",  "bad_request",  "no_connection", "server_key",
                                              "peer_key", "peer_unknown", "no_peer",       "timed_out",
                                              "refused",  "locked",       "version",       "busy"};

struct Row {
  std::string_view word;
  Do what;
  bool takes_peer;
};
constexpr Row rows[] = {
    {"list", Do::list, false},
    {"find", Do::find, false},
    {"send", Do::send, true},
    {"give_up", Do::give_up, true},
    {"fingerprint", Do::fingerprint, true},
    {"verify", Do::verify, true},
    {"accept", Do::accept, true},
    {"decline", Do::decline, true},
    {"block", Do::block, true},
    {"forget", Do::forget, false},
    {"resend", Do::resend, true},
    {"discard", Do::discard, true},
    {"erase", Do::erase, true},
    {"watch", Do::watch, false},
    {"link", Do::link, false},
    {"history", Do::history, true},
    {"requests", Do::requests, false},
};

// The keys that a line may have besides "id" and "do".
constexpr std::string_view texts[] = {"to", "uid", "body", "kind", "accept", "number", "after"};
constexpr std::string_view flags[] = {"accept_new", "again"};

template <std::size_t N>
bool among(const std::string_view (&words)[N], std::string_view word) {
  for (const auto one : words)
    if (one == word) return true;
  return false;
}

Result<void> check_members(const proto::JsonValue& line) {
  for (auto member = line.first(); member; member = member->next()) {
    const auto key = member->key();
    const bool text = key == "do" || among(texts, key), flag = among(flags, key);
    if (key == "id" || (text && member->string()) || (flag && member->boolean())) continue;
    return fail((text || flag ? "of the wrong type: \"" : "unknown: \"") + std::string(key.substr(0, 40)) +
                "\"");
  }
  return {};
}

Result<void> check_request(const HolderRequest& request, const Row& row) {
  if (row.takes_peer && !proto::valid_name(request.to)) return fail("\"to\" is not a name");
  if (request.what == Do::find && !proto::valid_name(request.to) && !proto::Id::shaped(request.to))
    return fail("\"to\" is neither a name nor an id");
  if (request.what == Do::forget && request.to.empty()) return fail("\"to\" is missing");
  const bool needs_uid = request.what == Do::send || request.what == Do::give_up;
  if (needs_uid && !base64_decode_exact<16>(request.uid, Base64::url_unpadded))
    return fail("\"uid\" is not 16 bytes in base64url, 22 characters");
  return {};
}

}  // namespace

std::string_view trouble_word(Trouble trouble) {
  return trouble_words[static_cast<std::size_t>(trouble)];
}

Trouble trouble_of(std::string_view word) {
  for (std::size_t i = 0; i < std::size(trouble_words); ++i)
    if (trouble_words[i] == word) return static_cast<Trouble>(i);
  return Trouble::failure;
}

Result<HolderRequest> parse_holder_request(const proto::JsonValue& line, const std::string& uid) {
  HolderRequest request;
  TRY(check_members(line));
  request.id = line.get_number("id").value_or(0);
  const auto text = [&](std::string_view key) { return std::string(line.get_string(key).value_or("")); };
  const auto flag = [&](std::string_view key) {
    const auto value = line.get(key);
    return value && value->boolean().value_or(false);
  };
  const auto word = text("do");
  const Row* row = nullptr;
  for (const auto& one : rows)
    if (one.word == word) row = &one;
  if (row == nullptr) return fail(word.empty() ? "\"do\" is missing" : "there is no such \"do\"");
  request.what = row->what;
  request.to = text("to");
  request.uid = request.what != Do::send || line.get("uid") ? text("uid") : uid;
  request.body = text("body");
  if (const auto kind = text("kind"); !kind.empty() && kind != "text" && kind != "action")
    return fail("\"kind\" is neither text nor action");
  request.action = text("kind") == "action";
  request.accept_new = flag("accept_new");
  request.accept = text("accept");
  request.again = flag("again");
  request.number = text("number");
  request.after = text("after");
  TRY(check_request(request, *row));
  return request;
}

std::string holder_request_line(const HolderRequest& request) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object().field("id", request.id);
  for (const auto& row : rows)
    if (row.what == request.what) json.field("do", row.word);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.field(key, value);
  };
  add("to", request.to);
  add("uid", request.uid);
  add("body", request.body);
  if (request.action) json.field("kind", "action");
  if (request.accept_new) json.key("accept_new").boolean(true);
  add("accept", request.accept);
  if (request.again) json.key("again").boolean(true);
  add("number", request.number);
  add("after", request.after);
  json.end_object();
  return line + "\n";
}

std::optional<Greeting> parse_greeting(const proto::JsonValue& line) {
  const auto program = line.get_string("hello"), version = line.get_string("version");
  const auto protocol = line.get_number("protocol");
  if (!program || !version || !protocol) return std::nullopt;
  return Greeting{std::string(*program),
                  std::string(*version),
                  *protocol,
                  line.get_number("pid").value_or(0),
                  std::string(line.get_string("server").value_or("")),
                  std::string(line.get_string("name").value_or(""))};
}

std::string greeting_line(const Greeting& greeting) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object().field("hello", greeting.program).field("version", greeting.version);
  json.field("protocol", greeting.protocol);
  if (greeting.pid != 0) json.field("pid", greeting.pid);
  if (!greeting.server.empty()) json.field("server", greeting.server);
  if (!greeting.name.empty()) json.field("name", greeting.name);
  json.end_object();
  return line + "\n";
}

std::string version_trouble(const Greeting& holder, const Greeting& asking) {
  if (holder.version == asking.version && holder.protocol == asking.protocol) return {};
  return holder.program + " (process " + std::to_string(holder.pid) +
         "), which holds this store, is version " + holder.version + ", and this " + asking.program +
         " is version " + asking.version + "; restart it with the same version";
}

std::string holder_error_line(std::optional<std::uint64_t> id, Trouble trouble, std::string_view words) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object();
  if (id) json.field("id", *id);
  json.field("error", words).field("code", trouble_word(trouble)).end_object();
  return line + "\n";
}

}  // namespace sims::client
