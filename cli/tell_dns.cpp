#include <algorithm>

#include "cli/tell.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

std::vector<std::string> records_of(const dns::Question& question, const dns::Answer& answer) {
  std::vector<std::string> records;
  switch (question.type) {
    case dns::Type::A:
    case dns::Type::AAAA:
      for (const IpAddress& address : answer.addresses) {
        records.push_back(address.to_string());
      }
      break;
    case dns::Type::MX:
      for (const dns::MailExchange& exchange : answer.exchanges) {
        records.push_back(std::to_string(exchange.preference) + ' ' +
                          (exchange.host.empty() ? "." : escape(exchange.host)));
      }
      break;
    case dns::Type::TXT:
      for (const std::string& text : answer.texts) {
        records.push_back(in_quotes(text));
      }
      break;
    case dns::Type::PTR:
      for (const std::string& name : answer.names) {
        records.push_back(escape(name));
      }
      break;
  }
  return records;
}

void tell_answer(Teller& teller, const dns::Question& question, const dns::Answer& answer) {
  const std::string asked = std::string(dns::to_string(question.type)) + ' ' + escape(question.name);
  if (answer.status != dns::Status::Found) {
    const std::string words = status_words(answer.status, answer.detail);
    const bool is_known = answer.status == dns::Status::NoData || answer.status == dns::Status::NxDomain;
    teller.line(asked + " -> " + (is_known ? words : teller.paint().doubtful(words)));
    return;
  }
  const auto records = records_of(question, answer);
  if (records.size() == 1) {
    teller.line(asked + " -> " + records.front());
    return;
  }
  teller.line(asked + " -> " + plural(records.size(), "record", "records"));
  for (std::size_t i = 0; i < std::min(records.size(), kMaxShown); ++i) {
    teller.line(records[i], 2);
  }
  teller.rest(records.size(), 2);
}

}  // namespace

std::string status_words(dns::Status status, const std::string& detail) {
  const std::string why = detail.empty() ? "" : " (" + escape(detail) + ')';
  switch (status) {
    case dns::Status::Found: return "found";
    case dns::Status::NoData: return "the name has no such record (NODATA)";
    case dns::Status::NxDomain: return "no such name (NXDOMAIN)";
    case dns::Status::TempFail: return "could not be found out" + why;
    case dns::Status::Bogus: return "DNSSEC validation failed" + why;
  }
  return "";
}

void tell_dns(Teller& teller, const UsedAnswers& answers, std::size_t needed) {
  needed = std::min(needed, answers.size());
  teller.heading("DNS", plural(needed, "question", "questions"));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == needed) {
      teller.line("and for this explanation alone:");
    }
    tell_answer(teller, answers[i].first, *answers[i].second);
  }
}

}  // namespace assay::cli
