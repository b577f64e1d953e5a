// Address fields collected by the authors of mail-parser, with what their lenient parser reads in them. Compared are
// the addr-specs alone. Ours is strict, so a field may be refused instead, but only for a reason on the list below; it
// must never name another mailbox.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "verify/base/escape.h"
#include "verify/base/text.h"
#include "verify/message/address.h"
#include "verify/message/split.h"

namespace {

constexpr int kSkipped = 77;

constexpr const char* kListUri = "a URI of a List- field in angle brackets (RFC 2369), no address";
constexpr const char* kNoComma = "no comma behind a group (RFC 5322 section 3.4)";

/// Cases, counted from 0, whose field is refused, and why.
const std::map<std::size_t, const char*> kRefused{
    {9, "a quoted line end in a comment (RFC 5322 section 4.1): readers disagree where the comment ends"},
    {13, "a source route (RFC 5322 section 4.4)"},
    {14, "a comment between the labels of a domain (RFC 5322 section 4.4)"},
    {34, kNoComma},
    {35, kNoComma},
    {36, kNoComma},
    {37, kListUri},
    {38, kListUri},
    {39, kListUri},
    {40, kListUri},
    {41, kListUri},
    {42, "a word without '@' is no address"},
    {43, kListUri},
    {44, kListUri},
    {45, kListUri},
    {46, kListUri},
    {47, kListUri},
    {55, "text behind an address (RFC 5322 section 3.4)"},
};

std::string without_white_space(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (!assay::is_crlf_or_wsp(c)) {
      out += c;
    }
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    out += out.empty() ? word : ", " + word;
  }
  return out;
}

/// A missing address is null there; obsolete folding inside one is kept there.
void append_addresses(const nlohmann::json& mailboxes, std::vector<std::string>& out) {
  for (const auto& mailbox : mailboxes) {
    if (mailbox.at("address").is_string()) {
      out.push_back(without_white_space(mailbox.at("address").get<std::string>()));
    }
  }
}

std::vector<std::string> expected_addresses(const nlohmann::json& expected) {
  std::vector<std::string> out;
  if (expected.contains("List")) {
    append_addresses(expected.at("List"), out);
  } else {
    for (const auto& group : expected.at("Group")) {
      append_addresses(group.at("addresses"), out);
    }
  }
  return out;
}

}  // namespace

int main() {
  const char* const corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::puts("skipped: ASSAY_CORPORA is not set");
    return kSkipped;
  }
  const std::string path = std::string(corpora) + "/mail-address/address.json";
  std::ifstream file(path);
  if (!file) {
    std::printf("skipped: no %s\n", path.c_str());
    return kSkipped;
  }
  const auto cases = nlohmann::json::parse(file);
  std::size_t agreed = 0;
  std::size_t refused = 0;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto field = cases[i].at("header").get<std::string>();
    const auto message = assay::message::split("From:" + field);
    const auto list = assay::message::parse_address_list(message.fields.at(0).value, 1000);
    const auto expected = expected_addresses(cases[i].at("expected"));
    std::vector<std::string> got;
    if (list) {
      for (const auto& address : list->addresses) {
        got.push_back(address.text);
      }
    }
    const auto reason = kRefused.find(i);
    if (reason == kRefused.end() && list && got == expected) {
      ++agreed;
    } else if (reason != kRefused.end() && !list) {
      ++refused;
      std::printf("refused: case %zu: %s\n", i, reason->second);
    } else {
      ++failed;
      std::printf("FAIL: case %zu: %s\n  expected %s\n  got      %s\n", i, assay::escape(field).c_str(),
                  reason == kRefused.end() ? joined(expected).c_str() : "refused",
                  list ? joined(got).c_str() : list.error().what.c_str());
    }
  }
  std::printf("mail-address: %zu of %zu pass, %zu refused with a reason\n", agreed, cases.size(), refused);
  return failed == 0 && !cases.empty() ? 0 : 1;
}
