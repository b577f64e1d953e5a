#include <algorithm>
#include <string_view>

#include "cli/reasons.h"
#include "cli/tell.h"
#include "cli/visible.h"
#include "observe/record.h"
#include "verify/arc/trace.h"
#include "verify/base/base64.h"
#include "verify/base/escape.h"
#include "verify/dkim/trace.h"

namespace assay::cli {
namespace {

constexpr std::size_t kDepth = 3;  ///< Of what is told of one signature.

/// Octets of one header hash input that --canonical shows; --dump-canonical writes them all.
constexpr std::size_t kMaxCanonicalOctets = std::size_t{16} << 10U;

const char* to_word(message::Canonicalization canonicalization) {
  return canonicalization == message::Canonicalization::Simple ? "simple" : "relaxed";
}

/// "t=1750000000 (2025-06-15T15:06:40Z)"; a number beyond the year 9999 stands alone.
std::string time_tag(const char* tag, const std::optional<std::uint64_t>& seconds) {
  constexpr std::uint64_t kYear10000 = 253'402'300'800;
  if (!seconds) {
    return std::string("no ") + tag + '=';
  }
  std::string words = std::string(tag) + '=' + std::to_string(*seconds);
  if (*seconds < kYear10000) {
    words += " (" + observe::to_rfc3339(Time{std::chrono::seconds(static_cast<std::int64_t>(*seconds))}) + ')';
  }
  return words;
}

std::string signed_names(const std::vector<std::string>& names) {
  std::string words;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxShown); ++i) {
    words += (i == 0 ? "" : ":") + escape(names[i]);
  }
  return names.size() > kMaxShown ? words + " and " + std::to_string(names.size() - kMaxShown) + " more" : words;
}

/// The tags as read. `covers_body`: not of a seal, which has no c=, h=, l= or x=.
void tell_tags(Teller& teller, const dkim::Signature& signature, bool covers_body) {
  if (!covers_body) {
    teller.line(time_tag("t", signature.timestamp), kDepth);
    return;
  }
  teller.line(std::string("c=") + to_word(signature.header_canonicalization) + '/' +
                  to_word(signature.body_canonicalization) + ", " +
                  (signature.body_length ? "l=" + std::to_string(*signature.body_length) : "no l=") + ", " +
                  time_tag("t", signature.timestamp) + ", " + time_tag("x", signature.expiration),
              kDepth);
  teller.line("h=" + signed_names(signature.signed_headers), kDepth);
}

void tell_key(Teller& teller, const dkim::Trace& trace, const std::optional<unsigned>& bits, bool testing) {
  std::string words = "key at " + escape(trace.key_name) + ": ";
  if (!trace.key) {
    teller.line(words + "not asked for", kDepth);
    return;
  }
  if (*trace.key == dkim::Reason::None) {
    words += bits ? "fits, " + std::to_string(*bits) + " bits" : "fits";
  } else {
    words += teller.paint().bad(in_words(*trace.key));
    words += trace.key_detail.empty() ? "" : " (" + escape(trace.key_detail) + ')';
  }
  words += testing ? ", in test mode (t=y)" : "";
  words += trace.key_records > 1 ? ", of " + std::to_string(trace.key_records) + " records" : "";
  teller.line(words, kDepth);
  teller.line_if("", trace.key_record.empty() ? "" : in_quotes(trace.key_record), kDepth + 1);
}

/// What dkim::check_body() found.
std::string body_words(const Paint& paint, dkim::Reason reason) {
  if (reason == dkim::Reason::None) {
    return paint.good("as signed");
  }
  if (reason == dkim::Reason::UnsignedBody) {
    return paint.doubtful("as signed as far as l= goes; more follows that is not signed");
  }
  return paint.bad(reason == dkim::Reason::BodyShorterThanLength ? "shorter than the part that was signed (l=)"
                                                                 : "changed since it was signed");
}

/// Each check of a signature that is well formed, on a line of its own.
void tell_checks(Teller& teller, const dkim::Trace& trace, bool covers_body) {
  const Paint& paint = teller.paint();
  if (trace.times != dkim::Reason::None) {
    teller.line(std::string("times: ") + paint.bad(in_words(trace.times)), kDepth);
  }
  const char* const subject = covers_body ? "header fields (b=): " : "ARC sets (b=): ";
  std::string headers = "not checked";
  if (trace.headers) {
    headers = *trace.headers == dkim::Reason::None
                  ? paint.good("as signed")
                  : paint.bad("not as signed: changed on the way, or signed with another key");
  }
  teller.line(subject + headers, kDepth);
  teller.line("computed " + encode_base64(trace.header_hash.view()), kDepth + 1);
  if (!covers_body) {
    return;
  }
  teller.line("body (bh=): " + body_words(paint, trace.body), kDepth);
  teller.line("bh=      " + encode_base64(trace.signature->body_hash), kDepth + 1);
  teller.line("computed " + encode_base64(trace.body_hash.view()), kDepth + 1);
}

void tell_canonical(Teller& teller, const dkim::Trace& trace) {
  const std::string_view octets = trace.header_octets;
  teller.line("hashed for b=, " + plural(octets.size(), "octet", "octets") + ':', kDepth);
  for (const std::string& line : visible_lines(octets.substr(0, kMaxCanonicalOctets))) {
    teller.line("| " + line, kDepth);
  }
  if (octets.size() > kMaxCanonicalOctets) {
    teller.line("and " + std::to_string(octets.size() - kMaxCanonicalOctets) + " octets more (--dump-canonical)",
                kDepth);
  }
}

void tell_trace(Teller& teller, const dkim::Trace& trace, const std::optional<unsigned>& bits, bool testing,
                bool covers_body, bool canonical) {
  if (!trace.signature) {
    teller.line("as received: " + escape(trace.field), kDepth);
    return;
  }
  tell_tags(teller, *trace.signature, covers_body);
  tell_key(teller, trace, bits, testing);
  tell_checks(teller, trace, covers_body);
  if (canonical) {
    tell_canonical(teller, trace);
  }
}

void tell_signature(Teller& teller, std::size_t number, const dkim::Outcome& outcome, bool canonical) {
  std::string title = std::to_string(number) + ". " + (outcome.domain.empty() ? "(no domain)" : escape(outcome.domain));
  if (!outcome.selector.empty()) {
    title += ", selector " + escape(outcome.selector);
  }
  if (!outcome.algorithm.empty()) {
    title += ", " + escape(outcome.algorithm);
  }
  teller.line(title + ": " +
              result_words(teller.paint(), dkim::to_string(outcome.status), in_words(outcome.reason), outcome.detail));
  teller.line_if("signs for ", escape(outcome.identity), kDepth);
  if (outcome.trace) {
    tell_trace(teller, *outcome.trace, outcome.key_bits, outcome.testing, true, canonical);
  }
}

const char* to_word(const std::optional<arc::ChainValidation>& chain_validation) {
  if (!chain_validation) {
    return "no cv=";
  }
  switch (*chain_validation) {
    case arc::ChainValidation::Malformed: return "malformed cv=";
    case arc::ChainValidation::None: return "cv=none";
    case arc::ChainValidation::Fail: return "cv=fail";
    case arc::ChainValidation::Pass: return "cv=pass";
  }
  return "";
}

std::string check_words(const Paint& paint, arc::Check check) {
  switch (check) {
    case arc::Check::NotMade: return "not looked at";
    case arc::Check::Holds: return paint.good("holds");
    case arc::Check::Broken: return paint.bad("does not hold");
  }
  return "";
}

/// One of the two signatures of a set.
void tell_part(Teller& teller, const char* field, const std::optional<dkim::Trace>& trace, arc::Check check,
               bool covers_body, bool canonical) {
  if (!trace) {
    teller.line(std::string(field) + ": not looked at", 2);
    return;
  }
  const dkim::Signature& signature = *trace->signature;
  teller.line(std::string(field) + " by " + escape(signature.domain_text) + ", selector " + escape(signature.selector) +
                  ", " + escape(signature.algorithm) + ": " + check_words(teller.paint(), check),
              2);
  tell_trace(teller, *trace, std::nullopt, false, covers_body, canonical);
}

void tell_set(Teller& teller, std::size_t instance, const arc::SetTrace& set, bool canonical) {
  std::string title = "instance " + std::to_string(instance) + ", " + to_word(set.chain_validation);
  if (set.results != 1 || set.message_signatures != 1 || set.seals != 1) {
    title += ": " + teller.paint().bad(std::to_string(set.results) + " ARC-Authentication-Results, " +
                                       std::to_string(set.message_signatures) + " ARC-Message-Signature, " +
                                       std::to_string(set.seals) + " ARC-Seal");
  }
  teller.line(title);
  tell_part(teller, "ARC-Message-Signature", set.message_signature, set.signature_state, true, canonical);
  if (set.relaxed_signature && set.message_signature->signature) {
    tell_part(teller, "the same without c= read as relaxed", set.relaxed_signature, set.signature_state, true,
              canonical);
  }
  tell_part(teller, "ARC-Seal", set.seal, set.seal_state, false, canonical);
}

void tell_claims(Teller& teller, const std::string& who, const std::vector<arc::Claim>& claims) {
  for (std::size_t i = 0; i < std::min(claims.size(), kMaxShown); ++i) {
    const arc::Claim& claim = claims[i];
    std::string words = claim.method + '=' + claim.result;
    for (const auto& [name, value] : claim.properties) {
      words.append(" ").append(name).append("=").append(value);
    }
    teller.line(who + " claims " + escape(words));
  }
  teller.rest(claims.size());
}

}  // namespace

void tell_dkim(Teller& teller, const std::vector<dkim::Outcome>& outcomes, bool canonical) {
  teller.heading("DKIM", outcomes.empty() ? "no signature" : plural(outcomes.size(), "signature", "signatures"));
  for (std::size_t i = 0; i < std::min(outcomes.size(), kMaxShown); ++i) {
    tell_signature(teller, i + 1, outcomes[i], canonical);
  }
  teller.rest(outcomes.size());
}

void tell_arc(Teller& teller, const arc::Outcome& outcome, bool canonical) {
  if (outcome.status == arc::Status::None && outcome.instances == 0) {
    teller.heading("ARC", "no chain");
    return;
  }
  teller.heading(
      "ARC chain, " + plural(outcome.instances, "set", "sets"),
      result_words(teller.paint(), arc::to_string(outcome.status), in_words(outcome.reason), outcome.detail));
  if (outcome.failed_instance != 0) {
    teller.line("broken at instance " + std::to_string(outcome.failed_instance));
  }
  for (std::size_t i = 0; i < outcome.sealers.size(); ++i) {
    teller.line("instance " + std::to_string(i + 1) + " sealed by " + escape(outcome.sealers[i]));
  }
  if (outcome.oldest_pass) {
    teller.line(*outcome.oldest_pass == 0
                    ? "every hop's signature still verifies"
                    : "the message is unchanged since instance " + std::to_string(*outcome.oldest_pass));
  }
  tell_claims(teller, "the first hop", outcome.claims);
  for (std::size_t i = 0; i < outcome.hops.size(); ++i) {
    const std::string who = i == 0 ? "the first hop" : "instance " + std::to_string(i + 1);
    if (!outcome.hops[i].readable) {
      teller.line("what " + who + " claims cannot be read");
    }
    tell_claims(teller, who, outcome.hops[i].claims);
  }
  if (outcome.status == arc::Status::Pass && !outcome.from_signed) {
    teller.line("From is not signed by the last hop: what the first hop claims says nothing of the author");
  }
  if (outcome.trace) {
    for (std::size_t i = 0; i < outcome.trace->sets.size(); ++i) {
      tell_set(teller, i + 1, outcome.trace->sets[i], canonical);
    }
  }
}

}  // namespace assay::cli
