// What a question is answered when its transaction or its read failed.
#pragma once

#include <string_view>

#include "server/mailbox/mail_queue.h"

namespace sims::server {

// Whether an error of MailDatabase says that its file is damaged.
inline bool is_damage(std::string_view error) {
  return error.starts_with("damaged: ");
}

MailAnswer failed_answer(const MailQuestion& question, const std::string& why);

}  // namespace sims::server
