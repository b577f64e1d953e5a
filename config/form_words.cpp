#include "config/form_words.h"

namespace assay::config {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " | ") + word;
  }
  return text;
}

std::string written_list(const Form& form) {
  if (form.element.empty()) {
    return "[]";
  }
  const std::string element = written(form.element.front());
  if (form.count > 0) {
    std::string text = "[" + element;
    for (std::size_t i = 1; i < form.count; ++i) {
      text.append(", ").append(element);
    }
    return text + "]";
  }
  return element.find('|') == std::string::npos ? "[" + element + ", ...]" : "[(" + element + "), ...]";
}

std::string written_plainly(const Form& form) {
  switch (form.kind) {
    case Form::Kind::Text: return form.written;
    case Form::Kind::Words: return join(form.words);
    case Form::Kind::Count: return "NUMBER";
    case Form::Kind::Duration: return "TIME";
    case Form::Kind::Size: return "SIZE";
    case Form::Kind::FileMode: return "MODE";
    case Form::Kind::List: return written_list(form);
    case Form::Kind::Map: return form.keys().empty() ? "{...}" : "";
  }
  return "";
}

}  // namespace

std::string written(const Form& form) {
  if (form.kind == Form::Kind::Words || form.words.empty()) {
    return written_plainly(form);
  }
  return (form.kind == Form::Kind::Map ? "the keys below" : written_plainly(form)) + " | " + join(form.words);
}

std::string bounds(const Form& form) {
  if (form.kind == Form::Kind::List && !form.element.empty()) {
    return bounds(form.element.front());
  }
  return form.least.empty() ? "" : form.least + " to " + form.most;
}

std::string about_with_bounds(const Option& option) {
  const std::string range = bounds(option.form);
  return range.empty() ? option.about : option.about + " " + range + ".";
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!lines.empty() && lines.back().size() + 1 + word.size() <= columns) {
      lines.back().append(" ").append(word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

}  // namespace assay::config
