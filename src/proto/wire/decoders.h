// The decoders of the single message types, for the rows of message_table.cc. All else calls decode.h.
#pragma once

#include "proto/error.h"
#include "proto/wire/json.h"
#include "proto/wire/message.h"

namespace sims::proto {

Checked<ListRequest> decode_list_request(const JsonValue& root);
Checked<List> decode_list(const JsonValue& root);
Checked<FindRequest> decode_find_request(const JsonValue& root);
Checked<Found> decode_found(const JsonValue& root);
Checked<Ack> decode_ack(const JsonValue& root);
Checked<Ping> decode_ping(const JsonValue& root);
Checked<Disconnect> decode_disconnect(const JsonValue& root);
Checked<Register> decode_register(const JsonValue& root);
Checked<Error> decode_error(const JsonValue& root);
Checked<ClientCom> decode_client_com(const JsonValue& root);
Checked<ClientDisconnect> decode_client_disconnect(const JsonValue& root);
Checked<ClientRefuse> decode_client_refuse(const JsonValue& root);
Checked<PeerAck> decode_peer_ack(const JsonValue& root);
Checked<ClientMail> decode_client_mail(const JsonValue& root);
Checked<ClientReceipt> decode_client_receipt(const JsonValue& root);
Checked<PrekeysUpload> decode_prekeys_upload(const JsonValue& root);
Checked<PrekeysStatus> decode_prekeys_status(const JsonValue& root);
Checked<PrekeyRequest> decode_prekey_request(const JsonValue& root);
Checked<PrekeyAnswer> decode_prekey_answer(const JsonValue& root);
Checked<UnknownMessage> decode_unknown(const JsonValue& root);

}  // namespace sims::proto
