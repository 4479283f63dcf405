// The lines of the holder's protocol: written and read back, and refused in words.
#include "client/holder/request.h"

#include <doctest/doctest.h>

#include <iterator>
#include <set>
#include <sstream>

#include "client/holder/request_table.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::client;

namespace {

Result<HolderRequest> parsed(std::string line) {
  proto::JsonTape tape;
  const auto value = tape.parse(line);
  REQUIRE(value);
  return parse_holder_request(*value);
}

std::string why(std::string line) {
  const auto request = parsed(std::move(line));
  return request ? "" : request.error();
}

}  // namespace

TEST_CASE("a holder's request is the same after the wire") {
  HolderRequest request;
  request.id = 7;
  request.what = HolderRequest::Do::send;
  request.to = "bob";
  request.uid = "AAAAAAAAAAAAAAAAAAAAAA";
  request.body = "a \"quoted\"\nline 世";
  request.action = request.accept_new = request.again = true;
  request.accept = "key";
  request.wait_for = "delivered";
  request.within_s = 30;
  auto line = holder_request_line(request);
  CHECK(line.find('\n') == line.size() - 1);
  line.pop_back();
  const auto back = parsed(line);
  REQUIRE(back);
  CHECK(holder_request_line(*back) == line + "\n");
  CHECK(back->body == request.body);
}

TEST_CASE("an invalid request to a holder is refused in words") {
  CHECK(why(R"({"do":"list"})").empty());
  CHECK(why(R"({"do":"list","id":[1]})").empty());  // of no number: 0
  CHECK(why(R"({})") == "\"do\" is missing");
  CHECK(why(R"({"do":"dance"})") == "there is no such \"do\"");
  CHECK(why(R"({"do":"list","more":1})") == "unknown: \"more\"");
  CHECK(why(R"({"do":"send","to":3})") == "of the wrong type: \"to\"");
  CHECK(why(R"({"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","again":1})") ==
        "of the wrong type: \"again\"");
  CHECK(why(R"({"do":"send","to":"No Name","uid":"AAAAAAAAAAAAAAAAAAAAAA"})") == "\"to\" is not a name");
  CHECK(why(R"({"do":"send","to":"bob"})") == "\"uid\" is not 16 bytes in base64url, 22 characters");
  CHECK(why(R"({"do":"send","to":"bob","uid":")" + std::string(23, 'A') + "\"}") ==
        "\"uid\" is not 16 bytes in base64url, 22 characters");
  CHECK(why(R"({"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","kind":"song"})") ==
        "\"kind\" is neither text nor action");
  CHECK(why(R"({"do":"forget"})") == "\"to\" is missing");
  const std::string send = R"({"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA",)";
  CHECK(why(send + R"("wait_for":"sent"})") == "\"wait_for\" is neither mailed nor delivered");
  CHECK(why(send + R"("within":"30"})") == "of the wrong type: \"within\"");
  CHECK(why(send + R"("within":999999999})") == "\"within\" is too long: at most a year");
  CHECK(why(send + R"("wait_for":"mailed","within":30})").empty());
}

TEST_CASE("a text of the greatest size fits into a holder's line, however it is escaped") {
  HolderRequest request;
  request.what = HolderRequest::Do::send;
  request.to = "bob";
  request.uid = "AAAAAAAAAAAAAAAAAAAAAA";
  request.body = std::string(16'384, '\x01');
  CHECK(holder_request_line(request).size() < max_holder_line);
}

TEST_CASE("words for troubles are the same both ways") {
  for (const auto trouble : {Trouble::failure, Trouble::peer_unknown, Trouble::locked, Trouble::busy})
    CHECK(trouble_of(trouble_word(trouble)) == trouble);
  CHECK(trouble_of("anything") == Trouble::failure);
}

TEST_CASE("every request of a holder has one row, and stands in sims(1) under sims pipe") {
  const auto manual = test::read_text("man/sims.1");
  const auto begin = manual.find("\n.Ss sims pipe\n"), end = manual.find("\nAnswers have the request's\n");
  REQUIRE(begin < end);
  std::istringstream in(manual.substr(begin, end - begin));
  const std::set<std::string> words{std::istream_iterator<std::string>(in), {}};
  std::set<HolderRequest::Do> all;
  for (const auto& row : holder_request_rows()) {
    CAPTURE(std::string(row.word));
    all.insert(row.what);
    CHECK(&holder_request_row(row.what) == &row);
    CHECK(find_holder_request(row.word) == &row);
    CHECK(words.contains(std::string(row.word)));
  }
  CHECK(all.size() == static_cast<std::size_t>(HolderRequest::Do::mail) + 1);
}
