#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/dns/resolver.h"

namespace assay::fuzz {

/// All DNS there is, from the lines of an input; any octets are some:
///
///   NAME TYPE DATA      a record: TXT, A, AAAA, MX ("10 mx.example.com"), PTR or CNAME; in TXT \n is LF, \0 is NUL
///   NAME TYPE !t        a temporary failure; !b bogus, !0 no data, !x no such name
///
/// NAME `*` stands for every name without a line of that type: one of its lines, picked by the name, so that a record
/// can lead to further records of any name that the fuzzer makes up. As the real resolver does, it gives no name that
/// could not be asked, gives one answer to one question, and keeps what was read from an answer with it.
class FuzzedDns final : public dns::Resolver {
 public:
  /// CNAMEs followed, as resolver::kMaxAliases.
  static constexpr unsigned kMaxAliases = 16;

  explicit FuzzedDns(std::string_view lines);

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;

  /// Whether a PTR record may decide about SPF: by a mechanism ptr or a macro %{p} in one of the texts. RFC 7208
  /// sections 5.5 and 7.3 go on as if nothing stood there when such a lookup fails.
  [[nodiscard]] bool spf_may_skip_failures() const;

 private:
  struct Records {
    std::vector<std::string> data;
  };

  [[nodiscard]] dns::Answer answer(const std::string& name, dns::Type type, unsigned aliases) const;
  [[nodiscard]] bool exists(const std::string& name) const;

  std::map<std::pair<std::string, std::string>, Records> records_;  ///< By name and type, as written but in lower case.
  std::map<dns::Question, dns::AnswerPtr> given_;
};

/// The same DNS in which some lookups fail, those that `mask` picks.
class FailingDns final : public dns::Resolver {
 public:
  /// Bit n of `mask`: names whose hash ends in n fail.
  FailingDns(dns::Resolver& inner, std::uint16_t mask) : inner_(inner), mask_(mask) {}

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;
  /// Whether a lookup failed that `inner` would have answered.
  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

 private:
  dns::Resolver& inner_;
  std::uint16_t mask_;
  bool has_failed_ = false;
};

/// A hash that is the same everywhere, so that an input means the same in every build.
[[nodiscard]] std::uint32_t plain_hash(std::string_view text) noexcept;

}  // namespace assay::fuzz
