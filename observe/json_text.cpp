#include "observe/json_text.h"

#include <algorithm>

namespace assay::observe {

JsonText::JsonText(std::string_view value) {
  text_.reserve(value.size() + 2);
  text_ += '"';
  while (!value.empty()) {
    const std::size_t plain = std::min(value.find_first_of("\"\\"), value.size());
    text_.append(value, 0, plain);
    value.remove_prefix(plain);
    if (!value.empty()) {
      text_ += '\\';
      text_ += value.front();
      value.remove_prefix(1);
    }
  }
  text_ += '"';
}

JsonText::JsonText(std::initializer_list<Member> members) : text_("{}") {
  constexpr std::size_t kQuotesColonAndComma = 4;
  std::size_t octets = text_.size();
  for (const Member& member : members) {
    octets += member.key.size() + member.value.text_.size() + kQuotesColonAndComma;
  }
  text_.reserve(octets);
  for (const Member& member : members) {
    add(member.key, member.value);
  }
}

void JsonText::add(std::string_view key, const JsonText& value) {
  begin_element();
  text_.append("\"").append(key).append("\":").append(value.text_).append("}");
}

void JsonText::push_back(const JsonText& value) {
  begin_element();
  text_.append(value.text_).append("]");
}

void JsonText::begin_element() {
  text_.pop_back();
  if (text_.size() > 1) {
    text_ += ',';
  }
}

}  // namespace assay::observe
