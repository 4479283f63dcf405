// Log lines about events that strangers can cause: rate-limited in all and for each source.
#pragma once

#include <utility>

#include "base/clock.h"
#include "server/policy/admission.h"
#include "server/relay/actions.h"

namespace sims::server {

class EventLog {
 public:
  static constexpr Rate rate{10, 50}, rate_of_source{2, 10};
  explicit EventLog(Actions& actions) : actions_(actions) {}

  template <class... A>
  void note(Source& source, log::Level level, Now now, fmt::format_string<A...> f, A&&... a) {
    if (!log::enabled(level)) return;
    std::uint64_t of_source = 0, of_all = 0;
    if (!source.log.spend(now.steady_ms, of_source)) return;
    if (!budget_.spend(now.steady_ms, of_all)) return source.log.hold_back(of_source + 1);
    auto line = fmt::format(f, std::forward<A>(a)...);
    if (of_source) line += fmt::format(" lines-held-back-address={}", of_source);
    if (of_all) line += fmt::format(" lines-held-back={}", of_all);
    actions_.log(level, std::move(line));
  }

  // A login or logout. Limited for its source only, since many at once are no reason to leave out
  // any. An exempt source, which may stand for many clients, is not limited.
  template <class... A>
  void note_login(Source& source, Now now, fmt::format_string<A...> f, A&&... a) {
    if (!log::enabled(log::Level::info)) return;
    std::uint64_t of_source = 0;
    if (!source.exempt && !source.login_log.spend(now.steady_ms, of_source)) return;
    auto line = fmt::format(f, std::forward<A>(a)...);
    if (of_source) line += fmt::format(" lines-held-back-address={}", of_source);
    actions_.log(log::Level::info, std::move(line));
  }

 private:
  Actions& actions_;
  LogBudget budget_{rate};
};

}  // namespace sims::server
