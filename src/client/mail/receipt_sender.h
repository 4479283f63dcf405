// The receipts that we owe (sims-protocol(7) section 8): each is sent until a hop's ack covers it. They are in
// the Memory, put there with their letters; this reads them back and sends them. Pure; owned by the Inbox.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>

#include "client/conversation/context.h"
#include "proto/wire/message.h"

namespace sims::client {

class ReceiptSender {
 public:
  static constexpr std::size_t window = 50;  // receipts in flight

  ReceiptSender(Context& context, MailMemory& memory) : context_(context), memory_(memory) {}

  void use(const Id& server);  // empty: none
  void more_owed();            // some were put into the Memory
  void owed();                 // likewise, or some are not known any more: all are read again
  void online();               // to a server that keeps mail
  void lost();
  void server_took(std::uint64_t seq, Now now);      // cumulative
  bool receive(const proto::Error& error, Now now);  // false: not about a receipt
  void pump(Now now);                                // sends what may go; at the end of a turn
  std::int64_t next_tick() const;

 private:
  bool read(Now now);
  void covered(std::uint64_t row, Now now);

  Context& context_;
  MailMemory& memory_;
  Id server_;
  bool online_ = false;
  bool read_ = false;         // waiting_ is what is stored, up to newest_
  bool more_ = false;         // behind newest_
  std::uint64_t newest_ = 0;  // the row that was read last
  bool told_ = false;         // that they could not be read
  std::deque<OwedReceipt> waiting_;
  std::map<std::uint64_t, OwedReceipt> in_flight_;  // by seq
  std::int64_t again_ms_ = INT64_MIN;               // no receipt before this: a refusal, or a failed read
};

}  // namespace sims::client
