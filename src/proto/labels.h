// Every label of the protocol (sims-protocol(7) sections 2 to 8). Signed, MACed and hashed bytes start with
// exactly one label, and keys are derived under exactly one. So nothing made for one purpose passes for
// another. No label is a prefix of another; tests/proto/channel/labels_test.cc proves it over `all`.
#pragma once

#include <string_view>

namespace sims::proto::labels {

// the start of a transcript
constexpr std::string_view client_server = "SIMS/1 client-server";
constexpr std::string_view client_client = "SIMS/1 client-client";
constexpr std::string_view mail = "SIMS/1 mail";
// the start of the bytes that an identity key signs
constexpr std::string_view responder = "SIMS/1 responder";
constexpr std::string_view initiator = "SIMS/1 initiator";
constexpr std::string_view refuse = "SIMS/1 refuse";
constexpr std::string_view prekey = "SIMS/1 prekey";
constexpr std::string_view sender = "SIMS/1 sender";
constexpr std::string_view unopened = "SIMS/1 unopened";
// HKDF info under K
constexpr std::string_view confirm_initiator = "SIMS/1 confirm initiator";
constexpr std::string_view confirm_responder = "SIMS/1 confirm responder";
constexpr std::string_view client_to_server = "SIMS/1 client to server";
constexpr std::string_view server_to_client = "SIMS/1 server to client";
constexpr std::string_view root = "SIMS/1 root";
constexpr std::string_view close_initiator = "SIMS/1 close initiator";
constexpr std::string_view close_responder = "SIMS/1 close responder";
constexpr std::string_view chain_mail = "SIMS/1 chain mail";
// HKDF info under a chain of SECURE
constexpr std::string_view token = "SIMS/1 token";
constexpr std::string_view next = "SIMS/1 next";
// HKDF info end to end
constexpr std::string_view ratchet = "SIMS/1 ratchet";
constexpr std::string_view chain_initiator = "SIMS/1 chain initiator";
constexpr std::string_view chain_responder = "SIMS/1 chain responder";
constexpr std::string_view message = "SIMS/1 message";
// the start of a safety number's hash
constexpr std::string_view safety = "SIMS/1 safety";

constexpr std::string_view all[] = {
    client_server,
    client_client,
    mail,
    responder,
    initiator,
    refuse,
    prekey,
    sender,
    unopened,
    confirm_initiator,
    confirm_responder,
    client_to_server,
    server_to_client,
    root,
    close_initiator,
    close_responder,
    chain_mail,
    token,
    next,
    ratchet,
    chain_initiator,
    chain_responder,
    message,
    safety,
};

}  // namespace sims::proto::labels
