#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "verify/dns/answer.h"

namespace assay {

/// The different DNS questions that the evaluation of one message asked: some ten, at worst a few hundred.
class QuestionsAsked {
 public:
  void add(const dns::Question& question) {
    if (std::any_of(asked_.begin(), asked_.end(), [&](const Asked& asked) {
          return asked.type == question.type && name_of(asked) == question.name;
        })) {
      return;
    }
    if (asked_.empty()) {
      asked_.reserve(kUsual);
      names_.reserve(kUsual * kUsualOctets);
    }
    asked_.push_back({question.type, names_.size(), question.name.size()});
    names_ += question.name;
  }
  [[nodiscard]] std::size_t count() const noexcept { return asked_.size(); }

  struct Mark {
    std::size_t questions = 0;
    std::size_t octets = 0;
  };
  [[nodiscard]] Mark mark() const noexcept { return {asked_.size(), names_.size()}; }
  /// As if what was first asked since then had not been.
  void forget_since(const Mark& mark) {
    asked_.resize(mark.questions);
    names_.resize(mark.octets);
  }

 private:
  static constexpr std::size_t kUsual = 16;
  static constexpr std::size_t kUsualOctets = 32;

  struct Asked {
    dns::Type type = dns::Type::TXT;
    std::size_t begin = 0;  ///< In names_.
    std::size_t octets = 0;
  };

  [[nodiscard]] std::string_view name_of(const Asked& asked) const {
    return std::string_view(names_).substr(asked.begin, asked.octets);
  }

  std::vector<Asked> asked_;
  std::string names_;
};

}  // namespace assay
