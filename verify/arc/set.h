#pragma once

#include <cstdint>
#include <string_view>

#include "verify/base/parsed.h"
#include "verify/dkim/tag_list.h"

namespace assay::arc {

/// RFC 8617 section 4.2.1: instances range from 1 to 50.
inline constexpr unsigned kMaxInstance = 50;

/// What an instance is not, when it is none.
struct InstanceError {
  /// The number, if one or two digits stand there that are out of range: 0 or above kMaxInstance.
  unsigned number = 0;
};

/// The instance and the payload of an ARC-Authentication-Results field (section 4.1.1):
/// [CFWS] "i" [CFWS] "=" [CFWS] 1*2DIGIT [CFWS] ";" authres-payload.
struct ResultsField {
  unsigned instance = 0;
  std::string_view payload;  ///< As the value of an Authentication-Results field. A view into the parsed text.
};
[[nodiscard]] Parsed<ResultsField, InstanceError> parse_results(std::string_view value);

/// The instance of an ARC-Message-Signature or ARC-Seal. Its i= may stand anywhere in the list: the ABNF wants it
/// first, existing sealers do not.
[[nodiscard]] Parsed<unsigned, InstanceError> read_instance(const dkim::TagList& tags);

/// cv= of an ARC-Seal (section 3.9): the words match in any case. Missing is the same as malformed: no seal is valid
/// without.
enum class ChainValidation : std::uint8_t { Malformed, None, Fail, Pass };
[[nodiscard]] ChainValidation read_chain_validation(const dkim::TagList& tags);

}  // namespace assay::arc
