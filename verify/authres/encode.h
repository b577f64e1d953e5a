#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::authres {

/// Octets of one foreign string that are written; the rest is cut.
constexpr std::size_t kMaxValueOctets = 255;

/// Which octets above 0x7F may stand: none, or well-formed UTF-8 in an internationalized message (RFC 8601 section 2.2
/// by way of RFC 6532).
enum class Charset : bool { Ascii, Utf8 };

/// The one encoder of the field: every string from mail, DNS or configuration passes it. Printable ASCII stays, but for
/// the octets that end or structure something: '"' '\' ';' '=' '(' ')'. They could be quoted, but readers that know no
/// quoted-pair, or split at each ';' or look for "dmarc=pass" anywhere, would be led astray, and no honest name holds
/// one. They, control characters, and what `charset` does not allow (in UTF-8 also C1 controls and invisible format
/// characters) become '?', one for each octet or character. Cut to kMaxValueOctets. The result may stand in a comment.
[[nodiscard]] std::string encode(std::string_view text, Charset charset);

/// `text` encoded, as a token if it is one, else as a quoted-string (which holds no quoted-pair).
[[nodiscard]] std::string encode_value(std::string_view text, Charset charset);

/// As encode_value, and always a quoted-string: base64 has '/', and some of its values would be tokens, others not.
[[nodiscard]] std::string encode_quoted(std::string_view text, Charset charset);

/// `[local-part] "@" domain-name` (RFC 8601 section 2.2), the domain in A-labels. A local-part that is not written
/// without loss is left out. What has no domain of two labels behind its last '@' is a value.
[[nodiscard]] std::string encode_identity(std::string_view text, Charset charset);

}  // namespace assay::authres
