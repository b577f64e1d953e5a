#include "observe/control_request.h"

#include <array>
#include <nlohmann/json.hpp>

#include "observe/printable.h"
#include "verify/base/escape.h"

namespace assay::observe {
namespace {

using Json = nlohmann::json;

struct Kind {
  std::string_view key;
  Parsed<void> (RecordFilter::*add)(std::string_view);
};
constexpr std::array kKinds{Kind{"from_domain", &RecordFilter::add_from_domain},
                            Kind{"action", &RecordFilter::add_action}, Kind{"rule", &RecordFilter::add_rule},
                            Kind{"result", &RecordFilter::add_result}, Kind{"client_ip", &RecordFilter::add_client}};

/// Words for what is wrong with one kind of the filter; empty if nothing is.
std::string read_kind(const std::string& key, const Json& values, RecordFilter& filter) {
  for (const Kind& kind : kKinds) {
    if (kind.key != key) {
      continue;
    }
    if (!values.is_array()) {
      return "filter." + key + " is no list";
    }
    for (const Json& value : values) {
      if (!value.is_string()) {
        return "filter." + key + " holds what is no string";
      }
      if (const auto added = (filter.*kind.add)(value.get_ref<const std::string&>()); !added) {
        return added.error().what;
      }
    }
    return {};
  }
  return "filter has no key \"" + escape(key) + "\"; it has from_domain, action, rule, result and client_ip";
}

}  // namespace

Parsed<ControlRequest, std::string> read_control_request(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return failure(std::string("a request is one JSON object on one line, such as {\"command\":\"status\"}"));
  }
  const auto command = json.find("command");
  const std::string word = command != json.end() && command->is_string() ? command->get<std::string>() : std::string();
  ControlRequest request;
  if (word == "status") {
    request.command = ControlRequest::Command::Status;
  } else if (word == "top") {
    request.command = ControlRequest::Command::Top;
  } else if (word == "tail") {
    request.command = ControlRequest::Command::Tail;
  } else {
    return failure(std::string("\"command\" is not status, top or tail"));
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "command") {
      continue;
    }
    if (key != "filter" || request.command != ControlRequest::Command::Tail || !value.is_object()) {
      return failure(std::string("beside \"command\" a request has an object \"filter\" at most, and with tail alone"));
    }
    for (const auto& [kind, values] : value.items()) {
      if (std::string problem = read_kind(kind, values, request.filter); !problem.empty()) {
        return failure(std::move(problem));
      }
    }
  }
  return request;
}

std::string control_error(std::string_view words) {
  return Json{{"error", printable(words, kMaxErrorOctets)}}.dump();
}

}  // namespace assay::observe
