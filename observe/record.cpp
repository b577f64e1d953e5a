#include "observe/record.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::observe {
namespace {

// Keys appear in the order in which they are documented.
using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxFieldOctets = std::size_t{64} << 10U;

Json text(std::string_view value, std::size_t max_octets = kMaxValueOctets) {
  return Json(escape(value, max_octets));
}

/// For members that say "none" by being empty.
Json text_or_null(std::string_view value, std::size_t max_octets = kMaxValueOctets) {
  return value.empty() ? Json(nullptr) : text(value, max_octets);
}

Json word_or_null(const char* word) {
  return word == nullptr ? Json(nullptr) : Json(word);
}

Json name_or_null(const std::optional<Domain>& name) {
  return name ? text(name->str()) : Json(nullptr);
}

Json policy_or_null(const std::optional<dmarc::Policy>& policy) {
  return policy ? Json(dmarc::to_string(*policy)) : Json(nullptr);
}

Json spf_object(const spf::Outcome& outcome) {
  return {{"result", spf::to_string(outcome.status)},
          {"domain", text_or_null(outcome.domain)},
          {"mechanism", text_or_null(outcome.mechanism)},
          {"reason", word_or_null(spf::to_string(outcome.reason))},
          {"lookups", outcome.lookups},
          {"void_lookups", outcome.void_lookups},
          {"detail", text_or_null(outcome.detail)},
          {"explanation", text_or_null(outcome.explanation)}};
}

Json dkim_object(const dkim::Outcome& outcome) {
  return {{"result", dkim::to_string(outcome.status)},
          {"domain", text_or_null(outcome.domain)},
          {"selector", text_or_null(outcome.selector)},
          {"algorithm", text_or_null(outcome.algorithm)},
          {"key_bits", outcome.key_bits ? Json(*outcome.key_bits) : Json(nullptr)},
          {"testing", outcome.testing},
          {"headers_verified", outcome.headers_verified},
          {"reason", word_or_null(dkim::to_string(outcome.reason))},
          {"detail", text_or_null(outcome.detail)},
          {"signing_domain", name_or_null(outcome.signing_domain)},
          {"identity", text_or_null(outcome.identity)},
          {"signature_start", text_or_null(outcome.signature_start)}};
}

/// Whether a decision can depend on the signature: only on what it proved.
bool weighs(const dkim::Outcome& outcome) {
  return outcome.status == dkim::Status::Pass || outcome.headers_verified;
}

/// Writes "dkim", and "dkim_omitted" if the bound was passed.
void add_dkim(Json& object, const std::vector<dkim::Outcome>& outcomes) {
  Json list = Json::array();
  std::size_t omitted = 0;
  for (const dkim::Outcome& outcome : outcomes) {
    if (list.size() < kMaxRecordSignatures || weighs(outcome)) {
      list.push_back(dkim_object(outcome));
    } else {
      ++omitted;
    }
  }
  object["dkim"] = std::move(list);
  if (omitted != 0) {
    object["dkim_omitted"] = omitted;
  }
}

/// A property value as it stands in "name=value": quoted where it could not be told from what follows.
std::string property_value(const std::string& value) {
  if (!value.empty() && value.find_first_of(" \t\"\\") == std::string::npos) {
    return value;
  }
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + '"';
}

Json claim_array(const std::vector<arc::Claim>& claims) {
  Json array = Json::array();
  for (const arc::Claim& claim : claims) {
    std::string line = claim.method + '=' + claim.result;
    for (const auto& [name, value] : claim.properties) {
      line += ' ' + name + '=' + property_value(value);
    }
    array.push_back(text(line, kMaxAddressOctets));
  }
  return array;
}

Json arc_object(const arc::Outcome& outcome) {
  Json sealers = Json::array();
  for (const std::string& sealer : outcome.sealers) {
    sealers.push_back(text(sealer));
  }
  Json hops = Json::array();
  for (std::size_t i = 0; i < outcome.hops.size(); ++i) {
    const arc::Hop& hop = outcome.hops[i];
    Json object = {{"instance", i + 1},
                   {"selector", text(hop.selector)},
                   {"signer", text_or_null(hop.signer)},
                   {"signs_from", hop.signs_from},
                   {"signs_part", hop.signs_part},
                   {"readable", hop.readable}};
    if (i > 0) {
      object["claims"] = claim_array(hop.claims);
    }
    hops.push_back(std::move(object));
  }
  return {{"result", arc::to_string(outcome.status)},
          {"instances", outcome.instances},
          {"sealers", std::move(sealers)},
          {"oldest_pass", outcome.oldest_pass ? Json(*outcome.oldest_pass) : Json(nullptr)},
          {"claims", claim_array(outcome.claims)},
          {"reason", word_or_null(arc::to_string(outcome.reason))},
          {"detail", text_or_null(outcome.detail)},
          {"failed_instance", outcome.failed_instance == 0 ? Json(nullptr) : Json(outcome.failed_instance)},
          {"from_signed", outcome.from_signed},
          {"hops", std::move(hops)}};
}

Json rfc7489_object(const std::optional<dmarc::Rfc7489>& answer) {
  if (!answer) {
    return nullptr;
  }
  Json differs = Json::array();
  for (const dmarc::Difference difference : answer->differences) {
    differs.push_back(dmarc::to_string(difference));
  }
  return {{"result", dmarc::to_string(answer->status)},
          {"policy", policy_or_null(answer->policy)},
          {"published", policy_or_null(answer->published)},
          {"pct", answer->published ? Json(answer->percent) : Json(nullptr)},
          {"policy_domain", name_or_null(answer->policy_domain)},
          {"org_domain", name_or_null(answer->organizational_domain)},
          {"treewalk_org_domain", name_or_null(answer->tree_walk_organizational_domain)},
          {"aligned", {{"spf", answer->spf_aligned}, {"dkim", answer->dkim_aligned}}},
          {"reason", word_or_null(dmarc::to_string(answer->reason))},
          {"detail", text_or_null(answer->detail)},
          {"differs", std::move(differs)}};
}

Json dmarc_object(const dmarc::Outcome& outcome) {
  return {{"result", dmarc::to_string(outcome.status)},
          {"domain", name_or_null(outcome.author)},
          {"policy", policy_or_null(outcome.policy)},
          {"published", policy_or_null(outcome.published)},
          {"policy_domain", name_or_null(outcome.policy_domain)},
          {"org_domain", name_or_null(outcome.organizational_domain)},
          {"discovery", dmarc::to_string(outcome.discovery)},
          {"testing", outcome.testing},
          {"aligned", {{"spf", outcome.spf_aligned}, {"dkim", outcome.dkim_aligned}}},
          {"reason", word_or_null(dmarc::to_string(outcome.reason))},
          {"detail", text_or_null(outcome.detail)},
          {"strict", {{"spf", outcome.strict_spf}, {"dkim", outcome.strict_dkim}}},
          {"rfc7489", rfc7489_object(outcome.rfc7489)}};
}

Json iprev_object(const std::optional<iprev::Outcome>& outcome) {
  if (!outcome) {
    return nullptr;
  }
  return {{"result", iprev::to_string(outcome->status)}, {"name", text_or_null(outcome->name)}};
}

Json text_list(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const std::string& value : values) {
    list.push_back(text(value));
  }
  return list;
}

Json header_list(const std::vector<policy::HeaderField>& fields) {
  Json list = Json::array();
  for (const policy::HeaderField& field : fields) {
    list.push_back({{"name", text(field.name)}, {"value", text(field.value)}});
  }
  return list;
}

Json observed_list(const std::vector<policy::Observed>& rules) {
  Json list = Json::array();
  for (const policy::Observed& observed : rules) {
    list.push_back({{"rule", text(observed.rule)}, {"action", policy::to_string(observed.action)}});
  }
  return list;
}

Json override_object(const std::optional<policy::Override>& override) {
  return override ? Json{{"type", text(override->type)}, {"comment", text(override->comment)}} : Json(nullptr);
}

Json decision_object(const policy::Decision& decision) {
  Json reply = nullptr;
  if (decision.reply) {
    reply = {{"code", decision.reply->code},
             {"enhanced", text(decision.reply->enhanced)},
             {"text", text(decision.reply->text)}};
  }
  Json quarantine = nullptr;
  Json redirect_to = nullptr;
  const auto& unavailable = decision.unavailable_form;
  if (decision.quarantine) {
    quarantine = policy::to_string(decision.quarantine->how);
    if (decision.quarantine->how == policy::QuarantineHow::Redirect) {
      redirect_to = text(decision.quarantine->to, kMaxAddressOctets);
    }
  }
  return {{"action", policy::to_string(decision.action)},
          {"rule", text(decision.rule)},
          {"would", decision.would ? Json(policy::to_string(*decision.would)) : Json(nullptr)},
          {"would_rule", text_or_null(decision.would_rule)},
          {"reply", std::move(reply)},
          {"quarantine", std::move(quarantine)},
          {"redirect_to", std::move(redirect_to)},
          {"unavailable_form", unavailable ? Json(policy::to_string(*unavailable)) : Json(nullptr)},
          {"headers", header_list(decision.headers)},
          {"tags", text_list(decision.tags)},
          {"observed", observed_list(decision.observed)},
          {"undecided", text_list(decision.undecided)},
          {"override", override_object(decision.override)},
          {"unproven", decision.unproven},
          {"mixed_recipients", decision.mixed_recipients}};
}

/// The field on one line: what folded it goes, the space after a fold stays (RFC 5322 section 2.2.3).
std::string unfold(std::string_view value) {
  std::string line;
  line.reserve(value.size());
  for (const char c : value) {
    if (c != '\r' && c != '\n') {
      line += c;
    }
  }
  return line;
}

Json verification_object(const Record& record) {
  const Verdict& verdict = record.verdict;
  Json object = Json::object();  // Made of null, it would be destroyed without its memory if there is none.
  object["schema"] = kRecordSchema;
  object["spf"] = {{"mailfrom", spf_object(verdict.spf_mail_from)}, {"helo", spf_object(verdict.spf_helo)}};
  add_dkim(object, verdict.dkim);
  object["arc"] = arc_object(verdict.arc);
  object["dmarc"] = dmarc_object(verdict.dmarc);
  object["other_authors"] = Json::array();
  for (const dmarc::Outcome& outcome : verdict.other_authors) {
    object["other_authors"].push_back(dmarc_object(outcome));
  }
  object["iprev"] = iprev_object(verdict.iprev);
  object["authentication_results"] = text(unfold(record.authentication_results), kMaxFieldOctets);
  object["indirect"] = Json::array();
  for (const policy::Indirect evidence : record.decision.indirect) {
    object["indirect"].push_back(policy::to_string(evidence));
  }
  object["decision"] = decision_object(record.decision);
  object["dns"] = {{"queries", verdict.dns_queries}};
  object["exceeded"] = verdict.exceeded ? Json(to_string(*verdict.exceeded)) : Json(nullptr);
  return object;
}

Json client_object(const policy::Facts& facts) {
  return {{"ip", facts.client_ip ? Json(facts.client_ip->to_string()) : Json(nullptr)},
          {"name", text_or_null(facts.client_name)},
          {"helo", text_or_null(facts.helo)},
          {"tls", text_or_null(facts.tls)},
          {"authenticated", text_or_null(facts.authenticated)},
          {"local", facts.local}};
}

void add_envelope(Json& object, const policy::Facts& facts) {
  object["mail_from"] = facts.has_envelope ? text(facts.mail_from, kMaxAddressOctets) : Json(nullptr);
  object["rcpt"] = Json::array();
  for (const std::string& recipient : facts.rcpt) {
    if (object["rcpt"].size() == kMaxRecipients) {
      object["rcpt_omitted"] = facts.rcpt.size() - kMaxRecipients;
      break;
    }
    object["rcpt"].push_back(text(recipient, kMaxAddressOctets));
  }
  object["smtputf8"] = facts.internationalized;
}

void add_header_facts(Json& object, const Record& record) {
  object["from"] = Json::array();
  for (const std::string& mailbox : record.verdict.from) {
    object["from"].push_back(text(mailbox, kMaxAddressOctets));
  }
  object["list_id"] = text_or_null(record.verdict.list_id);
  object["list_post_host"] = text_or_null(record.verdict.list_post_host);
  object["resent"] = record.facts.resent;
  object["resent_from"] = Json::array();
  for (const Domain& domain : record.verdict.resent_from) {
    object["resent_from"].push_back(text(domain.str()));
  }
}

}  // namespace

std::string to_json(const Record& record) {
  Json object = verification_object(record);
  object["time"] = to_rfc3339(record.time);
  object["queue_id"] = text_or_null(record.facts.queue_id);
  object["client"] = client_object(record.facts);
  add_envelope(object, record.facts);
  add_header_facts(object, record);
  object["size"] = record.facts.size;
  object["settings"] = text_or_null(record.settings);
  object["notes"] = Json::array();
  for (const std::string& note : record.notes) {
    object["notes"].push_back(text(note));
  }
  object["redacted"] = record.is_redacted ? Json(kLocalParts) : Json(nullptr);
  object["sample"] = record.sample;
  return object.dump();
}

std::string verification_json(const Record& record) {
  return verification_object(record).dump();
}

std::string spf_json(const spf::Outcome& outcome) {
  return spf_object(outcome).dump();
}

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> buffer{};
  const int written = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {buffer.data(), static_cast<std::size_t>(written)};
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !is_digit(text[i]) : text[i] != kForm[i]) {
      return std::nullopt;
    }
  }
  const auto number = [text](std::size_t begin, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(begin, digits)) {
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const std::chrono::hours hour(number(11, 2));
  const std::chrono::minutes minute(number(14, 2));
  const std::chrono::seconds second(number(17, 2));
  if (!date.ok() || hour.count() > 23 || minute.count() > 59 || second.count() > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + hour + minute + second;
}

}  // namespace assay::observe
