#include "verify/dkim/signature.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "verify/base/base64.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"
#include "verify/dns/answer.h"

namespace assay::dkim {
namespace {

/// Octets of a tag that are quoted in a report when the field is unusable: no name in DNS is longer.
constexpr std::size_t kMaxReportedOctets = 255;
/// Octets of b= kept for header.b of Authentication-Results: at least 8 (RFC 6008), more to tell signatures apart.
constexpr std::size_t kSignatureStartOctets = 16;
/// Octets of b= and bh= as they stand there, folds included: four times what an RSA key of 16,384 bits makes.
constexpr std::size_t kMaxBase64Octets = 11'000;
/// Digits of l=, t= and x= (RFC 6376 section 3.5, l=).
constexpr std::size_t kMaxDigits = 76;

using crypto::Hash;
using message::Canonicalization;

std::string without_fws(std::string_view text, std::size_t max_octets = std::string::npos) {
  std::string result;
  result.reserve(std::min(text.size(), max_octets));
  for (const char c : text) {
    if (result.size() == max_octets) {
      break;
    }
    if (!is_crlf_or_wsp(c)) {
      result += c;
    }
  }
  return result;
}

/// 1*76DIGIT. A value that does not fit is as good as infinite (section 3.5, t= and l=).
std::optional<std::uint64_t> parse_number(std::string_view text) {
  constexpr std::uint64_t kInfinite = std::numeric_limits<std::uint64_t>::max();
  if (text.empty() || text.size() > kMaxDigits) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kInfinite - digit) / 10 ? kInfinite : value * 10 + digit;
  }
  return value;
}

/// sig-a-tag-alg = sig-a-tag-k "-" sig-a-tag-h, both ALPHA *(ALPHA / DIGIT)
bool is_algorithm_name(std::string_view text) {
  const auto is_word = [](std::string_view word) {
    return is_hyphenated_word(word) && word.find('-') == std::string_view::npos;
  };
  const auto dash = text.find('-');
  return dash != std::string_view::npos && is_word(text.substr(0, dash)) && is_word(text.substr(dash + 1));
}

/// field-name of RFC 5322 section 3.6.8, or nothing.
bool is_field_name_or_empty(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

/// sub-domain = Let-dig [Ldh-str] (RFC 5321 section 4.1.2): no hyphen at either end of a label.
bool has_hyphen_at_edge(std::string_view name) {
  return name.front() == '-' || name.back() == '-' || name.find(".-") != std::string_view::npos ||
         name.find("-.") != std::string_view::npos;
}

/// d=, s= and the domain of i=: sub-domains of RFC 5321 as A-labels or U-labels (RFC 8616 section 5), with the "_" that
/// signers use; no final dot, in none of the forms that IDNA takes for one.
std::optional<Domain> parse_name(std::string_view text) {
  auto name = Domain::parse(text);
  const bool ends_in_dot = text.ends_with('.') || text.ends_with("\xE3\x80\x82") || text.ends_with("\xEF\xBC\x8E") ||
                           text.ends_with("\xEF\xBD\xA1");
  return name && !ends_in_dot && !has_hyphen_at_edge(name->str()) ? std::optional(*std::move(name)) : std::nullopt;
}

/// hex-octet of dkim-quoted-printable: upper case alone (section 2.11).
std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) {
    return static_cast<unsigned>(c - '0');
  }
  return c >= 'A' && c <= 'F' ? std::optional(static_cast<unsigned>(c - 'A') + 10U) : std::nullopt;
}

/// dkim-quoted-printable (section 2.11) after its FWS was removed.
std::optional<std::string> decode_quoted_printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      result += text[i];
      continue;
    }
    if (text.size() - i < 3) {
      return std::nullopt;
    }
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) {
      return std::nullopt;
    }
    result += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return result;
}

/// Quoted-string of RFC 5321.
bool is_quoted_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') {
    return false;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      return i + 1 == text.size();
    }
    if (text[i] == '\\' && ++i == text.size()) {
      return false;
    }
    if (is_control(text[i])) {
      return false;
    }
  }
  return false;
}

/// Local-part of RFC 5321 with the UTF-8 of RFC 8616 section 5. Where the dots stand is not checked: "the local-part
/// MAY be drawn from a namespace unrelated to any mailbox", and nothing here depends on it.
bool is_local_part(std::string_view text) {
  constexpr std::string_view kPunctuation = ".!#$%&'*+-/=?^_`{|}~";
  const bool is_dot_string = std::all_of(text.begin(), text.end(), [kPunctuation](char c) {
    return is_alnum(c) || !is_ascii(c) || kPunctuation.find(c) != std::string_view::npos;
  });
  return is_utf8(text) && (is_dot_string || is_quoted_string(text));
}

/// Reads one field tag by tag; the first fault ends the reading.
class Reader {
 public:
  Reader(const TagList& tags, SignatureField field, const Limits& limits)
      : tags_(tags), field_(field), limits_(limits) {}

  Parsed<Signature, SignatureError> read() && {
    if (read_all()) {
      return std::move(signature_);
    }
    error_.domain = reported("d", kMaxReportedOctets);
    error_.selector = reported("s", kMaxReportedOctets);
    error_.algorithm = reported("a", kMaxReportedOctets);
    error_.signature_start = reported("b", kSignatureStartOctets);
    return failure(std::move(error_));
  }

 private:
  bool read_all() {
    if (tags_.error()) {
      return syntax_error(tags_.error()->what);
    }
    if (!(read_version() && read_algorithm() && read_base64("b", signature_.signature) && read_names() &&
          read_number("t", signature_.timestamp))) {
      return false;
    }
    signature_.signature_start = reported("b", kSignatureStartOctets);
    if (field_ == SignatureField::ArcSeal) {
      signature_.header_canonicalization = Canonicalization::Relaxed;  // RFC 8617 section 4.1.3.
      return true;
    }
    return read_body_hash() && read_signed_headers() && read_canonicalizations() && read_query_methods() &&
           read_number("l", signature_.body_length) && read_expiration() && read_identity();
  }

  bool fail(Reason reason, std::string detail) {
    error_.reason = reason;
    error_.detail = std::move(detail);
    return false;
  }
  bool syntax_error(std::string detail) { return fail(Reason::SignatureSyntax, std::move(detail)); }

  bool required(std::string_view name, std::string_view& value) {
    const auto found = tags_.find(name);
    value = found.value_or(std::string_view{});
    return found || fail(Reason::MissingTag, std::string(name) + "= is missing");
  }

  [[nodiscard]] std::string reported(std::string_view name, std::size_t max_octets) const {
    return without_fws(tags_.find(name).value_or(std::string_view{}), max_octets);
  }

  bool read_version() {
    if (field_ != SignatureField::Dkim) {
      return true;  // RFC 8617 section 4.1.2: "if seen, a version tag MUST be ignored".
    }
    std::string_view value;
    if (!tags_.find("v") && limits_.allow_missing_version) {
      return true;
    }
    return required("v", value) && (value == "1" || fail(Reason::UnsupportedVersion, "v= is not 1"));
  }

  bool read_algorithm() {
    std::string_view value;
    if (!required("a", value)) {
      return false;
    }
    signature_.algorithm = value;
    if (iequals(value, "rsa-sha256")) {
      return true;
    }
    if (iequals(value, "ed25519-sha256")) {
      signature_.key_kind = crypto::PublicKey::Kind::Ed25519;
      return true;
    }
    if (iequals(value, "rsa-sha1")) {
      signature_.hash = Hash::Sha1;
      // RFC 8301 section 3.1: "rsa-sha1 MUST NOT be used for signing or verifying".
      return limits_.allow_sha1 || fail(Reason::WeakHash, "rsa-sha1 is no longer verified");
    }
    return is_algorithm_name(value) ? fail(Reason::UnsupportedAlgorithm, "a= names an unknown algorithm")
                                    : syntax_error("a= is malformed");
  }

  bool read_base64(std::string_view name, std::vector<std::uint8_t>& octets) {
    std::string_view value;
    if (!required(name, value)) {
      return false;
    }
    if (value.size() > kMaxBase64Octets) {
      return syntax_error(std::string(name) + "= is longer than " + std::to_string(kMaxBase64Octets) + " octets");
    }
    auto decoded = decode_base64(value);
    if (!decoded || decoded->empty()) {
      return syntax_error(std::string(name) + "= is no base64 text");
    }
    octets = *std::move(decoded);
    return true;
  }

  bool read_names() {
    std::string_view domain;
    std::string_view selector;
    if (!required("d", domain) || !required("s", selector)) {
      return false;
    }
    signature_.domain_text = domain;
    signature_.selector = selector;
    signature_.domain = parse_name(domain);
    signature_.selector_name = parse_name(selector);
    // domain-name = sub-domain 1*("." sub-domain)
    if (!signature_.domain || signature_.domain->label_count() < 2) {
      return syntax_error("d= is no domain name");
    }
    if (!signature_.selector_name) {
      return syntax_error("s= is no selector");
    }
    // Section 3.5, d=: the key record must stand at a valid DNS name.
    return dns::is_askable(key_name(*signature_.selector_name, *signature_.domain)) ||
           fail(Reason::NoKey, "the name of the key is too long for DNS");
  }

  /// A number may be absent, which is neither empty nor zero.
  bool read_number(std::string_view name, std::optional<std::uint64_t>& number) {
    const auto value = tags_.find(name);
    if (!value) {
      return true;
    }
    number = parse_number(*value);
    return number || syntax_error(std::string(name) + "= is no number");
  }

  bool read_expiration() {
    if (!read_number("x", signature_.expiration)) {
      return false;
    }
    // Section 3.5: "MUST be greater than the value of the "t=" tag if both are present".
    const bool is_before =
        signature_.timestamp && signature_.expiration && *signature_.expiration <= *signature_.timestamp;
    return !is_before || syntax_error("x= is not after t=");
  }

  bool read_body_hash() {
    constexpr std::size_t kSha1Octets = 20;
    constexpr std::size_t kSha256Octets = 32;
    if (!read_base64("bh", signature_.body_hash)) {
      return false;
    }
    return signature_.body_hash.size() == (signature_.hash == Hash::Sha1 ? kSha1Octets : kSha256Octets) ||
           syntax_error("bh= has not the length of its hash");
  }

  bool read_signed_headers() {
    std::string_view value;
    if (!required("h", value)) {
      return false;
    }
    const auto names = split_colons(value, limits_.signed_header_names + 1);
    if (names.size() > limits_.signed_header_names) {
      return syntax_error("h= lists more than " + std::to_string(limits_.signed_header_names) + " names");
    }
    // The ARC test suite passes empty names and an empty list in an ARC-Message-Signature.
    const bool may_be_empty = field_ == SignatureField::ArcMessageSignature;
    if (names.empty() && !may_be_empty) {
      return syntax_error("h= is empty");
    }
    signature_.signed_headers.reserve(names.size());
    for (const std::string_view name : names) {
      if (!is_field_name_or_empty(name) || (name.empty() && !may_be_empty)) {
        return syntax_error("h= is malformed");
      }
      signature_.signed_headers.emplace_back(name);
    }
    const bool signs_from =
        std::any_of(names.begin(), names.end(), [](std::string_view name) { return iequals(name, "from"); });
    return signs_from || field_ != SignatureField::Dkim ||
           fail(Reason::FromNotSigned, "h= does not list From");  // Section 6.1.1.
  }

  bool read_canonicalization(std::string_view name, Canonicalization& canonicalization) {
    if (iequals(name, "simple") || iequals(name, "relaxed")) {
      canonicalization = iequals(name, "simple") ? Canonicalization::Simple : Canonicalization::Relaxed;
      return true;
    }
    return is_hyphenated_word(name) ? fail(Reason::UnsupportedCanonicalization, "c= names an unknown canonicalization")
                                    : syntax_error("c= is malformed");
  }

  /// Default simple/simple; "relaxed" alone is relaxed/simple; empty is malformed.
  bool read_canonicalizations() {
    const auto value = tags_.find("c");
    if (!value) {
      return true;
    }
    const auto slash = value->find('/');
    return read_canonicalization(value->substr(0, slash), signature_.header_canonicalization) &&
           (slash == std::string_view::npos ||
            read_canonicalization(value->substr(slash + 1), signature_.body_canonicalization));
  }

  /// "dns/txt" must be among the methods; unknown ones are ignored (section 3.5).
  bool read_query_methods() {
    const auto value = tags_.find("q");
    if (!value) {
      return true;
    }
    bool knows_one = false;
    for (const std::string_view method : split_colons(*value, value->size())) {
      if (!is_hyphenated_word(method.substr(0, method.find('/')))) {
        return syntax_error("q= is malformed");
      }
      knows_one = knows_one || iequals(method, "dns/txt");
    }
    return knows_one || (value->empty() ? syntax_error("q= is empty")
                                        : fail(Reason::UnsupportedQuery, "q= names unknown methods alone"));
  }

  bool read_identity() {
    if (field_ != SignatureField::Dkim) {
      return true;  // There i= is the instance.
    }
    const auto value = tags_.find("i");
    if (!value) {
      // Section 6.1.1: as though the value were "@d".
      signature_.identity = "@" + signature_.domain_text;
      signature_.identity_domain = signature_.domain;
      return true;
    }
    signature_.identity = without_fws(*value);
    const auto decoded = decode_quoted_printable(signature_.identity);
    const auto at = decoded ? decoded->rfind('@') : std::string::npos;
    if (at == std::string::npos || !is_local_part(std::string_view(*decoded).substr(0, at))) {
      return syntax_error("i= is malformed");
    }
    signature_.identity_domain = parse_name(std::string_view(*decoded).substr(at + 1));
    if (!signature_.identity_domain) {
      return syntax_error("i= names no domain");
    }
    return signature_.identity_domain->is_within(*signature_.domain) ||
           fail(Reason::IdentityMismatch, "i= is not within d=");  // Section 6.1.1.
  }

  const TagList& tags_;
  SignatureField field_;
  const Limits& limits_;
  Signature signature_;
  SignatureError error_;
};

}  // namespace

std::string key_name(const Domain& selector, const Domain& domain) {
  constexpr std::string_view kBetween = "._domainkey.";
  std::string name;
  name.reserve(selector.str().size() + kBetween.size() + domain.str().size());
  return name.append(selector.str()).append(kBetween).append(domain.str());
}

Parsed<Signature, SignatureError> parse_signature(std::string_view value, const Limits& limits) {
  return read_signature(TagList::parse(value, limits.tags), SignatureField::Dkim, limits);
}

Parsed<Signature, SignatureError> read_signature(const TagList& tags, SignatureField field, const Limits& limits) {
  return Reader(tags, field, limits).read();
}

}  // namespace assay::dkim
