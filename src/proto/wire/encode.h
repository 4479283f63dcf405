// Writes the messages as JSON without the LF: the fields in the order of tests/vectors/sims.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/wire/message.h"

namespace sims::proto {

std::string encode(const ListRequest&);
std::string encode(const List&);
std::string encode(const FindRequest&);
std::string encode(const Found&);
std::string encode(const Ack&);
std::string encode(const Ping&);
std::string encode(const Disconnect&);
std::string encode(const Register&);
std::string encode(const Error&);
std::string encode(const ClientCom&);
std::string encode(const ClientDisconnect&);
std::string encode(const PeerAck&);
std::string encode(const ClientRefuse&);
std::string encode(const ClientMail&);
std::string encode(const ClientReceipt&);
std::string encode(const PrekeysUpload&);
std::string encode(const PrekeysStatus&);
std::string encode(const PrekeyRequest&);
std::string encode(const PrekeyAnswer&);
std::string encode(const Prekey&);        // the object inside the two messages above
std::string encode(const PrekeyNumber&);  // 22 characters
// Appends to `out`, for callers that send an ack after nearly every read.
void encode_ack(std::string& out, std::string_view name, std::uint64_t id);
// In clear or inside SECURE; `message` is cut to max_error_text.
std::string encode_error(ErrorCode code, std::string_view message);

}  // namespace sims::proto
