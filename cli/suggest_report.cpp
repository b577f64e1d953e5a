#include "cli/suggest_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/progress.h"
#include "config/print_rules.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using policy::Stream;
using policy::StreamKind;
using policy::Suggestion;
using policy::Tally;
using Json = nlohmann::ordered_json;

std::string percent(std::uint64_t part, std::uint64_t whole) {
  // A trial counts the messages of dropped streams, too.
  return std::to_string(whole == 0 ? 0 : std::min(part, whole) * 100 / whole) + " %";
}

std::string size_of(const Tally& tally) {
  return (tally.is_whole() ? "" : "more than ") + std::to_string(tally.entries().size());
}

/// "a.example 20, b.example 3, ...", or nothing.
std::string list_of(const Tally& tally) {
  std::string names;
  const auto sorted = tally.sorted();
  for (std::size_t i = 0; i < std::min(sorted.size(), kListedNames); ++i) {
    names += (i == 0 ? "" : ", ") + escape(sorted[i].name) + ' ' + with_commas(sorted[i].messages);
  }
  const bool has_more = sorted.size() > kListedNames || !tally.is_whole();
  return has_more ? names + ", ..." : names;
}

/// As above, in brackets after a space.
std::string names_of(const Tally& tally) {
  const std::string names = list_of(tally);
  return names.empty() ? names : " (" + names + ")";
}

std::string carrier_of(const policy::Carrier& carrier) {
  switch (carrier.kind) {
    case policy::Carrier::Kind::Domain: return "by " + escape(carrier.name);
    case policy::Carrier::Kind::Host: return "by hosts of " + escape(carrier.name);
    case policy::Carrier::Kind::Network: return "by " + escape(carrier.name);
    case policy::Carrier::Kind::Unknown: break;
  }
  return "by unnamed hosts";
}

std::string paint_kind(StreamKind kind, const Paint& paint) {
  switch (kind) {
    case StreamKind::Forger: return paint.bad(to_string(kind));
    case StreamKind::Unclear: return paint.doubtful(to_string(kind));
    case StreamKind::Forwarder:
    case StreamKind::MailingList:
    case StreamKind::BrokenSender:
    case StreamKind::OwnHost: break;
  }
  return paint.good(to_string(kind));
}

void add_line(std::string& out, const char* label, const std::string& text) {
  constexpr std::size_t kLabelColumns = 15;
  std::string line = std::string("    ") + label;
  line.resize(std::max(line.size() + 1, kLabelColumns + 4), ' ');
  out += line + text + '\n';
}

void add_evidence(std::string& out, const Stream& stream) {
  const std::uint64_t all = stream.messages;
  add_line(out, "days", size_of(stream.days));
  add_line(out, "author domains", size_of(stream.authors) + names_of(stream.authors));
  add_line(out, "recipients",
           size_of(stream.recipients) + names_of(stream.recipients) +
               (stream.hidden_recipients == 0 ? "" : ", and those that log.redact took away"));
  add_line(out, "clients",
           size_of(stream.clients) + " in " + size_of(stream.networks) + " network(s)" + names_of(stream.networks));
  add_line(out, "iprev=pass", percent(stream.iprev_pass, all) + names_of(stream.names));
  add_line(out, "spf=pass", percent(stream.spf_pass, all) + names_of(stream.mail_from));
  add_line(out, "d= that pass", size_of(stream.dkim_domains) + names_of(stream.dkim_domains));
  add_line(out, "signed headers",
           percent(stream.signed_headers, all) + ", " + size_of(stream.signatures) +
               " different signature(s), new ones on " + size_of(stream.signature_days) + " day(s)");
  add_line(
      out, "arc=pass",
      percent(stream.arc_pass, all) + ", origin claimed " + percent(stream.arc_origin, all) + names_of(stream.sealers));
  add_line(out, "list", percent(stream.list, all) + names_of(stream.list_ids));
  add_line(out, "rewritten", percent(stream.forwarder, all));
  add_line(out, "passing mail",
           with_commas(stream.passes) + " passed DMARC by DKIM on the same way, " + size_of(stream.pass_signatures) +
               " different signature(s)");
  add_line(out, "decided", list_of(stream.actions));
}

Json tally(const Tally& tally) {
  Json names = Json::object();
  for (const Tally::Entry& entry : tally.sorted()) {
    names[escape(entry.name)] = entry.messages;
  }
  return {{"whole", tally.is_whole()}, {"messages", std::move(names)}, {"others", tally.others()}};
}

const char* word(policy::Carrier::Kind kind) {
  switch (kind) {
    case policy::Carrier::Kind::Domain: return "domain";
    case policy::Carrier::Kind::Host: return "host";
    case policy::Carrier::Kind::Network: return "network";
    case policy::Carrier::Kind::Unknown: break;
  }
  return "unknown";
}

Json evidence(const Stream& stream) {
  return {{"messages", stream.messages},
          {"days", stream.days.size()},
          {"authors", tally(stream.authors)},
          {"recipients", tally(stream.recipients)},
          {"hidden_recipients", stream.hidden_recipients},
          {"clients", tally(stream.clients)},
          {"networks", tally(stream.networks)},
          {"iprev_pass", stream.iprev_pass},
          {"client_names", tally(stream.names)},
          {"spf_pass", stream.spf_pass},
          {"mail_from_domains", tally(stream.mail_from)},
          {"dkim_domains", tally(stream.dkim_domains)},
          {"signed_headers", stream.signed_headers},
          {"signatures", stream.signatures.size()},
          {"signature_days", stream.signature_days.size()},
          {"arc_pass", stream.arc_pass},
          {"arc_origin", stream.arc_origin},
          {"sealers", tally(stream.sealers)},
          {"list", stream.list},
          {"list_ids", tally(stream.list_ids)},
          {"forwarder", stream.forwarder},
          {"passes", stream.passes},
          {"pass_signatures", stream.pass_signatures.size()},
          {"decided", tally(stream.actions)}};
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(escape(text));
}

}  // namespace

std::size_t SuggestReport::rules() const {
  return static_cast<std::size_t>(std::count_if(suggestions.list.begin(), suggestions.list.end(),
                                                [](const Suggestion& each) { return each.rule.has_value(); }));
}

std::string to_yaml(const policy::Suggestions& suggestions) {
  std::string text;
  for (const Suggestion& each : suggestions.list) {
    if (!each.rule) {
      continue;
    }
    const Stream& stream = each.evidence;
    text += text.empty() ? "policy:\n  rules:\n" : "";
    // Nothing but numbers and fixed words: what mail says stands in the rule alone, quoted.
    text += "    # " + std::to_string(stream.messages) + " messages on " + size_of(stream.days) + " day(s); " +
            percent(each.covered, stream.messages) + " show what the rule asks for\n";
    text += "    - " + config::print_rule(*each.rule) + '\n';
    if (!each.sealer.empty()) {
      text += "    # in its place, for all that it seals: arc: {trusted_sealers: [" + each.sealer + "]}\n";
    }
  }
  return text;
}

std::string to_text(const SuggestReport& report, const Paint& paint) {
  std::string out = with_commas(report.lines.records) + " messages";
  if (report.span) {
    out += " from " + observe::to_rfc3339(report.span->first) + " to " + observe::to_rfc3339(report.span->second);
  }
  out += "\n" + with_commas(report.passing) + " do not fail DMARC, " + with_commas(report.let_in) +
         " fail and are let in, " + with_commas(report.by_own_rule) + " are decided by a rule\n";
  std::size_t number = 0;
  for (const Suggestion& each : report.suggestions.list) {
    const Stream& stream = each.evidence;
    out += "\n" + std::to_string(++number) + ". " + paint_kind(each.kind, paint) + ": " +
           paint.bold(with_commas(stream.messages) + " messages " + carrier_of(stream.carrier) +
                      (each.author.empty() ? "" : ", author " + escape(each.author))) +
           '\n';
    add_line(out, "why", escape(each.reason));
    add_evidence(out, stream);
    if (each.rule) {
      add_line(
          out, "rule",
          paint.bold(each.rule->name) + " (below), which " + percent(each.covered, stream.messages) + " of them show");
    }
    if (!each.ask.empty()) {
      add_line(out, "next", escape(each.ask));
    }
  }
  const auto add_count = [&out](std::uint64_t count, const std::string& what) {
    out += count == 0 ? "" : with_commas(count) + ' ' + what + '\n';
  };
  out += '\n';
  add_count(report.suggestions.small_messages,
            "more fail in streams of less than " + std::to_string(report.min_messages) + " messages (--min)");
  add_count(report.dropped, "more fail in streams that were too small to be kept");
  add_count(report.several_authors, "more fail with several author domains");
  add_count(report.lines.local, "records of local mail");
  add_count(not_replayable(report.lines), "records left out of what assayd refused whatever the policy says");
  add_count(report.lines.incomplete, "incomplete records left out");
  add_count(report.lines.unlogged,
            "more ordinary messages were not logged (log.sample): what passes is counted too low");
  add_count(report.lines.redacted, "messages left out: rules ask for recipients or logins, which log.redact took away");
  add_count(report.lines.malformed, "malformed records left out");
  if (report.rules() == 0) {
    return out + "No rule to suggest.\n";
  }
  out += paint.bold("To paste:") + " the rules are observed first and do nothing. " +
         (report.is_checked
              ? "Tried over these records, they let in those streams and\nnothing else. "
              : "They were not tried over the records, which can be\nread once only: run assay policy replay. ") +
         "When their `observed` entries show what you expect, take observe: true away.\n\n" +
         to_yaml(report.suggestions);
  return out;
}

std::string to_json(const SuggestReport& report) {
  Json list = Json::array();
  for (const Suggestion& each : report.suggestions.list) {
    const bool has_rule = each.rule.has_value();
    list.push_back(
        {{"verdict", to_string(each.kind)},
         {"reason", escape(each.reason)},
         {"next", text_or_null(each.ask)},
         {"carrier", {{"kind", word(each.evidence.carrier.kind)}, {"name", text_or_null(each.evidence.carrier.name)}}},
         {"author", text_or_null(each.author)},
         {"evidence", evidence(each.evidence)},
         {"rule", has_rule ? Json(each.rule->name) : Json(nullptr)},
         {"rule_yaml", has_rule ? Json(config::print_rule(*each.rule)) : Json(nullptr)},
         {"covered", has_rule ? Json(each.covered) : Json(nullptr)},
         {"trusted_sealer", text_or_null(each.sealer)}});
  }
  Json object;
  object["schema"] = 1;
  object["whole"] = report.lines.is_whole;
  object["messages"] = report.lines.records;
  object["first"] = report.span ? Json(observe::to_rfc3339(report.span->first)) : Json(nullptr);
  object["last"] = report.span ? Json(observe::to_rfc3339(report.span->second)) : Json(nullptr);
  object["not_failing"] = report.passing;
  object["let_in"] = report.let_in;
  object["by_own_rule"] = report.by_own_rule;
  object["several_authors"] = report.several_authors;
  object["small"] = report.suggestions.small_messages;
  object["dropped"] = report.dropped;
  object["local"] = report.lines.local;
  object["not_replayable"] = not_replayable(report.lines);
  object["incomplete"] = report.lines.incomplete;
  object["unlogged"] = report.lines.unlogged;
  object["redacted"] = report.lines.redacted;
  object["malformed"] = report.lines.malformed;
  object["other_lines"] = report.lines.other_lines;
  object["checked"] = report.is_checked;
  object["streams"] = std::move(list);
  object["yaml"] = report.rules() == 0 ? Json(nullptr) : Json(to_yaml(report.suggestions));
  return object.dump();
}

}  // namespace assay::cli
