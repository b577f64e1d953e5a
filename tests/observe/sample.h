#pragma once

#include <functional>
#include <string>
#include <vector>

#include "observe/record.h"

namespace assay::test {

/// A record in which every member says something.
[[nodiscard]] observe::Record sample_record();

/// Every string of a record that somebody else may have chosen, by name.
struct StringField {
  const char* name;
  std::function<void(observe::Record&, const std::string&)> set;
};
[[nodiscard]] const std::vector<StringField>& string_fields();

/// Strings that together hold every octet alone, after text, before text, and after a lead octet of UTF-8.
[[nodiscard]] const std::vector<std::string>& odd_strings();

}  // namespace assay::test
