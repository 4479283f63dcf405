// ReceiptSender: reads the owed receipts, sends a window of them, and notes which ones are covered.
#include "client/mail/receipt_sender.h"

#include <algorithm>

namespace sims::client {
namespace {

constexpr std::int64_t read_again_ms = 10'000;
constexpr std::int64_t refused_ms = 30'000;  // the server is busy, or we send too much

}  // namespace

void ReceiptSender::use(const Id& server) {
  lost();
  server_ = server;
  owed();
}

void ReceiptSender::more_owed() {
  more_ = true;
}

void ReceiptSender::owed() {
  read_ = false;
}

void ReceiptSender::online() {
  online_ = true;
  owed();
}

void ReceiptSender::lost() {
  online_ = false;
  in_flight_.clear();
  waiting_.clear();
  owed();
}

bool ReceiptSender::read(Now now) {
  if (!read_) newest_ = 0;
  auto stored = memory_.owed_receipts(server_, newest_);
  if (!stored) {
    if (!std::exchange(told_, true))
      context_.windows.fault(nullptr, "Receipts could not be read: " + stored.error() + "; retrying", now);
    again_ms_ = now.steady_ms + read_again_ms;
    return false;
  }
  std::set<std::uint64_t> out;
  for (const auto& [seq, one] : in_flight_)
    out.insert(one.row);
  if (!read_) waiting_.clear();
  for (auto& one : *stored) {
    newest_ = std::max(newest_, one.row);
    if (!out.contains(one.row)) waiting_.push_back(std::move(one));
  }
  read_ = true;
  more_ = told_ = false;
  return true;
}

void ReceiptSender::pump(Now now) {
  if (!online_ || server_.empty() || now.steady_ms < again_ms_) return;
  again_ms_ = INT64_MIN;
  if ((!read_ || more_) && !read(now)) return;
  while (!waiting_.empty() && in_flight_.size() < window && context_.pace.take(now.steady_ms)) {
    OwedReceipt next = std::move(waiting_.front());
    waiting_.pop_front();
    const auto seq = context_.core.send(next.message, now);
    in_flight_.emplace(seq, std::move(next));
  }
}

// Without the commit of this the receipt goes once more.
void ReceiptSender::covered(std::uint64_t row, Now now) {
  context_.history.wrote(now);
  (void)memory_.receipt_covered(row);
}

void ReceiptSender::server_took(std::uint64_t seq, Now now) {
  while (!in_flight_.empty() && in_flight_.begin()->first <= seq) {
    covered(in_flight_.begin()->second.row, now);
    in_flight_.erase(in_flight_.begin());
  }
}

bool ReceiptSender::receive(const proto::Error& error, Now now) {
  const auto at = error.id ? in_flight_.find(*error.id) : in_flight_.end();
  if (at == in_flight_.end()) return false;
  using enum proto::ErrorCode;
  if (error.code == busy || error.code == rate_limited || error.code == internal) {
    waiting_.push_front(std::move(at->second));
    again_ms_ = now.steady_ms + refused_ms;
  } else {
    covered(at->second.row, now);  // nobody has this id any more, or the server will never take it
  }
  in_flight_.erase(at);
  return true;
}

std::int64_t ReceiptSender::next_tick() const {
  if (!online_ || server_.empty()) return INT64_MAX;
  if (again_ms_ != INT64_MIN) return again_ms_;
  if (!read_ || more_) return INT64_MIN;
  if (waiting_.empty() || in_flight_.size() >= window) return INT64_MAX;
  return context_.pace.next_ms();
}

}  // namespace sims::client
