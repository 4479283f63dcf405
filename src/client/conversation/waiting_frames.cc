// WaitingFrames: a queue bounded in frames of one peer and in bytes of all peers.
#include "client/conversation/waiting_frames.h"

namespace sims::client {
namespace {

constexpr std::size_t max_frames = 256;     // of one peer
constexpr std::size_t max_bytes = 4 << 20;  // of all

}  // namespace

void WaitingFrames::push(PeerFrame frame) {
  const std::size_t size = frame.raw.size();
  if (frames_.size() >= max_frames || total_ + size > max_bytes) return;
  total_ += size;
  frames_.push_back(std::move(frame));
}

PeerFrame WaitingFrames::pop() {
  PeerFrame frame = std::move(frames_.front());
  frames_.pop_front();
  total_ -= frame.raw.size();
  return frame;
}

void WaitingFrames::clear() {
  while (!frames_.empty())
    pop();
}

}  // namespace sims::client
