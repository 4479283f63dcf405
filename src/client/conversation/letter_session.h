// The mail session in which letters to one peer are written (sims-protocol(7) section 8): the prekey that opens
// it, which the server is asked for, and the opening, which runs on another thread. It lives in memory alone, for
// up to 100 letters or a day. Pure; owned by the peer's Conversation.
//
//   closed ----- ask() --------------------------> asking
//   asking ----- receive(): a prekey ------------> opening
//   asking ----- receive(): none, or a bad one --> closed
//   opening ---- opened() -----------------------> open
//   open ------- close(), full, a day old -------> closed
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/conversation/context.h"
#include "proto/mail/mail_sender.h"
#include "proto/wire/message.h"

namespace sims::client {

// Opens a mail session with a prekey: public-key work.
struct OpeningWork final : Work {
  OpeningWork(std::string name, std::uint64_t session, proto::CheckedPrekey key,
              const crypto::SigningKey& self, crypto::EphemeralSource& from, Now at)
      : peer(std::move(name)),
        number(session),
        prekey(std::move(key)),
        identity(self),
        source(from),
        now(at) {}
  void run() override { sender = proto::MailSender::open(prekey, identity, source, now); }

  std::string peer;
  std::uint64_t number;
  proto::CheckedPrekey prekey;
  const crypto::SigningKey& identity;
  crypto::EphemeralSource& source;
  Now now;
  std::optional<proto::MailSender> sender;  // nullopt: the key exchange failed
};

class LetterSession {
 public:
  explicit LetterSession(Context& context) : context_(context) {}

  // The session, if one for this key is open that takes one more letter; nullptr: none.
  proto::MailSender* open(const Id& to, Now now);
  // Asks for a prekey of this key, unless that or an opening is under way.
  void ask(const Id& to, Now now);
  bool asked_as(std::uint64_t seq) const { return ask_seq_ == seq; }
  bool asks(const Id& of) const { return ask_seq_ && to_ == of; }
  bool under_way() const { return ask_seq_ || number_ != 0; }

  enum class Answer { ignored, opening, none, not_genuine };
  Answer receive(const proto::PrekeyAnswer& answer, const std::string& name, Now now);
  proto::PrekeyFault fault() const { return fault_; }  // of the answer that was not_genuine
  enum class Opened { late, failed, open };
  Opened opened(OpeningWork& work);
  void not_given() { ask_seq_.reset(); }  // the server refused to give a prekey
  void close();                           // also what is under way
  void link_lost() { ask_seq_.reset(); }
  // Tells the open session from all others; 0: none is open.
  std::uint64_t open_number() const { return sender_ ? open_number_ : 0; }

 private:
  Context& context_;
  Id to_;
  std::optional<std::uint64_t> ask_seq_;
  std::uint64_t number_ = 0;  // of the opening under way; 0: none
  std::optional<proto::MailSender> sender_;
  std::uint64_t open_number_ = 0;
  proto::PrekeyFault fault_{};
};

}  // namespace sims::client
