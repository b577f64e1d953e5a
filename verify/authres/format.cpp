#include "verify/authres/format.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "verify/authres/encode.h"
#include "verify/base/text.h"

namespace assay::authres {
namespace {

/// Ends each word of a ResInfo. No encoded text holds it.
constexpr char kWordEnd = '\n';

/// One result as words between which the field may be folded.
class ResInfo {
 public:
  ResInfo(std::string_view method, std::string_view result) { property(method, result); }

  /// A property whose value is encoded already; left out if that is empty.
  void property(std::string_view name, std::string_view encoded) {
    if (!encoded.empty()) {
      words_.append(name).append(1, '=').append(encoded).append(1, kWordEnd);
    }
  }

  /// A comment of those parts, which are encoded already; none if there are no parts.
  void comment(const std::vector<std::string>& parts, std::string_view separator = " ") {
    if (parts.empty()) {
      return;
    }
    words_ += '(';
    for (const std::string& part : parts) {
      if (&part != &parts.front()) {
        add_spaced(separator);
      }
      add_spaced(part);
    }
    words_.append(1, ')').append(1, kWordEnd);
  }

  [[nodiscard]] std::size_t octets() const { return words_.size(); }
  /// Each with a kWordEnd behind it.
  [[nodiscard]] std::string_view words() const { return words_; }

 private:
  /// Text that may be folded at its spaces.
  void add_spaced(std::string_view text) {
    for (const char c : text) {
      if (c != ' ') {
        words_ += c;
      } else if (words_.back() != kWordEnd) {
        words_ += kWordEnd;
      }
    }
  }

  std::string words_;
};

constexpr std::size_t kLineOctets = 78;  ///< RFC 5322 section 2.1.1.

/// Puts the words in lines, each result at the start of one, with ';' between the results.
std::string fold(std::string out, const std::vector<ResInfo>& results) {
  for (const ResInfo& result : results) {
    const bool is_last = &result == &results.back();
    std::size_t column = kLineOctets;
    for (std::string_view words = result.words(); !words.empty();) {
      const std::string_view word = words.substr(0, words.find(kWordEnd));
      words.remove_prefix(word.size() + 1);
      const bool has_separator = words.empty() && !is_last;
      const std::size_t octets = 1 + word.size() + (has_separator ? 1 : 0);
      const bool fits = column + octets <= kLineOctets;
      out += fits ? " " : "\n ";
      out += word;
      out += has_separator ? ";" : "";
      column = (fits ? column : 0) + octets;
    }
  }
  return out;
}

/// A name that was written in U-labels keeps them in internationalized messages alone; elsewhere its A-labels stand, so
/// that different names stay different (RFC 8616 section 3).
std::string encode_name(std::string_view text, Charset charset) {
  if (charset == Charset::Ascii && !is_ascii(text)) {
    if (const auto name = Domain::parse(text)) {
      return name->str();
    }
  }
  return encode_value(text, charset);
}

/// Whether i= is "@d" (RFC 6376 section 3.5).
bool is_default_identity(const dkim::Outcome& signature) {
  const std::string_view identity = signature.identity;
  return identity.starts_with('@') && iequals(identity.substr(1), signature.domain);
}

/// Writes the results of one Verdict.
class Writer {
 public:
  Writer(const Verdict& verdict, const Stamp& stamp)
      : verdict_(verdict), stamp_(stamp), charset_(stamp.internationalized ? Charset::Utf8 : Charset::Ascii) {}

  [[nodiscard]] std::string write() && {
    if (verdict_.exceeded) {
      add_exceeded(*verdict_.exceeded);
    } else {
      add_spf();
      add_dkim();
      add_dmarc();
      add_arc();
      add_iprev();
    }
    return fold(encode_name(stamp_.authserv_id, charset_) + ";", results_);
  }

 private:
  /// permerror is "unrecoverable, such as a required header field being absent" (section 2.7.1): nothing that was not
  /// read can verify. Methods that need no header have not run either, and are left out.
  void add_exceeded(Bound bound) {
    const std::string reason = std::string(to_string(bound)) + " exceeded";
    results_.emplace_back("dkim", "permerror").comment({reason});
    std::vector<std::string> parts{reason};
    add_decision(parts);
    results_.emplace_back("dmarc", "permerror").comment(parts);
  }

  void add_spf() {
    // The HELO identity is a result of its own if there was anything to check. For the null sender both identities are
    // one: "postmaster@" and the HELO name (RFC 7208 section 2.4), and their results are the same.
    const bool checked_helo =
        verdict_.spf_helo.reason != spf::Reason::NoIdentity && verdict_.spf_helo.reason != spf::Reason::InvalidDomain;
    if (checked_helo && !stamp_.null_sender) {
      add_spf_identity(verdict_.spf_helo, "smtp.helo");
    }
    add_spf_identity(verdict_.spf_mail_from, stamp_.null_sender ? "smtp.helo" : "smtp.mailfrom");
  }

  /// The domain alone: the local-part is not authenticated (section 2.7.2).
  void add_spf_identity(const spf::Outcome& outcome, std::string_view property) {
    ResInfo& result = results_.emplace_back("spf", spf::to_string(outcome.status));
    if (const char* reason = spf::to_string(outcome.reason)) {
      result.comment({reason});
    }
    result.property(property, outcome.domain.empty() ? std::string{} : encode_value(outcome.domain, charset_));
  }

  /// In the order of the message, as many as the bounds allow.
  void add_dkim() {
    if (verdict_.dkim.empty()) {
      results_.emplace_back("dkim", "none");
      return;
    }
    std::vector<Shown> shown = shown_signatures();
    for (Shown& signature : shown) {
      results_.push_back(std::move(signature.result));
    }
    if (const std::size_t more = verdict_.dkim.size() - shown.size()) {
      results_.back().comment({"more signatures: " + std::to_string(more)});
    }
  }

  /// A signature that is shown, written.
  struct Shown {
    const dkim::Outcome* signature;
    ResInfo result;
  };

  /// RFC 6376 section 3.9: "For each signature that verifies successfully or produces a TEMPFAIL result, output of the
  /// DKIM algorithm MUST include" its domain, so that no number of others above it hides it.
  [[nodiscard]] std::vector<Shown> shown_signatures() const {
    std::vector<const dkim::Outcome*> candidates;
    candidates.reserve(verdict_.dkim.size());
    for (const dkim::Outcome& signature : verdict_.dkim) {
      candidates.push_back(&signature);
    }
    std::stable_partition(candidates.begin(), candidates.end(), [](const dkim::Outcome* signature) {
      return signature->status == dkim::Status::Pass || signature->status == dkim::Status::TempError;
    });
    std::vector<Shown> shown;
    std::size_t octets = 0;
    for (const dkim::Outcome* signature : candidates) {
      ResInfo result = read_signature(*signature);
      octets += result.octets();
      if (shown.size() == kMaxSignaturesShown || octets > kMaxSignatureOctets) {
        break;
      }
      shown.push_back({signature, std::move(result)});
    }
    // In the order of the message: all stand in one vector.
    std::sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) { return a.signature < b.signature; });
    return shown;
  }

  [[nodiscard]] ResInfo read_signature(const dkim::Outcome& signature) const {
    ResInfo result("dkim", dkim::to_string(signature.status));
    std::vector<std::string> parts;
    if (const char* reason = dkim::to_string(signature.reason)) {
      parts.emplace_back(reason);
    }
    if (signature.key_bits) {
      parts.push_back(std::to_string(*signature.key_bits) + "-bit key");
    }
    if (signature.testing) {
      parts.emplace_back("test key");  // RFC 6376 section 3.6.1
    }
    result.comment(parts, ", ");
    if (signature.signing_domain || !signature.domain.empty()) {
      result.property("header.d", signature.signing_domain ? signature.signing_domain->str()
                                                           : encode_value(signature.domain, charset_));
    }
    if (!signature.identity.empty() && !is_default_identity(signature)) {
      result.property("header.i", encode_identity(signature.identity, charset_));
    }
    if (!signature.selector.empty()) {
      result.property("header.s", encode_name(signature.selector, charset_));
    }
    if (!signature.algorithm.empty()) {
      result.property("header.a", encode_value(signature.algorithm, charset_));
    }
    if (!signature.signature_start.empty()) {
      result.property("header.b", encode_quoted(unique_start(signature), charset_));
    }
    return result;
  }

  /// "At least eight characters, more if needed to be unique" (RFC 6008 section 3), as far as there are more.
  [[nodiscard]] std::string_view unique_start(const dkim::Outcome& signature) const {
    constexpr std::size_t kLeast = 8;
    const std::string_view own = signature.signature_start;
    std::size_t length = kLeast;
    for (const dkim::Outcome& other : verdict_.dkim) {
      const std::string_view start = other.signature_start;
      if (&other != &signature) {
        const auto difference = std::mismatch(own.begin(), own.end(), start.begin(), start.end()).first;
        length = std::max(length, static_cast<std::size_t>(difference - own.begin()) + 1);
      }
    }
    return own.substr(0, length);
  }

  void add_decision(std::vector<std::string>& parts) const {
    if (!stamp_.action.empty()) {
      parts.push_back("dis=" + encode(stamp_.action, charset_));
    }
    if (!stamp_.rule.empty()) {
      parts.push_back("rule=" + encode(stamp_.rule, charset_));
    }
    if (!stamp_.would.empty()) {
      parts.push_back("would=" + encode(stamp_.would, charset_));
      if (!stamp_.would_rule.empty() && stamp_.would_rule != stamp_.rule) {
        parts.push_back("by=" + encode(stamp_.would_rule, charset_));
      }
    }
  }

  void add_dmarc() {
    add_dmarc_author(verdict_.dmarc, true);
    const auto& others = verdict_.other_authors;
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (i + 1 == kMaxAuthorsShown) {
        results_.back().comment({"more author domains: " + std::to_string(others.size() - i)});
        return;
      }
      add_dmarc_author(others[i], false);
    }
  }

  void add_dmarc_author(const dmarc::Outcome& outcome, bool decides) {
    ResInfo& result = results_.emplace_back("dmarc", dmarc::to_string(outcome.status));
    std::vector<std::string> parts;
    if (outcome.published) {
      parts.push_back(std::string("p=") + dmarc::to_string(*outcome.published));
    }
    if (outcome.testing) {
      parts.emplace_back("t=y");
    }
    // That a failure is one of alignment is what `fail` says.
    if (const char* reason = dmarc::to_string(outcome.reason);
        reason != nullptr && outcome.reason != dmarc::Reason::NotAligned) {
      parts.emplace_back(reason);
    }
    if (decides) {
      add_decision(parts);
    }
    result.comment(parts);
    result.property("header.from", outcome.author ? outcome.author->str() : std::string{});
    result.property("policy.dmarc", outcome.policy ? dmarc::to_string(*outcome.policy) : "");
  }

  void add_arc() {
    const arc::Outcome& outcome = verdict_.arc;
    ResInfo& result = results_.emplace_back("arc", arc::to_string(outcome.status));
    if (outcome.status == arc::Status::None) {
      return;
    }
    std::vector<std::string> parts;
    if (outcome.instances != 0) {
      parts.push_back("i=" + std::to_string(outcome.instances));
    }
    if (!outcome.sealers.empty()) {
      parts.push_back("d=" + encode(outcome.sealers.back(), charset_));
    }
    if (const char* reason = arc::to_string(outcome.reason)) {
      parts.emplace_back(reason);
    }
    result.comment(parts);
    // RFC 8617 section 10.2. The address goes last: a widespread reader (Python's authres) drops a quoted value that is
    // followed by another property.
    result.property("header.oldest-pass", outcome.oldest_pass ? std::to_string(*outcome.oldest_pass) : std::string{});
    result.property("smtp.remote-ip", client());
  }

  void add_iprev() {
    if (!verdict_.iprev) {
      return;
    }
    ResInfo& result = results_.emplace_back("iprev", iprev::to_string(verdict_.iprev->status));
    result.property("policy.iprev", client());
    if (!verdict_.iprev->name.empty()) {
      result.comment({encode(verdict_.iprev->name, charset_)});
    }
  }

  /// An IPv6 address is no token.
  [[nodiscard]] std::string client() const {
    return stamp_.client ? encode_value(stamp_.client->to_string(), charset_) : std::string{};
  }

  const Verdict& verdict_;
  const Stamp& stamp_;
  Charset charset_;
  std::vector<ResInfo> results_;
};

}  // namespace

std::string format(const Verdict& verdict, const Stamp& stamp) {
  return Writer(verdict, stamp).write();
}

std::string format_unverified(std::string_view authserv_id, std::string_view authenticated_user) {
  const std::string id = encode_name(authserv_id, Charset::Ascii) + ";";
  if (authenticated_user.empty()) {
    return id + " none";
  }
  const std::string user = " smtp.auth=" + encode_identity(authenticated_user, Charset::Ascii);
  const std::string line = id + " auth=pass" + user;
  constexpr std::string_view kName = "Authentication-Results: ";
  return kName.size() + line.size() <= kLineOctets ? line : id + "\n auth=pass\n" + user;
}

}  // namespace assay::authres
