// Address fields collected by the authors of mail-parser, with what their lenient parser reads in them. Compared are
// the addr-specs alone. Ours is strict, so a field may be refused instead; it must never name another mailbox.

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/suite.h"
#include "verify/base/text.h"
#include "verify/message/address.h"
#include "verify/message/split.h"

namespace {

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
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  const std::string path = *corpora + "/mail-address/address.json";
  std::ifstream file(path);
  if (!file) {
    std::cout << "skipped: no " << path << '\n';
    return assay::test::kSkipped;
  }
  assay::test::Suite suite("mail address");
  const auto cases = nlohmann::json::parse(file);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto field = cases[i].at("header").get<std::string>();
    const auto message = assay::message::split("From:" + field);
    const auto list = assay::message::parse_address_list(message.fields.at(0).value, 1000);
    std::vector<std::string> ours;
    if (list) {
      for (const auto& address : list->addresses) {
        ours.push_back(address.text);
      }
    }
    suite.check("case " + std::to_string(i), joined(expected_addresses(cases[i].at("expected"))),
                list ? joined(ours) : "refused: " + list.error().what);
  }
  return 0;
}
