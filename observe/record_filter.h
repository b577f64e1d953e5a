#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "observe/record.h"
#include "policy/names.h"
#include "verify/base/ip_address.h"
#include "verify/base/parsed.h"

namespace assay::observe {

/// Which records somebody wants to see: those that fit one value of each kind that is given. Nothing given fits all.
class RecordFilter {
 public:
  /// The author's domain, of any author: `example.com`, or `*.example.com` for the names below it.
  [[nodiscard]] Parsed<void> add_from_domain(std::string_view pattern);
  /// An action word: what was done.
  [[nodiscard]] Parsed<void> add_action(std::string_view word);
  /// The rule that decided, or that would have.
  [[nodiscard]] Parsed<void> add_rule(std::string_view name);
  /// METHOD=RESULT. spf is that of MAIL FROM, spf_helo of HELO; dkim fits if any signature has the result, and
  /// dkim=none a message without one; arc, dmarc (of any author), iprev. What was not verified fits none.
  [[nodiscard]] Parsed<void> add_result(std::string_view text);
  /// An address, or a network as ADDRESS/PREFIX.
  [[nodiscard]] Parsed<void> add_client(std::string_view text);

  [[nodiscard]] bool matches(const Record& record) const;

 private:
  enum class Method : std::uint8_t { Spf, SpfHelo, Dkim, Arc, Dmarc, Iprev };
  struct Result {
    Method method;
    std::string word;
  };
  [[nodiscard]] Parsed<void> count();
  [[nodiscard]] bool has_author(const Record& record) const;
  [[nodiscard]] static bool has_result(const Record& record, const Result& result);

  std::size_t values_ = 0;
  policy::NameList from_domains_;
  std::vector<policy::Action> actions_;
  std::vector<std::string> rules_;
  std::vector<Result> results_;
  std::vector<IpNetwork> clients_;
};

/// Values of one filter, of all kinds together: each record is compared with all of them.
inline constexpr std::size_t kMaxFilterValues = 50;

}  // namespace assay::observe
