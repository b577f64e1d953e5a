#include "config/schema.h"

#include <nlohmann/json.hpp>

#include "config/form_words.h"
#include "config/node.h"
#include "config/options.h"
#include "config/rule_schema.h"

namespace assay::config {
namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const Form& form, const Settings& defaults);

/// A few words. Those that readers of YAML 1.1 or 1.2 turn into booleans are allowed as such, too.
Json schema_of_words(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"true", "false"}) {
    return {{"type", "boolean"}};
  }
  Json values = words;
  for (const std::string& word : words) {
    if (word == "on" || word == "off") {
      values.push_back(word == "on");
    }
  }
  return {{"enum", values}};
}

Json schema_of_text(const Form& form) {
  Json schema;
  schema["type"] = form.any_scalar ? Json{"string", "number", "boolean"} : Json("string");
  if (form.pattern.empty()) {
    schema["minLength"] = 1;
  } else {
    schema["pattern"] = form.pattern;
  }
  return schema;
}

/// With a leading 0, which is a number to YAML: a decimal one in version 1.2, an octal one in 1.1.
Json schema_of_file_mode() {
  constexpr int kMostDecimal = 777;
  return {{"anyOf", Json::array({{{"type", "integer"}, {"minimum", 0}, {"maximum", kMostDecimal}},
                                 {{"type", "string"}, {"pattern", "^0[0-7]{3}$"}}})}};
}

Json schema_of_list(const Form& form, const Settings& defaults) {
  Json schema{{"type", "array"}};
  if (form.element.empty()) {
    schema["maxItems"] = 0;
    return schema;
  }
  schema["items"] = schema_of(form.element.front(), defaults);
  if (form.count > 0) {
    schema["minItems"] = form.count;
    schema["maxItems"] = form.count;
  }
  return schema;
}

/// The YAML of a default as JSON.
Json value_of(const Form& form, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::List) {
    Json values = Json::array();
    for (const YamlNode& item : node.items) {
      values.push_back(value_of(form.element.front(), item));
    }
    return values;
  }
  if (form.kind == Form::Kind::Count) {
    return std::stoul(node.text);
  }
  if (form.kind == Form::Kind::Words && (node.text == "true" || node.text == "false")) {
    return node.text == "true";
  }
  return node.text;
}

Json schema_of_option(const Option& option, const Settings& defaults) {
  Json schema;
  if (!option.about.empty()) {
    schema["description"] = about_with_bounds(option);
  }
  schema.update(schema_of(option.form, defaults));
  if (!option.sample.empty()) {
    schema["examples"] = {option.sample};
  } else if (option.print) {
    const auto map = read_yaml(option.key + ": " + option.print(defaults).value());
    schema["default"] = value_of(option.form, map.value().items.at(0));
  }
  return schema;
}

Json schema_of_map(const std::vector<Option>& table, const Settings& defaults) {
  // The only map without a table of options: it has tables of its own.
  if (table.empty()) {
    return {{"$ref", "#/$defs/rule"}};
  }
  Json properties = Json::object();
  for (const Option& option : table) {
    properties[option.key] = schema_of_option(option, defaults);
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Json schema_of_kind(const Form& form, const Settings& defaults) {
  switch (form.kind) {
    case Form::Kind::Text: return schema_of_text(form);
    case Form::Kind::Words: return schema_of_words(form.words);
    case Form::Kind::Count:
      return {{"type", "integer"}, {"minimum", std::stoul(form.least)}, {"maximum", std::stoul(form.most)}};
    case Form::Kind::Duration: return {{"$ref", "#/$defs/time"}};
    case Form::Kind::Size: return {{"$ref", "#/$defs/size"}};
    case Form::Kind::FileMode: return schema_of_file_mode();
    case Form::Kind::List: return schema_of_list(form, defaults);
    case Form::Kind::Map: return schema_of_map(form.keys(), defaults);
  }
  return {};
}

Json schema_of(const Form& form, const Settings& defaults) {
  Json schema = schema_of_kind(form, defaults);
  if (form.kind == Form::Kind::Words || form.words.empty()) {
    return schema;
  }
  return {{"anyOf", Json::array({schema_of_words(form.words), schema})}};
}

}  // namespace

std::string schema_text() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "The configuration of assayd"},
              {"description", "Every key has a default; an empty file is valid."}};
  schema.update(schema_of_map(options(), default_settings("")));
  const RuleSchema rules = rule_schema();
  schema["$defs"] = {{"rule", rules.rule},
                     {"conditions", rules.conditions},
                     {"time", {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h)$"}}},
                     {"size", {{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB)$"}}}};
  constexpr int kIndent = 2;
  return schema.dump(kIndent) + "\n";
}

}  // namespace assay::config
