#include "cli/summary.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "cli/reasons.h"
#include "observe/printable.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

constexpr std::size_t kLabelColumns = 10;
constexpr std::size_t kResultColumns = 12;
constexpr std::size_t kMaxFieldOctets = std::size_t{64} << 10U;
/// Signatures that are listed each; hostile mail can have thousands.
constexpr std::size_t kMaxSignatures = 20;

std::string spaces_after(std::string_view word, std::size_t columns) {
  constexpr std::size_t kLeast = 2;  // after a word that fills its column
  return std::string(std::max(columns, word.size() + kLeast) - word.size(), ' ');
}

/// "spf       pass        example.com, ip4:192.0.2.0/24"
std::string row(std::string_view label, std::string_view result, const std::string& words, const Paint& paint) {
  std::string line = paint.bold(label) + spaces_after(label, kLabelColumns) + paint.result(result);
  if (!words.empty()) {
    line += spaces_after(result, kResultColumns) + words;
  }
  return line + '\n';
}

void add(std::string& words, std::string_view more) {
  if (!more.empty()) {
    words += words.empty() ? "" : ", ";
    words += more;
  }
}

/// The reason in words, and the detail in brackets.
std::string because(std::string_view reason, const std::string& detail) {
  std::string words(reason);
  if (!detail.empty()) {
    words += words.empty() ? escape(detail) : " (" + escape(detail) + ')';
  }
  return words;
}

std::string spf_words(const char* identity, const spf::Outcome& outcome) {
  std::string words;
  if (!outcome.domain.empty()) {
    words = std::string(identity) + ' ' + escape(outcome.domain);
  }
  add(words, escape(outcome.mechanism));
  add(words, because(in_words(outcome.reason), outcome.detail));
  return words;
}

std::string dkim_words(const dkim::Outcome& outcome) {
  std::string words = escape(outcome.domain);
  if (!outcome.selector.empty()) {
    add(words, "selector " + escape(outcome.selector));
  }
  add(words, escape(outcome.algorithm));
  if (outcome.key_bits) {
    add(words, std::to_string(*outcome.key_bits) + " bits");
  }
  add(words, outcome.testing ? "key in test mode" : "");
  add(words, because(in_words(outcome.reason), outcome.detail));
  return words;
}

std::string arc_words(const arc::Outcome& outcome) {
  std::string words;
  if (outcome.instances != 0) {
    words = std::to_string(outcome.instances) + (outcome.instances == 1 ? " set" : " sets");
  }
  if (!outcome.sealers.empty()) {
    add(words, "newest seal by " + escape(outcome.sealers.back()));
  }
  add(words, because(in_words(outcome.reason), outcome.detail));
  return words;
}

std::string dmarc_words(const dmarc::Outcome& outcome) {
  std::string words;
  if (outcome.author) {
    words = escape(outcome.author->str());
  }
  if (outcome.policy) {
    std::string policy = "policy " + std::string(dmarc::to_string(*outcome.policy));
    if (outcome.published && *outcome.published != *outcome.policy) {
      policy += " (published: " + std::string(dmarc::to_string(*outcome.published)) + ", in test mode)";
    }
    add(words, policy);
  }
  if (outcome.spf_aligned || outcome.dkim_aligned) {
    add(words, std::string("aligned: ") + (outcome.spf_aligned ? "SPF" : "") +
                   (outcome.spf_aligned && outcome.dkim_aligned ? " and " : "") + (outcome.dkim_aligned ? "DKIM" : ""));
  }
  add(words, because(in_words(outcome.reason), outcome.detail));
  return words;
}

std::string decision_words(const policy::Decision& decision) {
  std::string words = "rule " + escape(decision.rule);
  if (decision.quarantine) {
    add(words, std::string("by ") + policy::to_string(decision.quarantine->how));
  }
  if (decision.would) {
    const bool is_same_rule = decision.would_rule.empty() || decision.would_rule == decision.rule;
    add(words, std::string("would be ") + policy::to_string(*decision.would) +
                   (is_same_rule ? "" : " by rule " + escape(decision.would_rule)) + " if enforced");
  }
  if (decision.reply) {
    add(words, std::to_string(decision.reply->code) + ' ' + escape(decision.reply->enhanced) + ' ' +
                   escape(decision.reply->text));
  }
  return words;
}

std::string dkim_rows(const std::vector<dkim::Outcome>& outcomes, const Paint& paint) {
  if (outcomes.empty()) {
    return row("dkim", "none", "no signature", paint);
  }
  std::string rows;
  for (std::size_t i = 0; i < std::min(outcomes.size(), kMaxSignatures); ++i) {
    rows += row(i == 0 ? "dkim" : "", dkim::to_string(outcomes[i].status), dkim_words(outcomes[i]), paint);
  }
  if (outcomes.size() > kMaxSignatures) {
    rows += std::string(kLabelColumns, ' ') + "and " + std::to_string(outcomes.size() - kMaxSignatures) + " more\n";
  }
  return rows;
}

}  // namespace

std::string summary(const observe::Record& record, const Paint& paint) {
  const Verdict& verdict = record.verdict;
  std::string text;
  if (verdict.exceeded) {
    text += row("exceeded", to_string(*verdict.exceeded), "the message was not verified", paint);
  } else {
    text +=
        row("spf", spf::to_string(verdict.spf_mail_from.status), spf_words("MAIL FROM", verdict.spf_mail_from), paint);
    text += row("", spf::to_string(verdict.spf_helo.status), spf_words("HELO", verdict.spf_helo), paint);
    text += dkim_rows(verdict.dkim, paint);
    text += row("arc", arc::to_string(verdict.arc.status), arc_words(verdict.arc), paint);
    text += row("dmarc", dmarc::to_string(verdict.dmarc.status), dmarc_words(verdict.dmarc), paint);
    for (const dmarc::Outcome& other : verdict.other_authors) {
      text += row("", dmarc::to_string(other.status), dmarc_words(other), paint);
    }
    if (verdict.iprev) {
      text += row("iprev", iprev::to_string(verdict.iprev->status), escape(verdict.iprev->name), paint);
    }
    for (const policy::Indirect evidence : record.decision.indirect) {
      text += row("indirect", policy::to_string(evidence), in_words(evidence), paint);
    }
  }
  text += row("decision", policy::to_string(record.decision.action), decision_words(record.decision), paint);
  return text + '\n' + header_field(record.authentication_results, "");
}

std::string summary(const spf::Outcome& outcome, const Paint& paint) {
  std::string words = spf_words("domain", outcome);
  add(words, std::to_string(outcome.lookups) + " lookups, " + std::to_string(outcome.void_lookups) + " void");
  std::string text = row("spf", spf::to_string(outcome.status), words, paint);
  if (!outcome.explanation.empty()) {
    text += escape(outcome.domain) + " explains: " + escape(outcome.explanation) + '\n';
  }
  return text;
}

std::string header_field(const std::string& value, const std::string& indent) {
  std::string text = indent + "Authentication-Results: ";
  std::string_view rest = value;
  for (;;) {
    const auto end = rest.find('\n');
    text += observe::printable(rest.substr(0, end), kMaxFieldOctets) + '\n';
    if (end == std::string_view::npos) {
      return text;
    }
    rest.remove_prefix(end + 1);
    text += indent;
  }
}

}  // namespace assay::cli
