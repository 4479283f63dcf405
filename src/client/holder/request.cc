// Parses, checks and writes requests, greetings and error lines.
#include "client/holder/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "client/holder/request_table.h"
#include "proto/identity.h"

namespace sims::client {

namespace {

constexpr std::string_view trouble_words[] = {"failure",  "bad_request",  "no_connection", "server_key",
                                              "peer_key", "peer_unknown", "no_peer",       "timed_out",
                                              "refused",  "locked",       "version",       "busy"};

constexpr std::uint64_t max_within_s = 366 * 86'400;

// The members that a line may have besides "id" and "do", in the order in which they are written.
struct Field {
  std::string_view key;
  std::string HolderRequest::*text;
  bool HolderRequest::*flag = nullptr;
  std::string_view off = {}, on = {};  // of a flag that is written as one of two words
  std::uint64_t HolderRequest::*count = nullptr;
  bool is_text() const { return text != nullptr || !on.empty(); }
  bool fits(const proto::JsonValue& value) const {
    if (count != nullptr) return value.number().has_value();
    return is_text() ? value.string().has_value() : value.boolean().has_value();
  }
};
constexpr Field fields[] = {
    {"to", &HolderRequest::to},
    {"uid", &HolderRequest::uid},
    {"body", &HolderRequest::body},
    {"kind", nullptr, &HolderRequest::action, "text", "action"},
    {"accept_new", nullptr, &HolderRequest::accept_new},
    {"accept", &HolderRequest::accept},
    {"again", nullptr, &HolderRequest::again},
    {"number", &HolderRequest::number},
    {"after", &HolderRequest::after},
    {"wait_for", &HolderRequest::wait_for},
    {"within", nullptr, nullptr, {}, {}, &HolderRequest::within_s},
};

Result<void> check_members(const proto::JsonValue& line) {
  for (auto member = line.first(); member; member = member->next()) {
    const auto key = member->key();
    const auto field = std::ranges::find(fields, key, &Field::key);
    const bool known = key == "do" || field != std::end(fields);
    if (key == "id" || (key == "do" ? member->string().has_value() : known && field->fits(*member))) continue;
    return fail((known ? "of the wrong type: \"" : "unknown: \"") + std::string(key.substr(0, 40)) + "\"");
  }
  return {};
}

Result<void> read_field(const proto::JsonValue& line, const Field& field, HolderRequest& request) {
  const auto value = line.get(field.key);
  if (!value) return {};
  if (field.text != nullptr) {
    request.*field.text = value->string().value_or("");
  } else if (field.count != nullptr) {
    request.*field.count = value->number().value_or(0);
  } else if (field.is_text()) {
    const auto word = value->string().value_or("");
    if (!word.empty() && word != field.off && word != field.on)
      return fail(fmt::format("\"{}\" is neither {} nor {}", field.key, field.off, field.on));
    request.*field.flag = word == field.on;
  } else {
    request.*field.flag = value->boolean().value_or(false);
  }
  return {};
}

Result<void> check_request(const HolderRequest& request, const HolderRequestRow& row) {
  using To = HolderRequestRow::To;
  const bool name = proto::valid_name(request.to);
  if (row.to == To::name && !name) return fail("\"to\" is not a name");
  if (row.to == To::name_or_id && !name && !proto::Id::shaped(request.to))
    return fail("\"to\" is neither a name nor an id");
  if (row.to == To::given && request.to.empty()) return fail("\"to\" is missing");
  if (row.uid && !base64_decode_exact<16>(request.uid, Base64::url_unpadded))
    return fail("\"uid\" is not 16 bytes in base64url, 22 characters");
  if (!request.wait_for.empty() && request.wait_for != "mailed" && request.wait_for != "delivered")
    return fail("\"wait_for\" is neither mailed nor delivered");
  if (request.within_s > max_within_s) return fail("\"within\" is too long: at most a year");
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
  const auto word = line.get_string("do").value_or("");
  const HolderRequestRow* row = find_holder_request(word);
  if (row == nullptr) return fail(word.empty() ? "\"do\" is missing" : "there is no such \"do\"");
  request.what = row->what;
  for (const auto& field : fields)
    TRY(read_field(line, field, request));
  if (request.what == HolderRequest::Do::send && !line.get("uid")) request.uid = uid;
  TRY(check_request(request, *row));
  return request;
}

std::string holder_request_line(const HolderRequest& request) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object().field("id", request.id).field("do", holder_request_row(request.what).word);
  for (const auto& field : fields) {
    if (field.text != nullptr) {
      if (const auto& value = request.*field.text; !value.empty()) json.field(field.key, value);
    } else if (field.count != nullptr) {
      if (request.*field.count != 0) json.field(field.key, request.*field.count);
    } else if (request.*field.flag) {
      field.is_text() ? json.field(field.key, field.on) : json.key(field.key).boolean(true);
    }
  }
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
