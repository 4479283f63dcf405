// Fuzz target `letters`: mail sessions of either suite. Alice and carol write letters to bob with his
// prekeys, in many sessions. A relay between them delivers letters and receipts in any order, repeated,
// changed or not at all, and hands each prekey to whom it likes. Bob's sessions go through his store at any
// time, which may be put back. In every state a genuine letter opens unchanged, once, and is receipted to its
// sender. A refused letter changes nothing. Only a genuine receipt proves a delivery.
#include <algorithm>
#include <map>

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "proto/mail/mail_pair.h"

namespace sims::fuzz {
namespace {

using namespace sims::proto;
using test::MailVectors;

const MailVectors& vectors(bool rsa) {
  static const MailVectors both[] = {MailVectors("mail-ecdhe.json"), MailVectors("mail-rsa.json")};
  return both[rsa ? 1 : 0];
}

struct Session {
  std::size_t key = 0;  // of bob's prekeys
  MailSender sender;
  MailOpener opener;
};
struct Letter {
  std::size_t session = 0;
  std::string text, message;
  AwaitedReceipt awaited;
  std::string receipt;  // bob's, once he has opened it
};

// What bob stores. `opened` are the letters' places in Scene::letters.
struct Store {
  std::map<std::pair<PrekeyNumber, std::string>, Bytes> sessions;  // by number, and sender and nonce
  std::map<PrekeyNumber, MailOpener> opened_by;                    // of `once` keys
  std::vector<std::size_t> opened;
  friend bool operator==(const Store&, const Store&) = default;
};

std::string name_of(const MailOpener& opener) {
  return opener.sender.str() + std::string(text_of(opener.nonce));
}

class Scene {
 public:
  explicit Scene(Source& source) : v(vectors(source.coin())) {}
  void step(Source& source);
  void finish();

 private:
  void open_session(Source& source);
  void write(std::size_t session, std::string text);
  void give(const ClientMail& letter);
  Result<OpenedLetter, LetterRefusal> open(const ClientMail& letter);
  bool may_open(const Letter& letter) const;
  void give_changed(Source& source);
  void receipt(const ClientReceipt& receipt, const Letter* of);
  void change_receipt(Source& source);
  void unopened(Source& source);
  std::size_t any(Source& source) const { return letters.size() - 1 - source.number(2) % letters.size(); }
  bool is_open(std::size_t letter) const {
    return std::find(store.opened.begin(), store.opened.end(), letter) != store.opened.end();
  }
  const Id& sender_of(const Letter& letter) const { return sessions[letter.session].opener.sender; }

  const MailVectors& v;
  test::FixedRng random{7};
  std::vector<Session> sessions;
  std::vector<Letter> letters;
  std::map<std::string, std::size_t> by_message;
  Store store, backup;
};

void Scene::open_session(Source& source) {
  if (sessions.size() >= 8) return;
  const std::size_t key = source.coin();
  const bool carols = source.coin();
  MailSender sender = v.sender(carols ? v.carol : v.alice, v.keys[key].record, sessions.size() + 1);
  sessions.push_back({key, std::move(sender), {}});
  write(sessions.size() - 1, source.text());
  const ClientMail first = test::letter_of(letters.back().message);
  HOLDS(first.src == (carols ? v.carol_id : v.alice_id) && first.dst == v.bob_id);
  sessions.back().opener = opener_of(first);
}

void Scene::write(std::size_t session, std::string text) {
  MailSender& sender = sessions[session].sender;
  if (sender.spent(v.made)) return;
  auto sealed = sender.seal(text, v.made);
  const ClientMail letter = test::letter_of(sealed.message);
  HOLDS(encode(letter) == sealed.message && letter.id == sealed.awaited.id);
  HOLDS(by_message.emplace(sealed.message, letters.size()).second);
  letters.push_back({session, std::move(text), std::move(sealed.message), std::move(sealed.awaited), ""});
}

// As the owner's client does.
Result<OpenedLetter, LetterRefusal> Scene::open(const ClientMail& letter) {
  const MailOpener opener = opener_of(letter);
  const auto place = std::pair(letter.header.number, name_of(opener));
  if (const auto at = store.sessions.find(place); at != store.sessions.end()) {
    auto session = MailSession::from_bytes(at->second);
    HOLDS(session);
    auto opened = session->open(letter);
    const auto after = session->to_bytes();
    HOLDS(after.size() < 66 + 33 * letters_per_session);  // skipped keys are bounded
    HOLDS(opened ||
          std::equal(at->second.begin(), at->second.end(), after.view().begin(), after.view().end()));
    at->second.assign(after.view().begin(), after.view().end());
    return opened;
  }
  const OwnPrekey* own = v.find(letter.header.number);
  const auto used = store.opened_by.find(letter.header.number);
  const auto opened_by = used == store.opened_by.end() ? std::nullopt : std::optional(used->second);
  if (const auto why = refuse_unread(letter, own ? &own->record : nullptr, opened_by)) return fail(*why);
  auto first = MailSession::open_first(letter, *own, v.bob_id, random);
  TRY(first);
  const auto bytes = first->session.to_bytes();
  store.sessions.emplace(place, Bytes(bytes.view().begin(), bytes.view().end()));
  if (own->record.use == PrekeyUse::once) store.opened_by.emplace(letter.header.number, opener);
  return std::move(first->letter);
}

// Whether no other session has bob's `once` key.
bool Scene::may_open(const Letter& letter) const {
  const Session& session = sessions[letter.session];
  const auto used = store.opened_by.find(v.keys[session.key].record.number);
  return used == store.opened_by.end() || used->second == session.opener;
}

void Scene::give(const ClientMail& letter) {
  const Store before = store;
  const auto opened = open(letter);
  const auto known = by_message.find(encode(letter));
  if (known == by_message.end()) {
    HOLDS(!opened && store == before);
    return;
  }
  Letter& genuine = letters[known->second];
  if (opened) {
    HOLDS(!is_open(known->second) && may_open(genuine) && opened->plaintext == genuine.text);
    HOLDS(genuine.receipt.empty() || genuine.receipt == opened->receipt);  // again, from a store put back
    genuine.receipt = opened->receipt;
    store.opened.push_back(known->second);
    return;
  }
  HOLDS(store == before && !counts_against_sender(opened.error()));
  if (opened.error() == LetterRefusal::again) {
    HOLDS(is_open(known->second) && test::receipt_of(genuine.receipt).data == token_hash(letter));
  } else {
    HOLDS(opened.error() == LetterRefusal::used_prekey && !may_open(genuine));
  }
}

void Scene::give_changed(Source& source) {
  ClientMail letter = test::letter_of(letters[any(source)].message);
  const ClientMail other = test::letter_of(letters[any(source)].message);
  for (std::size_t edits = 1 + source.pick(3); edits > 0; --edits) {
    switch (source.pick(13)) {
      case 0:
        flip(letter.header.nonce, source);
        break;
      case 1:
        flip(letter.header.key, source);
        break;
      case 2:
        flip(letter.header.signature, source);
        break;
      case 3:
        letter.header.number = v.keys[source.coin()].record.number;
        break;
      case 4:
        flip(letter.verification, source);
        break;
      case 5:
        flip(letter.data, source);
        break;
      case 6:
        letter.id = source.pick(4) == 0 ? max_json_integer : source.byte();
        break;
      case 7:
        letter.header = other.header;
        break;
      case 8:
        letter.data = other.data;
        letter.verification = other.verification;
        break;
      case 9:
        letter.id = other.id;
        break;
      case 10:
        std::swap(letter.src, letter.dst);
        break;
      case 11:
        letter.src = source.coin() ? v.alice_id : v.carol_id;
        break;
      default:
        letter.data += source.text();
    }
  }
  give(letter);
}

// Proves the delivery of one letter, `of`, and of no other.
void Scene::receipt(const ClientReceipt& receipt, const Letter* of) {
  for (const Letter& letter : letters)
    for (const Id* self : {&v.alice_id, &v.carol_id})
      HOLDS(proves_delivery(receipt, *self, letter.awaited) == (&letter == of && *self == sender_of(letter)));
}

void Scene::change_receipt(Source& source) {
  const Letter& letter = letters[any(source)];
  if (letter.receipt.empty()) return;
  const ClientReceipt good = test::receipt_of(letter.receipt);
  ClientReceipt changed = good;
  auto& delivered = std::get<LetterDelivered>(changed.outcome);
  switch (source.pick(6)) {
    case 0:
      flip(changed.data, source);
      break;
    case 1:
      flip(delivered.verification, source);
      break;
    case 2:
      delivered.id += 1 + source.byte();
      break;
    case 3:
      std::swap(changed.src, changed.dst);
      break;
    case 4:
      delivered.verification = test::letter_of(letters[any(source)].message).verification;
      break;
    default:
      changed.dst = changed.dst == v.alice_id ? v.carol_id : v.alice_id;
  }
  receipt(changed, nullptr);
  receipt(good, &letter);
}

void Scene::unopened(Source& source) {
  const Letter& letter = letters[any(source)];
  const Id& self = sender_of(letter);
  const auto hash = letter.awaited.token_hash;
  ClientReceipt said = sign_unopened(test::letter_of(letter.message), v.bob);
  HOLDS(proves_unopened(said, self, v.bob_id, hash));
  receipt(said, nullptr);
  switch (source.pick(4)) {
    case 0:
      flip(said.data, source);
      break;
    case 1:
      flip(std::get<LetterUnopened>(said.outcome).signature, source);
      break;
    case 2:
      said = sign_unopened(test::letter_of(letter.message), source.coin() ? v.alice : v.carol);
      break;
    default:
      said.dst = said.dst == v.alice_id ? v.carol_id : v.alice_id;
  }
  HOLDS(!proves_unopened(said, self, v.bob_id, hash));
}

void Scene::step(Source& source) {
  const std::size_t what = source.pick(14);
  if (sessions.empty() || what == 0) return open_session(source);
  switch (what) {
    case 1:
    case 2: {
      const std::size_t session = source.byte() % sessions.size();
      return write(session, source.text());
    }
    case 3:
      for (std::size_t left = source.byte(); left > 0; --left)
        write(sessions.size() - 1, "again");
      return;
    case 4:
    case 5:
      return give(test::letter_of(letters.back().message));
    case 6:
    case 7:
    case 8:
      return give(test::letter_of(letters[any(source)].message));
    case 9:
      return give_changed(source);
    case 10:
      return change_receipt(source);
    case 11:
      return unopened(source);
    case 12:
      backup = store;
      return;
    default:
      store = backup;
  }
}

// Delivers all letters.
void Scene::finish() {
  for (const Letter& letter : letters)
    give(test::letter_of(letter.message));
  for (std::size_t i = 0; i < letters.size(); ++i)
    HOLDS(is_open(i) == may_open(letters[i]));
}

void run(ByteView input) {
  Source source(input);
  Scene scene(source);
  for (int i = 0; i < 40 && !source.empty(); ++i)
    scene.step(source);
  scene.finish();
}

std::vector<std::string> seeds() {
  using namespace std::literals;
  std::vector<std::string> out;
  for (char suite = 0; suite < 2; ++suite) {
    const std::string head(1, suite);
    const std::string alice = "\0\0\0\5hello"s, carol = "\0\1\1\5hello"s, carol_too = "\0\0\1\4late"s;
    out.push_back(head + alice + "\4\1\0\6second\4\x6\0\1"s);
    out.push_back(head + alice + carol + "\4\6\0\1\1\0\3two\1\1\3two\6\0\1\4"s);
    out.push_back(head + alice + carol_too + "\4\6\0\1"s);               // a `once` key handed out twice
    out.push_back(head + alice + "\3\x70\4\6\0\x20\6\0\x63\6\0\3"s);     // far ahead, then late ones
    out.push_back(head + alice + "\1\0\3two\xc\4\6\0\1\xd\4\6\0\1\4"s);  // a store put back
    for (char edit = 0; edit < 13; ++edit) {
      out.push_back(head + alice + carol + "\1\0\3two\x9\0\0\0\1\0"s + edit + "\0\1\0\3\4"s);
      out.push_back(head + alice + carol + "\1\0\3two\6\0\2\x9\0\0\0\1\0"s + edit + "\0\1\0\3\4"s);
    }
    for (char edit = 0; edit < 13; ++edit)  // of a letter whose key was skipped
      out.push_back(head + alice + "\1\0\3two\4\x9\0\1\0\0\0"s + edit + "\0\1\0\3\6\0\1"s);
    for (char edit = 0; edit < 6; ++edit)
      out.push_back(head + alice + carol + "\4\6\0\1\xa\0\0"s + edit + "\0\1\xb\0\1\0\0\1"s);
    for (char edit = 0; edit < 4; ++edit)
      out.push_back(head + alice + "\xb\0\0"s + edit + "\0\1\2"s);
  }
  return out;
}

const Register registered({"letters", run, seeds, 60});

}  // namespace
}  // namespace sims::fuzz
