#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::bench {

/// The result of one method, as an Authentication-Results field says it (RFC 8601 section 2.2).
struct MethodResult {
  std::string method;  ///< In lower case: "dkim".
  std::string result;  ///< In lower case: "pass".
  std::string about;  ///< The property that tells of what: "smtp.helo", or header.d's value; empty if there is neither.
};

/// Reads the value of an Authentication-Results field: comments are skipped, quoted strings taken as they stand. What
/// cannot be read is left out, so that a comparison fails.
[[nodiscard]] std::vector<MethodResult> read_results(std::string_view value);

/// What a filter must say of one message.
struct Expected {
  std::string spf;       ///< Of MAIL FROM; of HELO for the null sender.
  std::string spf_helo;  ///< Of HELO.
  bool null_sender = false;
  std::vector<MethodResult> dkim;  ///< `about`: the domain. In any order.
  std::string arc;
  std::string dmarc;
  std::string iprev;
};

/// How to compare.
struct Comparison {
  bool spf = true;
  bool spf_helo = true;
  bool dkim = true;
  bool arc = true;
  bool dmarc = true;
  bool iprev = true;
  /// Only "pass" and not "pass" are told apart, and only the domains of passing signatures compared: programs differ in
  /// the words for other results, and in whether they write them.
  bool loose = false;
  /// "temperror" is right as well, whatever is expected: for messages that were verified while DNS failed. ARC has no
  /// such result: a chain whose keys cannot be had fails (RFC 8617 sections 4.4 and 5.2).
  bool temperror = false;
};

/// What is wrong with `values` (of all fields that were added to the message) in one line; empty if all is right.
[[nodiscard]] std::string difference(const std::vector<std::string>& values, const Expected& expected,
                                     const Comparison& comparison);

}  // namespace assay::bench
