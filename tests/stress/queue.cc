// queue FOLDER HOST:PORT SERVER-ID ME PEER PEER-ID COUNT: queues COUNT texts to PEER ("ME>PEER #1",
// "... #2"), as if typed while offline, in the client's store in FOLDER, which has an identity
// already. `sims listen` sends them as soon as it is connected.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "client/store/store.h"
#include "os/process.h"
#include "proto/identity.h"
#include "proto/wire/content.h"

namespace {

using namespace sims;

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "queue: %s\n", result.error().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void queue(const std::string& folder, const std::string& host_port, const proto::Id& server,
           const std::string& me, const std::string& peer, const proto::Id& peer_id, std::uint64_t count) {
  auto store = sure(client::Store::open(folder));
  const auto now = read_clocks().unix_ms;
  sure(store->pin_server(host_port, {server, now}));
  sure(store->pin_peer(server, peer, {peer_id, false, now, client::Standing::contact, 0}));
  for (std::uint64_t i = 1; i <= count; ++i) {
    client::HistoryEntry entry;
    entry.mine = true;
    entry.uid = proto::make_uid(crypto::system_rng());
    entry.body = fmt::format("{}>{} #{}", me, peer, i);
    entry.at_unix_ms = now;
    entry.delivery = client::Delivery::queued;
    sure(store->add({server, peer}, entry));
  }
  sure(store->commit());
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  const auto server = argc == 8 ? proto::Id::parse(argv[3]) : std::nullopt;
  const auto peer = argc == 8 ? proto::Id::parse(argv[6]) : std::nullopt;
  if (!server || !peer) {
    std::fputs("usage: queue FOLDER HOST:PORT SERVER-ID ME PEER PEER-ID COUNT\n", stderr);
    return 2;
  }
  queue(argv[1], argv[2], *server, argv[4], argv[5], *peer, std::strtoull(argv[7], nullptr, 10));
  return 0;
}
