// Headers from the tests of two other readers, Mail::AuthenticationResults and Python's authres, with what those two
// make of them, read from the folder that ASSAY_CORPORA names. Where Python reads a header, so must we, to the same
// results; where it refuses, Perl's reading is what counts.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/support/suite.h"
#include "verify/authres/parse.h"
#include "verify/base/text.h"

namespace {

using nlohmann::json;

/// What a header says, in lines.
struct Reading {
  bool ok = false;
  std::string text;

  friend bool operator==(const Reading& a, const Reading& b) { return a.ok == b.ok && (!a.ok || a.text == b.text); }
};

std::string word(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

Reading read_python(const json& reference) {
  if (!reference["ok"].get<bool>()) {
    return {false, word(reference["err"])};
  }
  std::string text = assay::to_lower(word(reference["authserv_id"])) + "\n";
  for (const json& result : reference["results"]) {
    text += word(result["method"]) + "=" + word(result["result"]);
    text += result["reason"].is_null() ? "" : " reason=" + word(result["reason"]);
    for (const json& property : result["props"]) {
      text += " " + word(property[0]) + "." + word(property[1]) + "=" + word(property[2]);
    }
    text += "\n";
  }
  return {true, text};
}

/// The Perl reader keeps comments and properties without a type, which say nothing to us.
Reading read_perl(const json& reference) {
  if (!reference["ok"].get<bool>()) {
    return {false, word(reference["err"])};
  }
  const json& tree = reference["tree"];
  std::string text = assay::to_lower(word(tree["authserv_id"]["value"])) + "\n";
  for (const json& entry : tree["children"]) {
    if (entry["type"] != "entry") {
      continue;
    }
    text += word(entry["key"]) + "=" + word(entry["value"]);
    for (const json& property : entry["children"]) {
      if (property["type"] == "subentry" && word(property["key"]).find('.') != std::string::npos) {
        text += " " + word(property["key"]) + "=" + word(property["value"]);
      }
    }
    text += "\n";
  }
  return {true, text};
}

Reading read_ours(std::string_view value) {
  const auto parsed = assay::authres::parse(value);
  if (!parsed) {
    return {false, parsed.error().what + " at " + std::to_string(parsed.error().offset)};
  }
  std::string text = assay::to_lower(parsed->authserv_id) + "\n";
  for (const auto& result : parsed->results) {
    text += result.method + "=" + result.result;
    text += result.reason.empty() ? "" : " reason=" + result.reason;
    for (const auto& [name, property] : result.properties) {
      text.append(" ").append(name).append("=").append(property);
    }
    text += "\n";
  }
  return {true, text};
}

std::string show(const Reading& reading) {
  return (reading.ok ? "read: " : "refused: ") + reading.text;
}

}  // namespace

int main() {
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  const std::string path = *corpora + "/authres/cases.json";
  std::ifstream file(path);
  if (!file) {
    std::cout << "skipped: no " << path << '\n';
    return assay::test::kSkipped;
  }
  assay::test::Suite suite("authres readers");
  const json cases = json::parse(file);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto header = cases[i]["header"].get<std::string>();
    constexpr std::string_view kName = "Authentication-Results:";
    std::string_view value = header;
    if (assay::istarts_with(value, kName)) {
      value.remove_prefix(kName.size());
    }
    const Reading python = read_python(cases[i]["ref_python_authres"]);
    const Reading expected = python.ok ? python : read_perl(cases[i]["ref_MailAuthenticationResults"]);
    const Reading ours = read_ours(value);
    suite.check("case " + std::to_string(i), ours == expected,
                python.ok ? "Python reads it" : "Perl reads it, Python refuses it", show(ours));
  }
  return 0;
}
