// `find`: questions to the server about a name or an id (sims-protocol(7) section 4). Answers are
// put into Model::found and, as a notice, into a window. Pure; owned by the core.
#pragma once

#include <cstdint>
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
  // was asked.
  Result<void> ask(const std::string& name_or_id, std::optional<std::string> window, Now now);
  void receive(const proto::Found& found, Now now);
  bool receive(const proto::Error& error, Now now);  // false: no answer to a question
  void clear();                                      // the connection ended

 private:
  struct Asked {
    std::string name_or_id;
    std::optional<std::string> window;
  };
  void answer(const std::string& name_or_id, const FindAnswer& answer, Now now);

  Context& context_;
  std::map<std::uint64_t, Asked> asked_;  // by seq: questions without an answer
};

}  // namespace sims::client
