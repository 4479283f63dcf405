// `find`: questions to the server about a name or an id (sims-protocol(7) section 4). Answers are
// put into Model::found and, as a notice, into a window. The client's own questions go to whom they are for.
// Pure; owned by the core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "client/conversation/context.h"
#include "proto/wire/message.h"

namespace sims::client {

class Finds {
 public:
  explicit Finds(Context& context) : context_(context) {}

  // `window`: a peer's name, or empty for the status window. Returns an error, in words, if nothing
  // was asked. The same question is not sent again while it waits for its answer.
  Result<void> ask(const std::string& name_or_id, std::optional<std::string> window, Now now);
  // The client's own question. It waits for its turn, also until the client is online, and is asked again after
  // a lost connection. `answered` is called once, with any outcome but `asked` and `too_often`, unless
  // forget() comes first. An answer is given to all who asked the same.
  using Answered = std::function<void(const FindAnswer& answer, Now now)>;
  void look_up(const std::string& name_or_id, Answered answered, Now now);
  void receive(const proto::Found& found, Now now);
  bool receive(const proto::Error& error, Now now);  // false: no answer to a question
  void clear();                                      // the connection ended
  void forget();                                     // another server is used
  void tick(Now now);
  std::int64_t next_tick() const;

 private:
  struct Asked {
    std::string name_or_id;
    std::optional<std::string> window;
    Answered answered;  // of the client's own question
  };
  void ask_next(Now now);
  // `later`: the client's own question is asked again.
  void answer(const std::string& name_or_id, const FindAnswer& answer, Now now, bool later = false);
  void say(const Asked& asked, const FindAnswer& answer, Now now);

  Context& context_;
  std::map<std::uint64_t, Asked> asked_;  // by seq: questions without an answer
  std::deque<Asked> waiting_;             // the client's own
  Ration own_{20, 60'000};                // fewer than the server takes, so that the user finds room
  std::int64_t again_ms_ = INT64_MIN;     // when the next may be asked
};

}  // namespace sims::client
