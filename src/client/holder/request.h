// The protocol between `sims` commands and the program that holds the store: one JSON object a line. Pure.
// `sims pipe --json` uses the same lines, with ids of its caller: sims(1).
//
//   greeting  {"hello":"sims","version":"0.1.0","protocol":1}, with "server" and "name" if no others will do
//   reply     {"hello":"sims-tui","version":"0.1.0","protocol":1,"pid":123}, or an error
//   request   {"id":7,"do":"send","to":"bob","uid":"...","body":"hi"}
//   answer    any number of {"id":7,"row":{...}}, then {"id":7,"ok":true,...} or
//             {"id":7,"error":"words","code":"no_peer",...}
//   event     {"event":"message",...}: only after {"do":"watch"}
//
// Answers come in any order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/wire/json.h"

namespace sims::client {

constexpr std::uint64_t holder_protocol = 1;
// The longest line, without its LF. It has room for a text of 16 KiB in which each byte is escaped.
constexpr std::size_t max_holder_line = 128 * 1024;
constexpr std::size_t holder_list_page = 500;  // rows of one answer to `list`, `requests`, `mail`
constexpr std::size_t holder_history_page = 100, holder_history_bytes = 256 * 1024;  // likewise to `history`

// The reason of an error. sims(1) has the exit status of each.
enum class Trouble {
  failure,
  bad_request,
  no_connection,
  server_key,
  peer_key,
  peer_unknown,  // the answer also has "name" and "key", the id to pass as "accept"
  no_peer,
  timed_out,
  refused,
  locked,
  version,
  busy,
};
std::string_view trouble_word(Trouble trouble);
Trouble trouble_of(std::string_view word);  // failure for any other word

struct HolderRequest {
  enum class Do {
    list,
    find,
    send,
    give_up,
    fingerprint,
    verify,
    accept,
    decline,
    block,
    resend,
    discard,
    forget,
    erase,
    watch,
    link,
    history,
    requests,
    mail
  };
  std::uint64_t id = 0;
  Do what = Do::list;
  std::string to;              // a peer's name; forget: or a server; find: or an id
  std::string uid;             // send, give_up
  std::string body;            // send
  bool action = false;         // send: as /me
  bool accept_new = false;     // send: also to a peer with an unknown key
  std::string accept;          // send: likewise, if the key is this id
  bool again = false;          // send: perhaps a repetition, after the last holder died
  std::string wait_for;        // send: "delivered": the relay's word that it keeps the text is no answer yet
  std::uint64_t within_s = 0;  // send: how long a text may wait for its next try before it is given up
  std::string number;          // verify
  std::string after;           // list, requests, history, mail: the value of the answer before
};

// Fails in words. Without "id", or with one that is no number, the id is 0. A text without "uid"
// gets `uid`.
Result<HolderRequest> parse_holder_request(const proto::JsonValue& line, const std::string& uid = {});
std::string holder_request_line(const HolderRequest& request);  // with its LF

struct Greeting {
  std::string program, version;
  std::uint64_t protocol = 0;
  std::uint64_t pid = 0;     // of the holder's
  std::string server, name;  // of the asking command; empty: any
};
std::optional<Greeting> parse_greeting(const proto::JsonValue& line);
std::string greeting_line(const Greeting& greeting);  // with its LF
// Says in words which program to restart. Empty: both have the same version.
std::string version_trouble(const Greeting& holder, const Greeting& asking);

std::string holder_error_line(std::optional<std::uint64_t> id, Trouble trouble, std::string_view words);

}  // namespace sims::client
