// Letters that come to us (sims-protocol(7) section 8). Each is stored before the turn's output, which has the hop's
// ack, may leave: opened at once if we have its session, else as it came. Those are opened later, one public-key
// job at a time, contacts before strangers, each sender's in order. Pure; owned by the Inbox.
//
//   comes ----- for others, blocked, another key, over a stranger's bound ---> dropped
//   comes ----- its session is ours, and no earlier one of its sender waits -> opened
//   comes ----- else -------------------------------------------------------> arrived
//   arrived --- its sender's name is unknown: the server is asked -----------> arrived
//   arrived --- a job ------------------------------------------------------> opened or not
//
// An opened letter is one transaction: its text, its session, the wiped private half, its receipt, and the end of
// the row that kept it. One that cannot be opened changes nothing else; a contact gets a signed word about it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "client/mail/letter_work.h"
#include "client/mail/mail_host.h"
#include "client/model/rate.h"
#include "proto/wire/message.h"

namespace sims::client {

class IncomingMail {
 public:
  IncomingMail(Context& context, MailMemory& memory, MailHost& host)
      : context_(context), memory_(memory), host_(host) {}

  void use(const Id& server, Now now);  // empty: none
  void read_again(Now now);             // after a failed commit
  void drop(const Id& sender);          // its letters went from the Memory
  // `raw`: its exact bytes.
  void receive(const proto::ClientMail& letter, std::string_view raw, Now now);
  void work_done(LetterWork& work, Now now);
  bool waits(const Id& sender) const { return senders_.contains(sender); }  // letters of it are not opened
  bool all_opened() const { return senders_.empty() && read_again_ms_ == INT64_MAX; }
  bool take_owed() { return std::exchange(owed_, false); }  // a receipt was put since the last call
  void tick(Now now);
  std::int64_t next_tick() const {
    const bool answers = !unanswered_.empty() && read_again_ms_ == INT64_MAX;
    return std::min({read_again_ms_, go_on_ms_, answers ? unopened_.next_ms() : INT64_MAX});
  }

 private:
  struct Waiting {
    std::uint64_t row = 0;
    proto::ClientMail letter;
  };
  struct Sender {
    std::deque<Waiting> letters;  // never empty
    bool asked = false;           // the server was asked for its name
  };
  // How far a letter got. `broken`: the Memory failed.
  enum class Fate { settled, needs_work, needs_name, broken };
  // A letter that was not opened, and the signed word about it.
  struct Unanswered {
    Id sender;
    crypto::Digest token{};
    std::string word;
  };
  struct Opening {
    MailSessionKey session;
    std::optional<OwnPrekey> own;  // opened with it; nullopt: by a session of ours
    std::int64_t since_unix_s = 0;
  };

  bool read(Now now);
  void go_on(Now now);
  Sender* next_sender();
  Fate look_at(const proto::ClientMail& letter, std::uint64_t row, Now now);
  Fate receipt_again(MailReceipt& receipt, std::uint64_t row, Now now);
  Fate open_with_session(Peer& peer, const proto::ClientMail& letter, const MailSessionRow& session,
                         std::uint64_t row, Now now);
  Fate begin_opening(Peer& peer, const proto::ClientMail& letter, std::uint64_t row, Now now);
  Result<bool> has_room(const Peer& peer, const proto::ClientMail& letter, const OwnPrekey& own);
  Result<bool> may_keep(const Peer* peer, const proto::ClientMail& letter);
  Fate take(Peer& peer, const proto::ClientMail& letter, proto::OpenedLetter opened,
            const proto::MailSession& session, Opening opening, std::uint64_t row, Now now);
  Result<void> store(const Peer& peer, const proto::ClientMail& letter, const proto::OpenedLetter& opened,
                     const proto::MailSession& session, Opening& opening, std::uint64_t row, Now now);
  Fate refuse(Peer& peer, const proto::ClientMail& letter, proto::LetterRefusal why, std::uint64_t row,
              Now now);
  void keep_unanswered(const proto::ClientMail& letter);
  Fate answer_unopened(Now now);
  Fate drop_row(std::uint64_t row, Now now);
  Fate broken(const std::string& why, Now now);
  void settled(const Id& sender);
  void ask_name(const Id& sender, Now now);
  void named(const Id& sender, const FindAnswer& answer, Now now);
  void drop_all(const Id& sender, Now now);
  Peer* peer_of(const Id& sender, Now now);

  Context& context_;
  MailMemory& memory_;
  MailHost& host_;
  Id server_;
  std::map<Id, Sender> senders_;     // with letters that wait
  std::map<Id, std::string> names_;  // of those who are not in the list, as the server answered
  std::uint64_t job_ = 0;            // the number of the job that is out; 0: none
  std::uint64_t last_job_ = 0;
  Id job_of_;
  std::uint64_t job_row_ = 0;
  bool owed_ = false;
  FailedLetters failed_;
  Ration unopened_{20, 3'600'000};
  std::deque<Unanswered> unanswered_;  // those over it; after a restart their texts come again in a month
  std::deque<Unanswered> answered_;    // in this transaction
  std::map<Id, Reacks> again_;         // by sender: receipts of letters that came again
  std::int64_t read_again_ms_ = INT64_MAX;  // when to read the Memory again
  std::int64_t go_on_ms_ = INT64_MAX;       // more can be opened than this turn did
};

}  // namespace sims::client
