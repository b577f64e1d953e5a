#include "observe/control_request.h"

#include <nlohmann/json.hpp>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

using assay::observe::control_error;
using assay::observe::ControlRequest;
using assay::observe::read_control_request;

TEST_CASE("observe/control_request: commands and filters are read", "[observe][control]") {
  CHECK(read_control_request(R"({"command":"status"})")->command == ControlRequest::Command::Status);
  CHECK(read_control_request(R"({"command":"top"})")->command == ControlRequest::Command::Top);
  CHECK(read_control_request(R"({"command":"tail"})")->command == ControlRequest::Command::Tail);
  auto record = assay::test::sample_record();
  record.decision.action = assay::policy::Action::Reject;
  const auto filtered = read_control_request(
      R"({"command":"tail","filter":{"action":["reject","discard"],"client_ip":["192.0.2.0/24"],"rule":[]}})");
  REQUIRE(filtered);
  CHECK(filtered->filter.matches(record));
  record.decision.action = assay::policy::Action::Accept;
  CHECK_FALSE(filtered->filter.matches(record));
}

TEST_CASE("observe/control_request: anything else is refused in words", "[observe][control]") {
  for (const auto& [line, part] : std::vector<std::pair<std::string, const char*>>{
           {"", "one JSON object"},
           {"status", "one JSON object"},
           {"[]", "one JSON object"},
           {"{}", "status, top or tail"},
           {R"({"command":1})", "status, top or tail"},
           {R"({"command":"stop"})", "status, top or tail"},
           {R"({"command":"status","filter":{}})", "with tail alone"},
           {R"({"command":"tail","since":1})", "filter"},
           {R"({"command":"tail","filter":[]})", "filter"},
           {R"({"command":"tail","filter":{"action":"reject"}})", "filter.action is no list"},
           {R"({"command":"tail","filter":{"action":[1]}})", "filter.action holds"},
           {R"({"command":"tail","filter":{"action":["x"]}})", "is not accept"},
           {R"({"command":"tail","filter":{"subject":["x"]}})", "no key \"subject\""},
           {std::string(4000, '['), "one JSON object"},
           {std::string("{\"command\":\"\xFF\"}"), "one JSON object"}}) {
    CAPTURE(line);
    const auto read = read_control_request(line);
    REQUIRE_FALSE(read);
    CHECK(read.error().find(part) != std::string::npos);
    const auto answer = nlohmann::json::parse(control_error(read.error()));
    CHECK(answer["error"].is_string());
  }
}

TEST_CASE("observe/control_request: an error has kMaxErrorOctets at most", "[observe][control][bounds]") {
  using assay::observe::kMaxErrorOctets;
  const auto words = [](std::size_t octets) {
    return nlohmann::json::parse(control_error(std::string(octets, 'x')))["error"].get<std::string>();
  };
  CHECK(words(kMaxErrorOctets) == std::string(kMaxErrorOctets, 'x'));
  CHECK(words(kMaxErrorOctets + 1) == std::string(kMaxErrorOctets, 'x') + "...");
}

TEST_CASE("observe/control_request: an error is JSON whatever octets are in it", "[observe][control][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    const std::string line = control_error("\"" + odd + "\"");
    CHECK(nlohmann::json::parse(line).is_object());
    CHECK(line.find('\n') == std::string::npos);
  }
}
