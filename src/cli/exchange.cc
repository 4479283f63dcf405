// Exchange: makes the request of a command, prints the answer's rows, and chooses the exit status.
#include "cli/exchange.h"

#include <fmt/format.h>

#include "base/caseless.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/offline_commands.h"
#include "cli/output.h"
#include "cli/pipe.h"
#include "client/model/words.h"
#include "crypto/rng.h"
#include "proto/identity.h"
#include "proto/limits.h"
#include "proto/wire/content.h"
#include "proto/wire/json.h"

namespace sims::client::cli {

namespace {

using Do = HolderRequest::Do;

Do request_of(Command command) {
  switch (command) {
    case Command::find:
      return Do::find;
    case Command::send:
      return Do::send;
    case Command::listen:
      return Do::watch;
    case Command::fingerprint:
      return Do::fingerprint;
    case Command::verify:
      return Do::verify;
    case Command::accept:
      return Do::accept;
    case Command::decline:
      return Do::decline;
    case Command::block:
      return Do::block;
    case Command::resend:
      return Do::resend;
    case Command::discard:
      return Do::discard;
    case Command::forget:
      return Do::forget;
    case Command::erase:
      return Do::erase;
    case Command::history:
    case Command::export_history:
      return Do::history;
    case Command::requests:
      return Do::requests;
    case Command::mail:
      return Do::mail;
    default:
      return Do::list;
  }
}

std::string text_in(const proto::JsonValue& object, std::string_view key) {
  return std::string(object.get_string(key).value_or(""));
}

bool flag_in(const proto::JsonValue& object, std::string_view key) {
  const auto value = object.get(key);
  return value && value->boolean().value_or(false);
}

}  // namespace

Exit exit_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::no_connection:
      return Exit::no_connection;
    case Trouble::server_key:
      return Exit::server_key;
    case Trouble::peer_key:
    case Trouble::peer_unknown:
      return Exit::peer_key;
    case Trouble::no_peer:
      return Exit::no_peer;
    case Trouble::timed_out:
      return Exit::timed_out;
    case Trouble::refused:
      return Exit::refused;
    case Trouble::locked:
      return Exit::locked;
    case Trouble::failure:
    case Trouble::bad_request:
    case Trouble::version:
    case Trouble::busy:
      break;
  }
  return Exit::failure;
}

std::unique_ptr<Talk> make_talk(const Options& options, const proto::Id& self) {
  if (options.command == Command::pipe) return std::make_unique<Pipe>(options);
  return std::make_unique<Exchange>(options, self, proto::make_uid(crypto::system_rng()));
}

Exchange::Exchange(const Options& options, const proto::Id& self, std::string uid)
    : options_(options), self_(self) {
  request_.what = request_of(options.command);
  request_.to = options.target;
  request_.number = options.number;
  request_.accept_new = options.accept_new;
  if (options.command != Command::send) return;
  request_.uid = std::move(uid);
  request_.wait_for = options.wait_for;
  request_.within_s = static_cast<std::uint64_t>(options.timeout_ms.value_or(0) / 1'000);
}

void Exchange::begin(TalkEdge& edge, bool again) {
  edge_ = &edge;
  request_.again = again;
  request_.after.clear();
  out_.clear();
  entries_.clear();
  if (options_.command == Command::send) {
    const std::string& text = *options_.text;
    if (text.size() > proto::max_body)
      return edge.finish(Exit::failure,
                         fmt::format("too long: a message has at most {} bytes", proto::max_body));
    if (!utf8_valid(text) || text.find('\0') != text.npos)
      return edge.finish(Exit::failure, "not valid UTF-8 text");
    request_.body = text;
  }
  say();
}

void Exchange::say() {
  ++request_.id;
  waiting_ = true;
  edge_->say(holder_request_line(request_));
}

void Exchange::answer(std::string line) {
  const auto parsed = tape_.parse(line);
  if (!parsed) return edge_->finish(Exit::failure, "the answer is not understood: " + parsed.error().detail);
  if (const auto event = parsed->get_string("event")) {
    if (*event == "link" && parsed->get_string("state") == link_word(LinkState::online)) was_online_ = true;
    return *event == "message" && waiting_ ? message(*parsed) : void();
  }
  const auto id = parsed->get_number("id");
  const auto error = parsed->get_string("error");
  if (giving_up_ && id == request_.id) return given_up(!error, error.value_or(""));
  if (!waiting_ || (id && id != request_.id)) return;
  if (const auto one = parsed->get("row")) return row(*one);
  if (!error && flag_in(*parsed, "ok")) return done(*parsed);
  failed(*parsed);
}

void Exchange::failed(const proto::JsonValue& answer) {
  auto words = text_in(answer, "error");
  if (words.empty()) words = "the answer has neither a result nor an error";
  const auto trouble = trouble_of(text_in(answer, "code"));
  waiting_ = false;
  const auto key = proto::Id::shaped(text_in(answer, "key"));
  const std::string name = text_in(answer, "name");
  if (trouble == Trouble::peer_unknown && key && proto::valid_name(name)) {
    // Never from within the answer: a person takes time, and the line may be gone by then.
    const auto decided = [this, id = *key](bool accept) {
      if (!accept) return edge_->finish(Exit::peer_key, "the peer's key was not accepted");
      request_.accept = id.text();
      say();
    };
    if (edge_->ask(fmt::format("The authenticity of {0} can't be established: this is the first contact.\n"
                               "The fingerprint is {1}\nThe safety number is {2}\n"
                               "Are you sure you want to send to {0} (yes/no/[fingerprint])? ",
                               name, key->text(), proto::safety_number(self_, *key)),
                   *key, decided))
      return;
  }
  const std::string out = std::exchange(out_, {});
  if (out.empty() || edge_->print(out)) edge_->finish(exit_of(trouble), words);
}

void Exchange::row(const proto::JsonValue& row) {
  if (request_.what == Do::history) return entry(row);
  if (request_.what == Do::send) return where(row);
  if (request_.what == Do::mail) return texts(row);
  const Listed one{text_in(row, "name"), text_in(row, "key"), row.get_number("since").value_or(0),
                   text_in(row, "trust")};
  if (options_.command == Command::fingerprint) {
    const auto key = proto::Id::shaped(one.id);
    if (key) out_ += fingerprint_text(one.name, self_, *key, one.trust);
  } else if (options_.command == Command::requests) {
    Request request;
    request.name = one.name;
    request.peer.id = proto::Id::shaped(one.id).value_or(proto::Id());
    request.peer.first_seen_unix_ms = static_cast<std::int64_t>(one.since);
    request.messages = row.get_number("messages").value_or(0);
    if (const auto other = text_in(row, "looks_like"); !other.empty()) request.looks_like = other;
    out_ += options_.json ? request_json(request) : request_line(request);
  } else if (options_.command == Command::find) {
    const auto status = text_in(row, "status");
    out_ += options_.json ? found_json(one, status) : found_line(one, status);
  } else {
    out_ += options_.json ? list_json(one) : list_line(one);
  }
}

void Exchange::done(const proto::JsonValue& answer) {
  if (const auto remarks = answer.get("remarks"))
    for (auto remark = remarks->first(); remark; remark = remark->next())
      tell(remark->string().value_or(""));
  const std::string next = text_in(answer, "next");
  if (request_.what == Do::history) return history_came(next);
  const std::string out = std::exchange(out_, {});
  if (!out.empty() && !edge_->print(out)) return;
  if (options_.command == Command::listen) return;  // from now on it prints events
  if (!next.empty()) {
    request_.after = next;
    return say();
  }
  waiting_ = false;
  if (text_in(answer, "delivery") == delivery_word(Delivery::mailed))
    return edge_->finish(Exit::mailed, "the relay keeps it for " + request_.to);
  edge_->finish(Exit::ok);
}

void Exchange::texts(const proto::JsonValue& row) {
  const auto number = [&](std::string_view key) {
    return static_cast<std::int64_t>(row.get_number(key).value_or(0));
  };
  WaitingTexts one;
  one.place = place_of(text_in(row, "state"));
  one.name = text_in(row, "name");
  one.id = proto::Id::shaped(text_in(row, "key")).value_or(proto::Id());
  one.count = row.get_number("messages").value_or(0);
  one.oldest_unix_ms = number("oldest");
  one.since_unix_ms = number("since");
  one.why = text_in(row, "why");
  one.again_unix_ms = number("again");
  out_ += options_.json ? mail_json(one) : mail_line(one);
}

// Where the text waits meanwhile.
void Exchange::where(const proto::JsonValue& row) {
  mailed_ = text_in(row, "delivery") == delivery_word(Delivery::mailed);
  if (mailed_) return;
  const auto again = static_cast<std::int64_t>(row.get_number("again").value_or(0));
  tell(fmt::format("not delivered yet: {}; tried again at {}", text_in(row, "why"), utc_time(again)));
}

// The newest row comes first.
void Exchange::entry(const proto::JsonValue& row) {
  const bool enough = options_.count > 0 && entries_.size() >= options_.count;
  HistoryEntry one;
  one.body = text_in(row, "body");
  if (enough || (options_.text && !Caseless(*options_.text).in(one.body))) return;
  one.mine = flag_in(row, "mine");
  one.action = text_in(row, "kind") == "action";
  one.uid = text_in(row, "uid");
  one.at_unix_ms = static_cast<std::int64_t>(row.get_number("at").value_or(0));
  one.sent_unix_ms = static_cast<std::int64_t>(row.get_number("sent").value_or(0));
  one.disordered = text_in(row, "sent_is") == "earlier";
  one.incomplete = flag_in(row, "incomplete");
  one.delivery = delivery_of(text_in(row, "delivery"));
  one.why = text_in(row, "why");
  entries_.push_front(std::move(one));
}

void Exchange::history_came(const std::string& next) {
  if (!next.empty() && (options_.count == 0 || entries_.size() < options_.count)) {
    request_.after = next;
    edge_->start_deadline();  // a long history must not run into the deadline
    return say();
  }
  waiting_ = false;
  const auto printed = print_entries(options_, entries_);
  edge_->finish(printed ? Exit::ok : Exit::failure, printed ? "" : printed.error());
}

void Exchange::message(const proto::JsonValue& event) {
  Peer peer;
  peer.name = text_in(event, "from");
  peer.id = proto::Id::shaped(text_in(event, "key")).value_or(proto::Id());
  peer.trust = flag_in(event, "verified") ? Trust::verified : Trust::unverified;
  peer.standing = flag_in(event, "request") ? Standing::request : Standing::contact;
  Line line;
  line.kind = text_in(event, "kind") == "action" ? Line::Kind::action : Line::Kind::text;
  line.text = text_in(event, "body");
  line.at_unix_ms = static_cast<std::int64_t>(event.get_number("at").value_or(0));
  line.sent_unix_ms = static_cast<std::int64_t>(event.get_number("sent").value_or(0));
  line.disordered = text_in(event, "sent_is") == "earlier";
  if (flag_in(event, "incomplete")) line.missing = "?";
  if (!edge_->print(options_.json ? message_json(peer, line) : message_line(peer, line))) return;
  if (++count_ == options_.count) edge_->finish(Exit::ok);
}

// Only a text that was sent and is not settled yet.
void Exchange::give_up() {
  if (edge_ == nullptr || !waiting_ || options_.command != Command::send) return;
  waiting_ = false;
  if (mailed_) return tell(fmt::format("the relay keeps it for {0}, and {0} gets it later", request_.to));
  giving_up_ = true;
  HolderRequest request;
  request.id = ++request_.id;
  request.what = Do::give_up;
  request.to = request_.to;
  request.uid = request_.uid;
  edge_->say(holder_request_line(request));
}

void Exchange::given_up(bool done, std::string_view why) {
  giving_up_ = false;
  tell(done ? "the message is given up and not sent again" : why);
}

}  // namespace sims::client::cli
