// Reads messages out of parsed JSON. Views in the results point into the tape's text and live as long as it.
#pragma once

#include <optional>
#include <string_view>

#include "proto/error.h"
#include "proto/wire/json.h"
#include "proto/wire/message.h"

namespace sims::proto {

Checked<SecureFrame> decode_secure(const JsonValue& root);
// Sub-messages inside SECURE.
Checked<FromServer> decode_from_server(const JsonValue& root);
Checked<FromClient> decode_from_client(const JsonValue& root);
// The object inside `prekeys` and `prekey`.
Checked<Prekey> decode_prekey(const JsonValue& object);
// Decodes a `client-com` or an `ack` between clients in exactly the form that encode() writes. The result is
// that of parsing and decode_from_client(), but needs no parser and no copy of the text. nullopt: any other
// text, valid or not. Returns views into the text.
std::optional<Forwarded> fast_path_forwarded(std::string_view text);

}  // namespace sims::proto
