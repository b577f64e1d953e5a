#include "cli/selftest_judge.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "policy/decision.h"
#include "policy/ruling.h"
#include "verify/authres/parse.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::cli {
namespace {

using Disposition = mta::Delivery::Disposition;

constexpr std::string_view kResults = "Authentication-Results";
/// Methods whose pass says that a name is proven, or a user known.
constexpr std::array kProofs{"auth", "spf", "dkim", "dmarc", "arc"};
constexpr std::size_t kLineOctets = 998;  ///< RFC 5322 section 2.1.1
constexpr std::size_t kToldOctets = 80;   ///< Of a field or a reply.
constexpr std::size_t kToldFields = 3;    ///< Of a kind, in one message.

std::string in_quotes(std::string_view text) {
  return '"' + escape(text, kToldOctets) + '"';
}

bool is_results(std::string_view name) {
  return iequals(name, kResults);
}

/// Fields of the message as it would be delivered that are none of the daemon's.
std::vector<std::string> kept_results(const mta::Delivery& delivery) {
  std::vector<std::string> kept;
  for (const mta::HeaderField& field : delivery.header) {
    if (is_results(field.name)) {
      kept.push_back(field.value);
    }
  }
  for (const mta::Edit& edit : delivery.edits) {
    const bool adds = edit.kind == mta::Edit::Kind::InsertHeader || edit.kind == mta::Edit::Kind::AddHeader;
    if (adds && is_results(edit.name)) {
      const auto own = std::find_if(kept.begin(), kept.end(), [&edit](const std::string& value) {
        return trim_fws(value) == trim_fws(edit.value);
      });
      if (own != kept.end()) {
        kept.erase(own);
      }
    }
  }
  return kept;
}

/// ", 2 gone, 1 kept"
std::string told_fates(std::size_t gone, std::size_t stays) {
  return (gone == 0 ? "" : ", " + std::to_string(gone) + " gone") +
         (stays == 0 ? "" : ", " + std::to_string(stays) + " kept");
}

/// Looks at one message that was accepted.
class Accepted {
 public:
  Accepted(const Attack& attack, const AttackMessage& message, const mta::Delivery& delivery,
           const Knowledge& knowledge, std::vector<std::string>& mismatches)
      : attack_(attack), message_(message), delivery_(delivery), knowledge_(knowledge), mismatches_(mismatches) {}

  /// Tells what is wrong, and returns what was seen.
  std::string look() {
    look_at_fates();
    look_at_order();
    look_at_place();
    look_at_stamp();
    std::string seen = "accepted" + told_fates(gone_, stays_);
    std::vector<std::string> results = results_of(stamp_);
    results.erase(std::unique(results.begin(), results.end()), results.end());
    for (const std::string& result : results) {
      if (!result.ends_with("=none") || result.starts_with("dmarc=")) {
        seen += ", " + escape(result, kToldOctets);
      }
    }
    if (delivery_.hold) {
      seen += ", held";
    }
    return seen;
  }

 private:
  void mismatch(std::string text) { mismatches_.push_back(std::move(text)); }

  void look_at_fates() {
    std::vector<std::string> kept = kept_results(delivery_);
    std::size_t forged = 0;
    std::size_t lost = 0;
    for (const AttackField& field : message_.header) {
      if (field.fate == Fate::Any || !is_results(field.name)) {
        continue;
      }
      const auto found = std::find(kept.begin(), kept.end(), field.value);
      const bool is_there = found != kept.end();
      if (is_there) {
        kept.erase(found);
      }
      (is_there ? stays_ : gone_) += 1;
      if (field.fate == Fate::Goes && is_there && ++forged <= kToldFields) {
        mismatch("a field that claims to be " + in_quotes(knowledge_.authserv_id) +
                 " is left: " + in_quotes(field.value));
      } else if (field.fate == Fate::Stays && !is_there && ++lost <= kToldFields) {
        mismatch("another host's field is gone: " + in_quotes(field.value));
      }
    }
    if (std::max(forged, lost) > kToldFields) {
      mismatch("... " + std::to_string(std::max(forged, lost)) + " such fields");
    }
  }

  /// The number of a field is what it is among those of its name. Whether a removed one still counts, MTAs do not
  /// agree: only who begins with the highest removes the same fields everywhere.
  void look_at_order() {
    const auto count =
        static_cast<std::uint32_t>(std::count_if(message_.header.begin(), message_.header.end(),
                                                 [](const AttackField& field) { return is_results(field.name); }));
    std::uint32_t last = 0;
    for (const mta::Edit& edit : delivery_.edits) {
      if (edit.kind == mta::Edit::Kind::ChangeHeader && is_results(edit.name)) {
        if (edit.index > count) {
          mismatch("removes field " + std::to_string(edit.index) + " where there are " + std::to_string(count));
          return;
        }
        if (last != 0 && edit.index >= last) {
          mismatch("removes field " + std::to_string(last) + " before field " + std::to_string(edit.index) +
                   ": MTAs do not count alike after a removal");
          return;
        }
        last = edit.index;
      }
    }
  }

  /// RFC 8601 section 5: results are added at the top.
  void look_at_place() {
    std::size_t added = 0;
    for (const mta::Edit& edit : delivery_.edits) {
      const bool inserts = edit.kind == mta::Edit::Kind::InsertHeader;
      if ((inserts || edit.kind == mta::Edit::Kind::AddHeader) && is_results(edit.name)) {
        ++added;
        stamp_ = edit.value;
      }
    }
    if (added != 1) {
      mismatch(added == 0 ? "no Authentication-Results field was added"
                          : std::to_string(added) + " Authentication-Results fields were added");
      return;
    }
    const mta::HeaderField& top = delivery_.header.front();
    if (!is_results(top.name) || trim_fws(top.value) != trim_fws(stamp_)) {
      mismatch("the field that was added does not stand at the top");
    }
  }

  void look_at_stamp() {
    if (stamp_.empty()) {
      return;
    }
    const auto read = authres::parse(stamp_);
    if (!read) {
      mismatch("the field that was added cannot be read: " + in_quotes(stamp_));
    } else if (!iequals(read->authserv_id, knowledge_.authserv_id)) {
      mismatch("it is stamped by " + in_quotes(read->authserv_id) + ", not by " + in_quotes(knowledge_.authserv_id));
    }
    look_at_lines();
    const std::string words = to_lower(stamp_);
    const bool is_user = message_.login && !message_.login->empty();
    for (const std::string_view method : kProofs) {
      if (method == "auth" && is_user) {
        continue;
      }
      // Anywhere, even where it is no result: a reader may not know comments.
      const std::string pass = std::string(method) + "=pass";
      auto at = words.find(pass);
      while (at != std::string::npos && at != 0 && is_alnum(words[at - 1])) {
        at = words.find(pass, at + 1);  // "arc=pass" in "dmarc=pass"
      }
      if (at != std::string::npos) {
        mismatch("it says " + pass + ", and nothing is proven: " + in_quotes(std::string_view(stamp_).substr(at)));
      }
    }
    if (!read || is_user) {
      return;
    }
    std::vector<std::string> authors;
    std::string dmarc;
    for (const authres::Result& result : read->results) {
      if (result.method == "dmarc") {
        dmarc = dmarc.empty() ? result.result : dmarc;
        for (const auto& [name, value] : result.properties) {
          if (name == "header.from") {
            authors.push_back(value);
          }
        }
      }
    }
    if (dmarc.empty()) {
      mismatch("it says nothing of dmarc: the message was not verified");
    } else if (attack_.ground && dmarc != "permerror") {
      mismatch("it says dmarc=" + escape(dmarc, kToldOctets) + ", not permerror");
    }
    if (!attack_.authors.empty() &&
        !std::is_permutation(authors.begin(), authors.end(), attack_.authors.begin(), attack_.authors.end(), iequals)) {
      mismatch("dmarc is about " + told(authors) + ", not " + told(attack_.authors));
    }
  }

  void look_at_lines() {
    std::size_t start = 0;
    while (start <= stamp_.size()) {
      const std::size_t end = std::min(stamp_.find('\n', start), stamp_.size());
      const std::string_view line = std::string_view(stamp_).substr(start, end - start);
      const bool is_odd = std::any_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; });
      if (line.size() > kLineOctets || is_odd || (start != 0 && (line.empty() || !is_wsp(line.front())))) {
        mismatch("a line of it is too long, not folded, or holds control characters: " + in_quotes(line));
        return;
      }
      start = end + 1;
    }
  }

  static std::string told(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
      text += (text.empty() ? "" : " and ") + escape(name, kToldOctets);
    }
    return text.empty() ? "nobody" : text;
  }

  const Attack& attack_;
  const AttackMessage& message_;
  const mta::Delivery& delivery_;
  const Knowledge& knowledge_;
  std::vector<std::string>& mismatches_;
  std::string stamp_;
  std::size_t gone_ = 0;
  std::size_t stays_ = 0;
};

/// What the configuration says of messages on this ground, if it alone decides: rules of the administrator's own come
/// before policy.bad_from.
std::optional<policy::Ruling> ruling_of(const Attack& attack, const Knowledge& knowledge) {
  if (!attack.ground || !knowledge.rules) {
    return std::nullopt;
  }
  const policy::Rules& rules = *knowledge.rules;
  if (*attack.ground == policy::Ground::BadFrom && !rules.own.empty()) {
    return std::nullopt;
  }
  policy::Ruling ruling{*attack.ground};
  if (rules.mode == policy::Mode::Enforce) {
    ruling.action = *attack.ground == policy::Ground::BadFrom ? rules.bad_from : rules.exceeded;
  }
  return ruling;
}

Disposition disposition_of(const policy::Ruling& ruling, const policy::Rules& rules) {
  switch (ruling.action) {
    case policy::Action::Accept: return Disposition::Accepted;
    case policy::Action::Reject: return Disposition::Rejected;
    case policy::Action::TempFail: return Disposition::Deferred;
    case policy::Action::Discard: return Disposition::Discarded;
    case policy::Action::Quarantine:
      return policy::refuses(ruling, rules) ? Disposition::Rejected : Disposition::Accepted;
  }
  return Disposition::Accepted;
}

/// Whether an accepted message is marked as the configuration has it for quarantine.
bool is_quarantined(const mta::Delivery& delivery, const policy::Quarantine& how) {
  switch (how.how) {
    case policy::QuarantineHow::Header:
      return std::any_of(delivery.header.begin(), delivery.header.end(), [&how](const mta::HeaderField& field) {
        return iequals(field.name, how.name) && trim_fws(field.value) == how.value;
      });
    case policy::QuarantineHow::Hold: return delivery.hold.has_value();
    case policy::QuarantineHow::Redirect: return delivery.rcpt == std::vector<std::string>{how.to};
    case policy::QuarantineHow::Reject: break;
  }
  return false;
}

std::string told(const mta::Delivery& delivery) {
  if (delivery.disposition == Disposition::Accepted) {
    return "accepted";
  }
  return delivery.reply.empty() ? std::string(to_string(delivery.disposition)) : escape(delivery.reply, kToldOctets);
}

void look_at_decision(const Attack& attack, const mta::Delivery& delivery, const Knowledge& knowledge,
                      std::vector<std::string>& mismatches) {
  const auto ruling = ruling_of(attack, knowledge);
  if (!ruling) {
    return;
  }
  const bool is_right =
      delivery.disposition == disposition_of(*ruling, *knowledge.rules) &&
      (ruling->action != policy::Action::Quarantine || delivery.disposition != Disposition::Accepted ||
       is_quarantined(delivery, policy::quarantine_of(*ruling, *knowledge.rules)));
  if (!is_right) {
    mismatches.push_back(std::string(policy::name_of(*ruling)) + " asks for " + to_string(ruling->action) +
                         ", and it is: " + told(delivery));
  }
}

/// Looks at one message; returns what was seen.
std::string look_at(const Attack& attack, const AttackMessage& message, const mta::Delivery& delivery,
                    const Knowledge& knowledge, std::vector<std::string>& mismatches) {
  look_at_decision(attack, delivery, knowledge, mismatches);
  if (delivery.disposition == Disposition::Accepted) {
    return Accepted(attack, message, delivery, knowledge, mismatches).look();
  }
  if (!attack.may_be_refused) {
    mismatches.push_back("a message that nobody could object to is not accepted: " + told(delivery));
  }
  return told(delivery);
}

void look_after(const Attack& attack, const mta::Delivery& delivery, const Knowledge& knowledge,
                std::vector<std::string>& mismatches) {
  Attack plain;
  const AttackMessage message = harmless();
  std::vector<std::string> found;
  look_at(plain, message, delivery, knowledge, found);
  for (const std::string& mismatch : found) {
    mismatches.push_back("the harmless message after it: " + mismatch);
  }
  const bool is_usual = attack.helo == kSelftestName && attack.client_ip == kSelftestIp;
  const std::vector<std::string> results = results_of(stamp_of(delivery));
  if (found.empty() && is_usual && !knowledge.harmless.empty() && results != knowledge.harmless) {
    mismatches.emplace_back("the harmless message after it has other results than alone: " +
                            in_quotes(stamp_of(delivery)));
  }
}

bool says_temperror(const std::optional<mta::Delivery>& delivery) {
  if (!delivery) {
    return false;
  }
  const std::vector<std::string> results = results_of(stamp_of(*delivery));
  return std::any_of(results.begin(), results.end(),
                     [](const std::string& result) { return result.ends_with("=temperror"); });
}

std::string expected_of(const Attack& attack, const Knowledge& knowledge) {
  std::size_t goes = 0;
  std::size_t stays = 0;
  for (const AttackMessage& message : attack.messages) {
    if (message.extent == Extent::Whole) {
      for (const AttackField& field : message.header) {
        goes += field.fate == Fate::Goes ? 1U : 0U;
        stays += field.fate == Fate::Stays ? 1U : 0U;
      }
    }
  }
  std::string text;
  const auto ruling = ruling_of(attack, knowledge);
  if (ruling) {
    text = std::string(to_string(ruling->action)) + " by " + policy::name_of(*ruling);
  } else {
    text = attack.may_be_refused ? "refused, or accepted" : "accepted";
  }
  text += told_fates(goes, stays);
  for (const std::string& author : attack.authors) {
    text += (&author == &attack.authors.front() ? ", judged by " : " and ") + author;
  }
  text += ", one field of its own at the top, no pass";
  return text + (attack.ground ? ", dmarc=permerror" : "") + (attack.asks_dns ? ", no temperror" : "");
}

const char* told(mta::Failure::Kind kind) {
  switch (kind) {
    case mta::Failure::Kind::Unreachable: return "no connection";
    case mta::Failure::Kind::Lost: return "the connection was lost";
    case mta::Failure::Kind::TimedOut: return "no answer in time";
    case mta::Failure::Kind::Protocol: return "the milter protocol was broken";
  }
  return "";
}

/// "accepted, dmarc=none (20 times)"
std::string told_together(const std::vector<std::string>& seen) {
  std::string text;
  for (auto each = seen.begin(); each != seen.end(); ++each) {
    if (std::find(seen.begin(), each, *each) == each) {
      const auto count = std::count(each, seen.end(), *each);
      text += (text.empty() ? "" : "; ") + *each + (count > 1 ? " (" + std::to_string(count) + " times)" : "");
    }
  }
  return text;
}

}  // namespace

std::string stamp_of(const mta::Delivery& delivery) {
  for (const mta::Edit& edit : delivery.edits) {
    const bool adds = edit.kind == mta::Edit::Kind::InsertHeader || edit.kind == mta::Edit::Kind::AddHeader;
    if (adds && is_results(edit.name)) {
      return edit.value;
    }
  }
  return {};
}

std::string authserv_id_of(std::string_view stamp) {
  const auto read = authres::parse(stamp);
  return read ? read->authserv_id : std::string();
}

std::vector<std::string> results_of(std::string_view stamp) {
  std::vector<std::string> results;
  if (const auto read = authres::parse(stamp)) {
    for (const authres::Result& result : read->results) {
      if (result.method != "iprev") {
        results.push_back(result.method + "=" + result.result);
      }
    }
  }
  return results;
}

Finding judge(const Attack& attack, const Conversation& conversation, const Knowledge& knowledge) {
  Finding finding;
  finding.expected = expected_of(attack, knowledge);
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    const auto& delivery = conversation.messages[i];
    if (delivery) {
      seen.push_back(look_at(attack, attack.messages[i], *delivery, knowledge, finding.mismatches));
      finding.has_temperror = finding.has_temperror || says_temperror(delivery);
    }
  }
  if (conversation.after) {
    look_after(attack, *conversation.after, knowledge, finding.mismatches);
    finding.has_temperror = finding.has_temperror || says_temperror(conversation.after);
  }
  if (attack.asks_dns && finding.has_temperror) {
    finding.mismatches.emplace_back("DNS does not answer: temperror");
  }
  if (conversation.failure) {
    finding.is_silent = true;
    std::string text =
        std::string(told(conversation.failure->kind)) + ": " + escape(conversation.failure->what, kToldOctets);
    seen.push_back(text);
    finding.mismatches.push_back(std::move(text));
  }
  finding.seen = told_together(seen);
  return finding;
}

}  // namespace assay::cli
