// The includes and values that each misuse in this folder needs.
#include <fmt/format.h>

#include <iostream>

#include "proto/channel/key_schedule.h"
#include "proto/channel/secure.h"
#include "proto/session/message_keys.h"
#include "proto/session/rsa_chains.h"

using namespace sims;
using namespace sims::proto;

inline const Id src, dst;
inline const crypto::Digest hash{};
