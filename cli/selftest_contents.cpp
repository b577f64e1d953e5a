#include <string>
#include <utility>
#include <vector>

#include "cli/selftest_attack.h"

// Signatures and chains that prove nothing, words that are to slip into the daemon's own field, and headers of any
// size.

namespace assay::cli {
namespace {

constexpr std::size_t kManySignatures = 100;
constexpr std::size_t kLongListNames = 2'000;
constexpr std::size_t kBase64Octets = 344;  ///< Of a signature by an RSA key of 2,048 bits.

AttackMessage by_victim(std::vector<AttackField> header) {
  AttackMessage message;
  message.header = std::move(header);
  message.header.push_back(from(" <ceo@bank.invalid>"));
  message.header.push_back({"Subject", " x"});
  return message;
}

/// Well formed, and of nobody: `tags` replace or follow those of an ordinary signature.
AttackField signature(const std::string& domain, const std::string& tags = {},
                      const std::string& names = "from:subject",
                      const std::string& b = std::string(kBase64Octets, 'A')) {
  std::string value = " v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + domain + "; s=s1";
  value += "; h=" + names + "; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; b=";
  return {"DKIM-Signature", value.append(b).append(tags)};
}

/// Set number `instance` of a chain, of nobody, that claims what `results` say.
std::vector<AttackField> arc_set(const std::string& instance, const std::string& results) {
  const std::string b(kBase64Octets, 'A');
  const std::string seal = "; a=rsa-sha256; d=attacker.invalid; s=s1; b=" + b;
  return {{"ARC-Seal", " i=" + instance + "; cv=" + (instance == "1" ? "none" : "pass") + seal},
          {"ARC-Message-Signature",
           " i=" + instance + seal + "; c=relaxed/relaxed; h=from; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="},
          {"ARC-Authentication-Results", " i=" + instance + "; " + results}};
}

std::vector<AttackField> arc_chain(const std::vector<std::string>& instances, const std::string& results) {
  std::vector<AttackField> fields;
  for (const std::string& instance : instances) {
    for (AttackField& field : arc_set(instance, results)) {
      fields.insert(fields.begin(), std::move(field));
    }
  }
  return fields;
}

std::vector<AttackField> numbered_signatures() {
  std::vector<AttackField> fields;
  for (std::size_t i = 0; i < kManySignatures; ++i) {
    fields.push_back(signature("d" + std::to_string(i) + ".attacker.invalid"));
  }
  return fields;
}

std::string long_list() {
  std::string names = "from";
  for (std::size_t i = 0; i < kLongListNames; ++i) {
    names += ":x-" + std::to_string(i);
  }
  return names;
}

}  // namespace

std::vector<Attack> broken_signatures(const OwnNames& names) {
  const char* const group = "Signatures and chains that prove nothing";
  std::vector<Attack> attacks;
  const auto add = [&](const char* name, const char* tries, std::vector<AttackField> header) {
    attacks.push_back({group, name, tries, {by_victim(std::move(header))}});
  };
  add("dkim-no-key", "The victim's d=, and no such key", {signature(kVictim)});
  add("dkim-empty", "Empty b= and bh=", {signature(kVictim, "; bh=", "from", "")});
  add("dkim-not-base64", "b= that is no base64", {signature(kVictim, {}, "from", "?*(")});
  add("dkim-no-from", "h= without From (RFC 6376 section 5.4)", {signature(kVictim, {}, "subject")});
  add("dkim-no-body", "l=0: anybody's body", {signature(kVictim, "; l=0")});
  add("dkim-expired", "x= long past", {signature(kVictim, "; t=1; x=2")});
  add("dkim-twice", "Each tag twice", {signature(kVictim, "; d=attacker.invalid; s=s2; h=from; bh=AAAA; b=AAAA")});
  add("dkim-parenthesis", "d= that ends at a parenthesis for some", {signature("attacker.invalid(.bank.invalid")});
  add("dkim-octets", "d= with octets that no name has", {signature("bank.invalid\x01\xFF")});
  add("dkim-identity", "i= of the victim's, d= of the attacker's", {signature(kAttacker, "; i=@bank.invalid")});
  add("dkim-version", "v=2 and a=none-none",
      {{"DKIM-Signature", " v=2; a=none-none; d=bank.invalid; s=s1; h=from; bh=; b="}});
  add("dkim-long-list", "h= of 2,000 names", {signature(kVictim, {}, long_list())});
  add("dkim-100", "100 signatures", numbered_signatures());
  add("dkim-two", "The attacker's signature, then the victim's", {signature(kAttacker), signature(kVictim)});

  const std::string claim = names.authserv_id + "; dmarc=pass header.from=" + kVictim;
  add("arc-claim", "A chain that claims dmarc=pass in our name", arc_chain({"1"}, claim));
  add("arc-gap", "Sets 1 and 3", arc_chain({"1", "3"}, claim));
  add("arc-twice", "Set 1 twice", arc_chain({"1", "1"}, claim));
  add("arc-zero", "Set 0", arc_chain({"0"}, claim));
  add("arc-51", "Set 51 alone", arc_chain({"51"}, claim));
  std::vector<std::string> instances;
  for (int i = 1; i <= 51; ++i) {
    instances.push_back(std::to_string(i));
  }
  add("arc-51-sets", "51 sets", arc_chain(instances, claim));
  add("arc-claim-alone", "An ARC-Authentication-Results field alone",
      {{"ARC-Authentication-Results", " i=1; " + claim}});
  return attacks;
}

std::vector<Attack> misleading_words() {
  const char* const group = "Words of the sender's that would be results in our own field";
  const std::string words = "x; dmarc=pass header.from=bank.invalid";
  std::vector<Attack> attacks;
  const auto add = [&](const char* name, const char* tries, AttackMessage message) -> Attack& {
    attacks.push_back({group, name, tries, {std::move(message)}});
    return attacks.back();
  };
  add("words-helo", "In HELO", harmless()).helo = words;
  add("words-helo-lines", "In HELO, behind a line end", harmless()).helo = "x\r\nAuthentication-Results: x; dmarc=pass";
  AttackMessage message = harmless();
  message.mail_from = "\"" + words + "\"@selftest.invalid";
  add("words-mail-from", "In the local part of MAIL FROM", message);
  message.mail_from = "a@x.invalid; dmarc=pass (";
  add("words-mail-domain", "In the domain of MAIL FROM", message);
  add("words-signature", "In d=, s= and i= of a signature",
      by_victim({signature("\"x dmarc=pass", "; i=\"x) dmarc=pass\"@bank.invalid")}));
  add("words-from", "In the domain of From",
      [&] {
        AttackMessage odd = harmless();
        odd.header = {from(" <a@[" + words + "]>")};
        return odd;
      }())
      .may_be_refused = true;
  return attacks;
}

std::vector<Attack> oversized_headers(const OwnNames& names, std::size_t header_octets) {
  const char* const group = "Headers of any size";
  constexpr std::size_t kFieldOctets = 100'000;
  constexpr std::size_t kBound = 10'000;  // Limits::header_fields, ForgedFields::kMax
  std::vector<Attack> attacks;
  Attack one{group, "size-field", "One field of 200 KB", {harmless({{"X-Long", " " + std::string(200'000, 'x')}})}};
  one.may_be_refused = true;  // limits.header_bytes may be less.
  attacks.push_back(std::move(one));
  attacks.push_back(
      {group, "size-5000-fields", "5,000 fields", {harmless(std::vector<AttackField>(5'000, {"X-Many", " x"}))}});

  std::vector<AttackField> large;
  for (std::size_t octets = 0; octets <= header_octets; octets += kFieldOctets) {
    large.push_back({"X-Long", " " + std::string(kFieldOctets, 'x')});
  }
  Attack all{group, "size-header", "More octets than limits.header_bytes", {harmless(std::move(large))}};
  all.may_be_refused = true;
  all.ground = policy::Ground::Exceeded;
  attacks.push_back(std::move(all));
  Attack fields{
      group, "size-10001-fields", "10,001 fields", {harmless(std::vector<AttackField>(kBound + 1, {"X-Many", " x"}))}};
  fields.may_be_refused = true;
  fields.ground = policy::Ground::Exceeded;
  attacks.push_back(std::move(fields));
  const AttackField forged{"Authentication-Results", " " + names.authserv_id + "; dmarc=pass", Fate::Goes};
  Attack forgeries{group,
                   "size-10001-results",
                   "10,001 fields that claim to be ours",
                   {harmless(std::vector<AttackField>(kBound + 1, forged))}};
  forgeries.may_be_refused = true;
  attacks.push_back(std::move(forgeries));
  return attacks;
}

}  // namespace assay::cli
