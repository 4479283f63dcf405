// The owner's side of letters: our prekeys, letters that come, and the receipts that we owe (sims-protocol(7)
// section 8). It gives the core's events to the three parts. Pure; owned by the core.
#pragma once

#include "client/mail/incoming_mail.h"
#include "client/mail/prekey_keeper.h"
#include "client/mail/receipt_sender.h"

namespace sims::client {

class Inbox {
 public:
  Inbox(Context& context, MailMemory& memory, MailHost& host)
      : context_(context),
        memory_(memory),
        prekeys_(context, memory),
        letters_(context, memory, host),
        receipts_(context, memory),
        host_(host) {}

  void use(const Id& server, Now now);  // whose letters these are; empty: none
  void read_again(Now now);             // after a failed commit
  void lost();                          // the connection ended
  // The server's word after each login, when few prekeys are left, and after an upload. The first one says that
  // the server keeps letters.
  void receive(const proto::PrekeysStatus& status, Now now);
  // `raw`: its exact bytes. The item is counted, too.
  void receive(const proto::ClientMail& letter, std::string_view raw, Now now);
  // Each other item of the mailbox, whatever becomes of it; before it is handled.
  void count_item(Now now);
  void server_took(std::uint64_t seq, Now now);      // cumulative
  bool receive(const proto::Error& error, Now now);  // false: not about a message of these parts
  bool work_done(Work& work, Now now);               // false: not work of these parts
  // Within the transaction that makes the sender a contact: its receipts go out.
  Result<void> accept(const Id& sender);
  // Within the transaction that declines or blocks the sender: what is held of it goes.
  Result<void> drop(const Id& sender);
  bool waits(const Id& sender) const { return letters_.waits(sender) || prekeys_.more_comes(); }
  bool waits() const { return prekeys_.more_comes() || !letters_.all_opened(); }  // of anybody
  void tick(Now now);
  std::int64_t next_tick() const;
  void end_turn(Now now);  // what a turn writes once, and the receipts that may go

 private:
  Context& context_;
  MailMemory& memory_;
  PrekeyKeeper prekeys_;
  IncomingMail letters_;
  ReceiptSender receipts_;
  MailHost& host_;
  Id server_;
};

}  // namespace sims::client
