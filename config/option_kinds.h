#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/options.h"
#include "config/print.h"
#include "config/units.h"

// The kinds of options, from which the table is built. `in` is where the value lives: a generic lambda that returns a
// reference into the (const) Settings it gets.

namespace assay::config {

/// A few words, each with its value.
template <class T>
using Words = std::vector<std::pair<const char*, T>>;

/// A text that `check` does not refuse.
struct TextForm {
  Complaint (*check)(std::string_view);
  const char* written;  ///< As Form::written.
  const char* pattern;  ///< As Form::pattern.
  bool any_scalar = false;
};

[[nodiscard]] inline Form form_of(const TextForm& text) {
  return {.kind = Form::Kind::Text, .written = text.written, .pattern = text.pattern, .any_scalar = text.any_scalar};
}

template <class In>
Option text(const char* key, In in, const TextForm& form, const char* about) {
  return {.key = key,
          .about = about,
          .form = form_of(form),
          .read = [key, in, check = form.check](Section& section, Settings& s) { section.text(key, in(s), check); },
          .print = [in](const Settings& s) { return print_text(in(s)); }};
}

/// A text, or the word off, which leaves it empty.
template <class In>
Option text_or_off(const char* key, In in, const TextForm& form, const char* about) {
  Option option{.key = key, .about = about, .form = form_of(form)};
  option.form.words = {"off"};
  option.read = [key, in, check = form.check](Section& section, Settings& s) {
    section.text_or_off(key, in(s), check);
  };
  option.print = [in](const Settings& s) { return print_text_or_off(in(s)); };
  return option;
}

template <class T, class In>
Option choice(const char* key, In in, const Words<T>& words, const char* about) {
  Option option{.key = key, .about = about, .form = {.kind = Form::Kind::Words}};
  for (const auto& word : words) {
    option.form.words.emplace_back(word.first);
  }
  option.read = [key, in, words](Section& section, Settings& s) { section.choice(key, in(s), words); };
  option.print = [in, words](const Settings& s) -> std::optional<std::string> {
    for (const auto& [word, value] : words) {
      if (in(s) == value) {
        return word;
      }
    }
    return std::nullopt;
  };
  return option;
}

// One spelling of each that YAML knows, so that nobody has to remember which reader takes which.

template <class In>
Option on_off(const char* key, In in, const char* about) {
  return choice(key, in, Words<bool>{{"on", true}, {"off", false}}, about);
}

template <class In>
Option true_false(const char* key, In in, const char* about) {
  return choice(key, in, Words<bool>{{"true", true}, {"false", false}}, about);
}

/// A time with its unit; whole seconds where the setting holds seconds.
template <class In, class Duration>
Option duration(const char* key, In in, Duration least, std::type_identity_t<Duration> most, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::Duration, .least = format_duration(least), .most = format_duration(most)},
          .read = [key, in, least, most](Section& section, Settings& s) { section.duration(key, in(s), least, most); },
          .print = [in](const Settings& s) { return format_duration(in(s)); }};
}

template <class In>
Option size(const char* key, In in, std::size_t least, std::size_t most, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::Size, .least = format_size(least), .most = format_size(most)},
          .read = [key, in, least, most](Section& section, Settings& s) { section.size(key, in(s), least, most); },
          .print = [in](const Settings& s) { return format_size(in(s)); }};
}

template <class In>
Option count(const char* key, In in, std::size_t least, std::size_t most, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::Count, .least = std::to_string(least), .most = std::to_string(most)},
          .read = [key, in, least, most](Section& section, Settings& s) { section.count(key, in(s), least, most); },
          .print = [in](const Settings& s) { return std::to_string(in(s)); }};
}

template <class In>
Option file_mode(const char* key, In in, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::FileMode},
          .read = [key, in](Section& section, Settings& s) { section.file_mode(key, in(s)); },
          .print = [in](const Settings& s) { return print_file_mode(in(s)); }};
}

/// What a list consists of.
template <class T>
struct Element {
  Parsed<T> (*parse)(const std::string& text);
  std::string (*print)(const T& value);
  const char* example;  ///< A list of such, for the complaint about what is none.
  Form form;
};

template <class T, class In>
Option list(const char* key, In in, const Element<T>& element, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::List, .element = {element.form}},
          .read = [key, in, parse = element.parse, example = element.example](
                      Section& section, Settings& s) { section.list(key, in(s), example, parse); },
          .print = [in, print = element.print](const Settings& s) { return print_list(in(s), print); }};
}

[[nodiscard]] inline Option map(const char* key, const char* about, std::vector<Option> options) {
  return {
      .key = key,
      .about = about,
      .form = {.kind = Form::Kind::Map, .options = std::make_shared<const std::vector<Option>>(std::move(options))}};
}

}  // namespace assay::config
