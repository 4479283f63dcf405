// The code that a client tells its peer when it refuses a handshake.
#include "proto/wire/message.h"

namespace sims::proto {

ErrorCode refusal_code(ErrorCode why) {
  switch (why) {
    case ErrorCode::unsupported_suite:
    case ErrorCode::unsupported_version:
    case ErrorCode::busy:
      return why;
    default:
      return ErrorCode::handshake_failed;
  }
}

}  // namespace sims::proto
