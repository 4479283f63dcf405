// A client that writes letters to a contact who is away. The test plays the contact: its prekeys, and its reading.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/core/relay.h"
#include "proto/mail/mail_receiver.h"
#include "proto/wire/content.h"
#include "proto/wire/decode.h"

namespace sims::test {

// alice, online, whose contact bob is not there. The test plays bob's client: his prekeys and his sessions.
struct Away {
  Away() {
    relay.mail = true;
    relay.befriend(alice, bob);
    relay.listed["alice"] = alice.id;
  }

  void leave_prekeys(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto made = proto::make_prekey(suite, proto::PrekeyUse::once,
                                     static_cast<std::uint64_t>(relay.now.unix_s() + 90 * 86'400),
                                     bob.identity, bob.ephemerals);
      box().prekeys.push_back(made->record);
      own.push_back(std::move(*made));
    }
  }
  Box& box() { return relay.boxes[bob.id]; }
  std::uint64_t write(std::string_view text) { return alice.say("bob", text).value(); }
  client::Delivery mark(std::uint64_t serial) const { return alice.delivery("bob", serial); }
  const client::Line& line(std::uint64_t serial) const {
    const auto& lines = alice.peer("bob").lines;
    return *std::find_if(lines.begin(), lines.end(), [&](const auto& one) { return one.serial == serial; });
  }

  struct Read {
    proto::ClientMail letter;
    proto::TextContent text;
    std::string receipt;
  };
  // Opens a letter as bob's client does.
  Read read(const std::string& message) {
    Read out{parse(message), {}, {}};
    const auto key = std::make_pair(out.letter.header.number, out.letter.header.nonce);
    std::optional<proto::OpenedLetter> opened;
    if (auto at = sessions.find(key); at != sessions.end()) {
      opened = at->second.open(out.letter).value();
    } else {
      const auto prekey = std::find_if(own.begin(), own.end(), [&](const auto& one) {
        return one.record.number == out.letter.header.number;
      });
      REQUIRE(prekey != own.end());
      auto first = proto::MailSession::open_first(out.letter, *prekey, bob.id, bob.ephemerals.rng());
      REQUIRE(first);
      opened = std::move(first->letter);
      sessions.emplace(key, std::move(first->session));
    }
    out.text = std::get<proto::TextContent>(proto::decode_content(opened->plaintext).value());
    out.receipt = opened->receipt;
    return out;
  }
  static proto::ClientMail parse(const std::string& message) {
    proto::JsonTape tape;
    std::string text = message;
    return std::get<proto::ClientMail>(proto::decode_from_server(*tape.parse(text)).value());
  }
  std::size_t letters() const { return Relay::count(alice.asked, R"("type":"client-mail")"); }
  std::size_t asks() const { return Relay::count(alice.asked, R"("type":"prekey",)"); }
  // The server refuses what has this in it, while the code is set.
  void refuse(std::string part, std::optional<proto::ErrorCode> code) {
    relay.refuse = [part = std::move(part), code](Guest&, const std::string& message) {
      return message.find(part) == std::string::npos ? std::nullopt : code;
    };
  }
  void refuse_letters(std::optional<proto::ErrorCode> code) { refuse("client-mail", code); }

  const crypto::Suite& suite = *crypto::find_suite_by_label("ecdhe");
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
  std::vector<proto::OwnPrekey> own;
  std::map<std::pair<proto::PrekeyNumber, ByteArray<32>>, proto::MailSession> sessions;
};

}  // namespace sims::test
