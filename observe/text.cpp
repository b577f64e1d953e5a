#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "observe/record.h"
#include "verify/base/escape.h"

namespace assay::observe {
namespace {

// Octets of escaped text that one value may take. Together with the words of our own they stay below kMaxTextOctets.
constexpr std::size_t kMaxQueueIdOctets = 64;
constexpr std::size_t kMaxNoteOctets = 200;
constexpr std::size_t kMaxNameOctets = 100;
constexpr std::size_t kMaxAddressOctets = 160;
constexpr std::size_t kMaxSignatureDomainOctets = 48;
/// Signatures shown; the record in JSON has the others.
constexpr std::size_t kMaxShownSignatures = 5;
/// Tags and rules shown.
constexpr std::size_t kMaxShownNames = 5;
/// One octet becomes at most \xHH.
constexpr std::size_t kEscapedOctets = 4;

/// `escaped` as one word: in quotes if it could be taken for more.
std::string word(const std::string& escaped) {
  if (!escaped.empty() && escaped.find_first_of(" \"=,:()") == std::string::npos) {
    return escaped;
  }
  std::string quoted = "\"";
  for (const char c : escaped) {
    if (c == '"') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + '"';
}

/// Whether an octet stands for itself in a word that needs no quotes.
constexpr bool is_plain(char c) noexcept {
  return c > ' ' && c < '\x7F' && c != '"' && c != '=' && c != ',' && c != ':' && c != '(' && c != ')' && c != '\\';
}

/// Appends `text` escaped and quoted, in about `max_octets` at most.
void append_value(std::string& line, std::string_view text, std::size_t max_octets) {
  if (!text.empty() && text.size() <= max_octets && std::all_of(text.begin(), text.end(), is_plain)) {
    line += text;  // As nearly all are.
    return;
  }
  const std::string written = word(escape(text, max_octets));
  line += written.size() <= max_octets ? written : word(escape(text, max_octets / kEscapedOctets));
}

void add(std::string& line, std::string_view key, std::string_view written) {
  line += ' ';
  line += key;
  line += '=';
  line += written;
}

void add_value(std::string& line, std::string_view key, std::string_view text, std::size_t max_octets) {
  add(line, key, "");
  append_value(line, text, max_octets);
}

void add_path(std::string& line, std::string_view key, const std::string& address) {
  add_value(line, key, '<' + address + '>', kMaxAddressOctets);
}

void append_reason(std::string& line, const char* reason) {
  if (reason != nullptr) {
    line += '(';
    line += reason;
    line += ')';
  }
}

void add_spf(std::string& line, std::string_view key, const spf::Outcome& outcome) {
  add(line, key, spf::to_string(outcome.status));
  append_reason(line, spf::to_string(outcome.reason));
}

/// "pass:example.com,fail:example.org(body_hash_mismatch),+3"
void add_dkim(std::string& line, const std::vector<dkim::Outcome>& outcomes) {
  add(line, "dkim", outcomes.empty() ? "none" : "");
  for (std::size_t i = 0; i < std::min(outcomes.size(), kMaxShownSignatures); ++i) {
    const dkim::Outcome& outcome = outcomes[i];
    line += i == 0 ? "" : ",";
    line += dkim::to_string(outcome.status);
    if (!outcome.domain.empty()) {
      line += ':';
      append_value(line, outcome.domain, kMaxSignatureDomainOctets);
    }
    append_reason(line, dkim::to_string(outcome.reason));
  }
  if (outcomes.size() > kMaxShownSignatures) {
    line += ",+" + std::to_string(outcomes.size() - kMaxShownSignatures);
  }
}

void add_dmarc(std::string& line, const dmarc::Outcome& outcome) {
  add(line, "dmarc", dmarc::to_string(outcome.status));
  append_reason(line, dmarc::to_string(outcome.reason));
  if (outcome.policy) {
    add(line, "policy", dmarc::to_string(*outcome.policy));
  }
  if (outcome.author) {
    add_value(line, "author", outcome.author->str(), kMaxNameOctets);
  }
  if (outcome.rfc7489 && !outcome.rfc7489->differences.empty()) {
    std::string words;
    for (const dmarc::Difference difference : outcome.rfc7489->differences) {
      words += words.empty() ? "" : ",";
      words += dmarc::to_string(difference);
    }
    add(line, "rfc7489_differs", words);
  }
}

void add_results(std::string& line, const Verdict& verdict) {
  if (verdict.exceeded) {
    add(line, "exceeded", to_string(*verdict.exceeded));
    return;
  }
  add_dmarc(line, verdict.dmarc);
  add_spf(line, "spf", verdict.spf_mail_from);
  add_spf(line, "spf_helo", verdict.spf_helo);
  add_dkim(line, verdict.dkim);
  add(line, "arc", arc::to_string(verdict.arc.status));
  append_reason(line, arc::to_string(verdict.arc.reason));
  if (verdict.iprev) {
    add(line, "iprev", iprev::to_string(verdict.iprev->status));
  }
}

/// "a,b,+3"
std::string some_of(const std::vector<std::string>& names) {
  std::string words;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxShownNames); ++i) {
    words += i == 0 ? "" : ",";
    append_value(words, names[i], kMaxNameOctets);
  }
  if (names.size() > kMaxShownNames) {
    words += ",+" + std::to_string(names.size() - kMaxShownNames);
  }
  return words;
}

void add_decision(std::string& line, const policy::Decision& decision) {
  add(line, "action", policy::to_string(decision.action));
  if (decision.quarantine) {
    add(line, "quarantine", policy::to_string(decision.quarantine->how));
  }
  add_value(line, "rule", decision.rule, kMaxNameOctets);
  if (decision.would) {
    add(line, "would", policy::to_string(*decision.would));
    if (!decision.would_rule.empty() && decision.would_rule != decision.rule) {
      add_value(line, "would_rule", decision.would_rule, kMaxNameOctets);
    }
  }
  if (!decision.tags.empty()) {
    add(line, "tags", some_of(decision.tags));
  }
  if (!decision.undecided.empty()) {
    add(line, "undecided", some_of(decision.undecided));
  }
  if (decision.unproven) {
    add(line, "unproven", "yes");
  }
  if (decision.mixed_recipients) {
    add(line, "mixed_recipients", "yes");
  }
  if (decision.reply) {
    add(line, "reply", std::to_string(decision.reply->code) + '/');
    append_value(line, decision.reply->enhanced, kMaxQueueIdOctets);
  }
  if (!decision.indirect.empty()) {
    std::string found;
    for (const policy::Indirect evidence : decision.indirect) {
      found += found.empty() ? "" : ",";
      found += policy::to_string(evidence);
    }
    add(line, "indirect", found);
  }
}

void add_connection(std::string& line, const policy::Facts& facts) {
  if (facts.client_ip) {
    add(line, "client", facts.client_ip->to_string());
  }
  if (!facts.client_name.empty()) {
    add_value(line, "host", facts.client_name, kMaxNameOctets);
  }
  if (!facts.helo.empty()) {
    add_value(line, "helo", facts.helo, kMaxNameOctets);
  }
  if (!facts.authenticated.empty()) {
    add_value(line, "user", facts.authenticated, kMaxNameOctets);
  }
  if (facts.has_envelope) {
    add_path(line, "from", facts.mail_from);
  }
  if (!facts.rcpt.empty()) {
    add_path(line, "rcpt", facts.rcpt.front());
    if (facts.rcpt.size() > 1) {
      line += ",+" + std::to_string(facts.rcpt.size() - 1);
    }
  }
  add(line, "size", std::to_string(facts.size));
}

}  // namespace

std::string to_text(const Record& record) {
  constexpr std::size_t kUsualOctets = 512;
  std::string line;
  line.reserve(kUsualOctets);
  if (record.facts.queue_id.empty()) {
    line += '-';
  } else {
    append_value(line, record.facts.queue_id, kMaxQueueIdOctets);
  }
  line += ':';
  add_decision(line, record.decision);
  if (record.facts.local) {
    // Nothing was verified: results would read as if something had been.
    add(line, "local", "yes");
  } else {
    add_results(line, record.verdict);
  }
  for (const std::string& note : record.notes) {
    add_value(line, "note", note, kMaxNoteOctets);
  }
  add_connection(line, record.facts);
  if (record.sample > 1) {
    add(line, "sample", std::to_string(record.sample));
  }
  if (line.size() > kMaxTextOctets) {
    std::size_t end = kMaxTextOctets;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) {
      --end;  // not inside a UTF-8 sequence
    }
    line.resize(end);
  }
  return line;
}

}  // namespace assay::observe
