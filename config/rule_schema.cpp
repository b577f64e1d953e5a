#include "config/rule_schema.h"

#include <string>
#include <vector>

#include "config/rule_keys.h"

namespace assay::config {
namespace {

using Json = nlohmann::ordered_json;

Json reference(const char* name) {
  return {{"$ref", std::string("#/$defs/") + name}};
}

Json any_of(Json first, Json second) {
  return {{"anyOf", Json::array({std::move(first), std::move(second)})}};
}

/// One value or a list of such.
Json one_or_many(const Json& value) {
  return any_of(value, {{"type", "array"}, {"items", value}});
}

/// A text that may look like a number or a boolean to YAML.
Json any_text() {
  return {{"type", {"string", "number", "boolean"}}};
}

Json words_or_text(const std::vector<std::string>& words) {
  return words.empty() ? any_text() : Json{{"enum", words}};
}

Json described(const RuleKey& key, const Json& value) {
  Json schema{{"description", key.about}};
  schema.update(value);
  return schema;
}

Json values_of(const ConditionKey& condition) {
  switch (condition.form) {
    case policy::Form::Names:
    case policy::Form::Addresses:
    case policy::Form::Networks: return one_or_many({{"type", "string"}, {"minLength", 1}});
    case policy::Form::Words: return one_or_many(words_or_text(condition.key.words));
    case policy::Form::Flag: return {{"type", "boolean"}};
    case policy::Form::FlagOrWords:
      return any_of({{"type", "boolean"}}, one_or_many(words_or_text(condition.key.words)));
  }
  return {};
}

Json map_of(Json properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

Json conditions_schema() {
  Json properties = Json::object();
  for (const ConditionKey& condition : condition_keys()) {
    properties[condition.key.key] = described(condition.key, values_of(condition));
  }
  for (const RuleKey& key : joining_keys()) {
    properties[key.key] = described(
        key, key.key == "not" ? reference("conditions") : Json{{"type", "array"}, {"items", reference("conditions")}});
  }
  return map_of(std::move(properties));
}

/// What must be there of the keys, if any must.
void add_required(const std::vector<RuleKey>& keys, Json& schema) {
  Json required = Json::array();
  for (const RuleKey& key : keys) {
    if (key.is_required) {
      required.push_back(key.key);
    }
  }
  if (!required.empty()) {
    schema["required"] = required;
  }
}

/// An action's word, or a map with it alone.
Json then_schema() {
  Json words = Json::array();
  Json actions = Json::object();
  for (const ActionKey& action : action_keys()) {
    Json parameters = Json::object();
    for (const RuleKey& key : action.parameters) {
      parameters[key.key] = described(key, words_or_text(key.words));
    }
    Json map = map_of(std::move(parameters));
    add_required(action.parameters, map);
    // Alone, the search that goes on would do nothing.
    if (action.action && !map.contains("required")) {
      words.push_back(action.key.key);
    }
    actions[action.key.key] = described(action.key, map);
  }
  Json map = map_of(std::move(actions));
  map["minProperties"] = 1;
  map["maxProperties"] = 1;
  return any_of({{"enum", words}}, std::move(map));
}

Json value_of(const RuleKey& key) {
  if (key.key == "when") {
    return reference("conditions");
  }
  if (key.key == "then") {
    return then_schema();
  }
  if (key.key == "expires") {
    return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}};
  }
  return key.words == std::vector<std::string>{"true", "false"} ? Json{{"type", "boolean"}} : words_or_text(key.words);
}

}  // namespace

RuleSchema rule_schema() {
  Json properties = Json::object();
  for (const RuleKey& key : rule_keys()) {
    properties[key.key] = described(key, value_of(key));
  }
  Json rule = map_of(std::move(properties));
  add_required(rule_keys(), rule);
  return {std::move(rule), conditions_schema()};
}

}  // namespace assay::config
