// Verifies messages for messages.py with the engine alone, so that thousands share one process:
//
//   differential_messages ZONE
//
// ZONE is text for FakeResolver. Each line of the standard input is {"message": BASE64, "now": SECONDS}, each line of
// the output what Verification says about it. The octets are cut into fields and body as `assay verify` cuts a file.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "tests/support/fake_resolver.h"
#include "tests/support/temporary_folder.h"
#include "verify/base/base64.h"
#include "verify/message/split.h"
#include "verify/verification.h"

namespace assay::test {
namespace {

using nlohmann::json;

json word(const char* text) {
  return text == nullptr ? json(nullptr) : json(text);
}

json to_json(const dkim::Outcome& outcome) {
  return {{"status", to_string(outcome.status)},
          {"reason", word(to_string(outcome.reason))},
          {"domain", outcome.domain},
          {"selector", outcome.selector},
          {"testing", outcome.testing},
          {"detail", outcome.detail}};
}

json to_json(const arc::Outcome& outcome) {
  return {{"status", to_string(outcome.status)},
          {"reason", word(to_string(outcome.reason))},
          {"failed_instance", outcome.failed_instance},
          {"oldest_pass", outcome.oldest_pass ? json(*outcome.oldest_pass) : json(nullptr)},
          {"detail", outcome.detail}};
}

json verify(const std::string& octets, Time now, FakeResolver& dns) {
  const message::SplitMessage message = message::split(octets);
  Verification verification(Limits{}, {});
  for (const auto& field : message.fields) {
    verification.header(field.name, field.value);
  }
  verification.end_of_headers();
  if (verification.wants_body()) {
    verification.body(message.body);
  }
  dns.forget_questions();
  const Verdict verdict = verification.finish(dns, now);
  json result{{"dkim", json::array()}, {"arc", to_json(verdict.arc)}};
  std::transform(verdict.dkim.begin(), verdict.dkim.end(), std::back_inserter(result["dkim"]),
                 [](const dkim::Outcome& outcome) { return to_json(outcome); });
  result["dmarc"] = to_string(verdict.dmarc.status);
  return result;
}

int run(const std::string& zone) {
  FakeResolver dns(read_file(zone));
  std::string line;
  while (std::getline(std::cin, line)) {
    const json job = json::parse(line);
    const auto octets = decode_base64(job.at("message").get<std::string>());
    if (!octets) {
      throw std::runtime_error("the message is no base64 text");
    }
    const Time now{std::chrono::seconds(job.at("now").get<std::int64_t>())};
    const json result = verify(std::string(octets->begin(), octets->end()), now, dns);
    std::cout << result.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace assay::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: differential_messages ZONE\n";
    return 2;
  }
  try {
    return assay::test::run(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "differential_messages: " << error.what() << '\n';
    return 1;
  }
}
