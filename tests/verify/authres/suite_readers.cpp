// Headers from the tests of two other readers, Mail::AuthenticationResults and Python's authres, with what those two
// make of them, read from the folder that ASSAY_CORPORA names. Where Python reads a header, so must we, to the same
// results; where it refuses, Perl's reading is what counts. Known deviations are listed below.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "verify/authres/parse.h"
#include "verify/base/text.h"

namespace {

using nlohmann::json;

constexpr int kSkipped = 77;

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
  return (reading.ok ? "read as: " : "refused: ") + reading.text;
}

/// Cases that we read differently on purpose, by number, with the reason.
const std::map<std::size_t, const char*> kDeviations{
    {8, "a result without a value, and methods alone: RFC 8601 section 2.2 (methodspec); Python refuses it too"},
    {16, "a domain in place of a result, as Outlook once wrote: section 2.2; Python refuses it too"},
    {17, "a property in place of the version, as Yahoo once wrote: section 2.2; Python refuses it too"},
    {19, "'://' in a result: section 2.2 (result = Keyword); Python refuses it too"},
    {20, "as 19"},
    {21, "as 19"},
    {22, "a quoted-string as a result: section 2.2 (result = Keyword); Python refuses it too"},
    {38, "as 16"},
};

}  // namespace

int main() {
  const char* corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return kSkipped;
  }
  const std::string path = std::string(corpora) + "/authres/cases.json";
  if (!std::filesystem::exists(path)) {
    std::cout << "skipped: " << path << " is not there\n";
    return kSkipped;
  }
  std::ifstream file(path);
  const json cases = json::parse(file);
  std::size_t passed = 0;
  std::size_t deviating = 0;
  std::size_t failed = 0;
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
    if (ours == expected) {
      ++passed;
      continue;
    }
    const auto known = kDeviations.find(i);
    (known != kDeviations.end() ? deviating : failed) += 1;
    std::cout << (known != kDeviations.end() ? "deviation " : "FAIL ") << i << " (" << word(cases[i]["source"])
              << "): " << (known != kDeviations.end() ? known->second : "") << "\n  expected " << show(expected)
              << "\n  got      " << show(ours) << "\n";
  }
  std::cout << "authres readers: " << passed << " of " << cases.size() << " pass, " << deviating
            << " known deviations\n";
  return failed == 0 ? 0 : 1;
}
