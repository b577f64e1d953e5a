#include "observe/record_filter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "verify/base/escape.h"

namespace assay::observe {
namespace {

std::string in_quotes(std::string_view text) {
  return '"' + escape(text) + '"';
}

/// Whether `word` is what to_string gives for an enumerator up to `last`.
template <class Enum>
bool is_word_of(Enum last, std::string_view word) {
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    const char* const known = to_string(static_cast<Enum>(i));
    if (known != nullptr && word == known) {
      return true;
    }
  }
  return false;
}

}  // namespace

Parsed<void> RecordFilter::count() {
  if (values_ == kMaxFilterValues) {
    return parse_error("a filter takes " + std::to_string(kMaxFilterValues) + " values at most");
  }
  ++values_;
  return {};
}

Parsed<void> RecordFilter::add_from_domain(std::string_view pattern) {
  if (auto added = from_domains_.add(pattern); !added) {
    return parse_error("from_domain " + in_quotes(pattern) + ' ' + added.error().what);
  }
  return count();
}

Parsed<void> RecordFilter::add_action(std::string_view word) {
  for (unsigned i = 0; i <= static_cast<unsigned>(policy::Action::Discard); ++i) {
    const auto action = static_cast<policy::Action>(i);
    if (word == policy::to_string(action)) {
      actions_.push_back(action);
      return count();
    }
  }
  return parse_error("action " + in_quotes(word) + " is not accept, reject, tempfail, quarantine or discard");
}

Parsed<void> RecordFilter::add_rule(std::string_view name) {
  rules_.emplace_back(name);
  return count();
}

Parsed<void> RecordFilter::add_result(std::string_view text) {
  static constexpr std::array kMethods{std::pair("spf", Method::Spf),     std::pair("spf_helo", Method::SpfHelo),
                                       std::pair("dkim", Method::Dkim),   std::pair("arc", Method::Arc),
                                       std::pair("dmarc", Method::Dmarc), std::pair("iprev", Method::Iprev)};
  const auto equals = text.find('=');
  const auto method = std::find_if(kMethods.begin(), kMethods.end(),
                                   [name = text.substr(0, equals)](const auto& row) { return row.first == name; });
  if (equals == std::string_view::npos || method == kMethods.end()) {
    return parse_error("result " + in_quotes(text) +
                       " is not METHOD=RESULT, METHOD being spf, spf_helo, dkim, arc, dmarc or iprev");
  }
  const std::string_view word = text.substr(equals + 1);
  bool is_known = false;
  switch (method->second) {
    case Method::Spf:
    case Method::SpfHelo: is_known = is_word_of(spf::Status::PermError, word); break;
    case Method::Dkim: is_known = word == "none" || is_word_of(dkim::Status::PermError, word); break;
    case Method::Arc: is_known = is_word_of(arc::Status::Fail, word); break;
    case Method::Dmarc: is_known = is_word_of(dmarc::Status::PermError, word); break;
    case Method::Iprev: is_known = is_word_of(iprev::Status::PermError, word); break;
  }
  if (!is_known) {
    return parse_error("result " + in_quotes(text) + ": " + method->first + " has no such result");
  }
  results_.push_back({method->second, std::string(word)});
  return count();
}

Parsed<void> RecordFilter::add_client(std::string_view text) {
  const auto network = IpNetwork::parse(text);
  if (!network) {
    return parse_error("client_ip " + in_quotes(text) + " is no address and no network such as 192.0.2.0/24");
  }
  clients_.push_back(*network);
  return count();
}

bool RecordFilter::has_author(const Record& record) const {
  const auto is_one = [this](const dmarc::Outcome& outcome) {
    return outcome.author && from_domains_.contains(*outcome.author);
  };
  const auto& others = record.verdict.other_authors;
  return is_one(record.verdict.dmarc) || std::any_of(others.begin(), others.end(), is_one);
}

bool RecordFilter::has_result(const Record& record, const Result& result) {
  if (record.facts.local || record.verdict.exceeded) {
    return false;
  }
  const Verdict& verdict = record.verdict;
  const auto is_it = [&result](const auto& outcome) { return result.word == to_string(outcome.status); };
  switch (result.method) {
    case Method::Spf: return is_it(verdict.spf_mail_from);
    case Method::SpfHelo: return is_it(verdict.spf_helo);
    case Method::Dkim:
      return verdict.dkim.empty() ? result.word == "none"
                                  : std::any_of(verdict.dkim.begin(), verdict.dkim.end(), is_it);
    case Method::Arc: return is_it(verdict.arc);
    case Method::Dmarc:
      return is_it(verdict.dmarc) || std::any_of(verdict.other_authors.begin(), verdict.other_authors.end(), is_it);
    case Method::Iprev: return verdict.iprev && is_it(*verdict.iprev);
  }
  return false;
}

bool RecordFilter::matches(const Record& record) const {
  const auto fits_one_of = [](const auto& wanted, const auto& fits) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), fits);
  };
  const policy::Decision& decision = record.decision;
  return (from_domains_.empty() || has_author(record)) &&
         fits_one_of(actions_, [&](policy::Action action) { return action == decision.action; }) &&
         fits_one_of(rules_,
                     [&](const std::string& rule) { return rule == decision.rule || rule == decision.would_rule; }) &&
         fits_one_of(results_, [&](const Result& result) { return has_result(record, result); }) &&
         fits_one_of(clients_, [&](const IpNetwork& network) {
           return record.facts.client_ip && network.contains(*record.facts.client_ip);
         });
}

}  // namespace assay::observe
