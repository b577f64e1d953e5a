// parse(format(x)) == x: whatever strings a Verdict and a Stamp hold, a reader of our Authentication-Results field
// finds the results and properties that are documented, and nothing else.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "verify/authres/encode.h"
#include "verify/authres/format.h"
#include "verify/authres/parse.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"
#include "verify/base/utf8.h"

using namespace assay;
using test::Dice;

namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

/// What may come out of mail and DNS, and what an attacker would put there.
std::string hostile(Dice& dice) {
  static const std::vector<std::string> parts{"; dmarc=pass header.from=bank.example",
                                              "\r\n",
                                              "\r\n dmarc=pass",
                                              "\n\tx",
                                              "\\",
                                              "\\\"",
                                              "\"",
                                              "(",
                                              ")",
                                              ";",
                                              "=",
                                              "@",
                                              ".",
                                              "..",
                                              " ",
                                              "\t",
                                              "\0x",
                                              "=?utf-8?q?x=3B?=",
                                              "\xC3\xBC",
                                              "\xE2\x80\xAE",
                                              "\xC2\x85",
                                              "\xF0\x9F\x93\xA7",
                                              "\xF3\xA0\x80\xA0",
                                              "\xED\xA0\x80",
                                              "\xC0\xAF",
                                              "\xFF",
                                              "example.com",
                                              "xn--bcher-kva",
                                              "b\xC3\xBC"
                                              "cher.example",
                                              "/",
                                              ":",
                                              "2001:db8::1",
                                              "a",
                                              "A",
                                              "0"};
  std::string out;
  switch (dice.below(5)) {
    case 0: break;
    case 1:
      for (std::size_t n = dice.below(12); n > 0; --n) {
        out += dice.octet();
      }
      break;
    case 2: out = dice.text(dice.below(40), "abcdefgXYZ0123456789-_."); break;
    case 3: out = std::string(240 + dice.below(30), dice.flip() ? 'x' : dice.octet()); [[fallthrough]];
    default:
      for (std::size_t n = dice.below(6); n > 0; --n) {
        out += dice.pick(parts);
      }
  }
  return dice.one_in(50) ? out + std::string(dice.below(100'000), dice.octet()) : out;
}

std::optional<Domain> name(Dice& dice) {
  static const std::vector<std::string> names{"example.com", "a.b.example", "xn--bcher-kva.example", "localhost"};
  return dice.one_in(5) ? std::nullopt : std::optional(Domain::parse(dice.pick(names)).value());
}

spf::Outcome random_spf(Dice& dice) {
  spf::Outcome outcome;
  outcome.status = dice.up_to(spf::Status::PermError);
  outcome.reason = dice.up_to(spf::Reason::DnssecBogus);
  outcome.domain = hostile(dice);
  return outcome;
}

dkim::Outcome random_dkim(Dice& dice) {
  dkim::Outcome outcome;
  outcome.status = dice.up_to(dkim::Status::PermError);
  outcome.reason = dice.up_to(dkim::Reason::TooCostly);
  outcome.signing_domain = name(dice);
  outcome.domain = outcome.signing_domain ? outcome.signing_domain->str() : hostile(dice);
  outcome.selector = hostile(dice);
  outcome.identity = dice.flip() ? hostile(dice) + "@" + name(dice).value_or(Domain::parse("example.net").value()).str()
                     : dice.flip() ? "@" + outcome.domain
                                   : hostile(dice);
  outcome.algorithm = dice.flip() ? "rsa-sha256" : hostile(dice);
  outcome.signature_start = dice.flip() ? dice.text(16, "AB+/") : hostile(dice);
  if (dice.flip()) {
    outcome.key_bits = 2048;
  }
  outcome.testing = dice.one_in(4);
  outcome.detail = hostile(dice);
  return outcome;
}

dmarc::Outcome random_dmarc(Dice& dice) {
  dmarc::Outcome outcome;
  outcome.status = dice.up_to(dmarc::Status::PermError);
  outcome.reason = dice.up_to(dmarc::Reason::DnssecBogus);
  outcome.author = name(dice);
  if (dice.flip()) {
    outcome.published = dice.up_to(dmarc::Policy::Reject);
    outcome.policy = dice.up_to(dmarc::Policy::Reject);
  }
  outcome.testing = dice.flip();
  outcome.detail = hostile(dice);
  return outcome;
}

arc::Outcome random_arc(Dice& dice) {
  arc::Outcome outcome;
  outcome.status = dice.up_to(arc::Status::Fail);
  outcome.reason = dice.up_to(arc::Reason::TooCostly);
  outcome.instances = static_cast<unsigned>(dice.below(51));
  for (std::size_t n = dice.below(4); n > 0; --n) {
    outcome.sealers.push_back(hostile(dice));
  }
  if (outcome.status == arc::Status::Pass) {
    outcome.oldest_pass = static_cast<unsigned>(dice.below(51));
  }
  return outcome;
}

Verdict random_verdict(Dice& dice) {
  Verdict verdict;
  verdict.spf_mail_from = random_spf(dice);
  verdict.spf_helo = random_spf(dice);
  for (std::size_t n = dice.one_in(20) ? 60 : dice.below(4); n > 0; --n) {
    verdict.dkim.push_back(random_dkim(dice));
  }
  verdict.arc = random_arc(dice);
  verdict.dmarc = random_dmarc(dice);
  for (std::size_t n = dice.one_in(20) ? 15 : dice.below(3); n > 0; --n) {
    verdict.other_authors.push_back(random_dmarc(dice));
  }
  if (dice.flip()) {
    verdict.iprev = iprev::Outcome{dice.up_to(iprev::Status::PermError), hostile(dice)};
  }
  if (dice.one_in(20)) {
    verdict.exceeded = dice.up_to(Bound::HeaderFields);
  }
  return verdict;
}

authres::Stamp random_stamp(Dice& dice) {
  static const std::vector<std::string> ids{"mx.example.net", "MX1", "mx_1.example",
                                            "b\xC3\xBC"
                                            "cher.example"};
  static const std::vector<std::string> clients{"192.0.2.1", "2001:db8::1"};
  authres::Stamp stamp;
  stamp.authserv_id = dice.pick(ids);
  if (dice.flip()) {
    stamp.client = IpAddress::parse(dice.pick(clients)).value();
  }
  stamp.null_sender = dice.one_in(4);
  stamp.rule = hostile(dice);
  stamp.action = hostile(dice);
  stamp.internationalized = dice.flip();
  return stamp;
}

/// What the documentation of authres::encode lets through, in code of its own.
std::string encoded(const std::string& text, bool utf8) {
  constexpr std::size_t kMost = 255;
  std::size_t end = std::min(text.size(), kMost);
  // A character of UTF-8, which has three octets at most behind its first, is not cut in two.
  for (int back = 0; utf8 && end < text.size() && back < 3 && (text[end] & 0xC0) == 0x80; ++back) {
    --end;
  }
  const std::string kept = text.substr(0, end);
  const bool keeps = utf8 && is_utf8(kept);
  std::string out;
  for (std::string_view rest = kept; !rest.empty();) {
    const CodePoint point = keeps ? first_code_point(rest) : CodePoint{static_cast<unsigned char>(rest[0]), 1};
    const char32_t c = point.value;
    const bool invisible = (c >= 0x80 && c <= 0x9F) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
                           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
                           (c >= 0xE0000 && c <= 0xE007F);
    const bool stays = c < 0x80 ? c >= 0x20 && c != 0x7F &&
                                      std::string_view("\"\\;=()").find(static_cast<char>(c)) == std::string_view::npos
                                : keeps && !invisible;
    out += stays ? std::string(rest.substr(0, point.octets)) : "?";
    rest.remove_prefix(point.octets);
  }
  return out;
}

bool is_dot_atom(const std::string& text) {
  return text.front() != '.' && text.back() != '.' && text.find("..") == std::string::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_alnum(c) || !is_ascii(c) || std::string_view(".-_+").find(c) != std::string_view::npos;
         });
}

/// header.i: the local-part in quotes unless it is a dot-atom, and left out if it would not be told as it is.
std::string identity(const std::string& text, bool utf8) {
  const auto at = text.rfind('@');
  const auto domain = at == std::string::npos ? Parsed<Domain>(parse_error("")) : Domain::parse(text.substr(at + 1));
  if (!domain || domain->label_count() < 2) {
    return encoded(text, utf8);
  }
  std::string local = text.substr(0, at);
  if (encoded(local, utf8) != local) {
    local.clear();
  } else if (!local.empty() && !is_dot_atom(local)) {
    local = "\"" + local + "\"";
  }
  return local + "@" + domain->str();
}

/// The results that format.h documents.
class Expected {
 public:
  Expected(const Verdict& verdict, const authres::Stamp& stamp) : verdict_(verdict), stamp_(stamp) {
    if (verdict.exceeded) {
      add("dkim", "permerror", {});
      add("dmarc", "permerror", {});
      return;
    }
    add_spf();
    if (verdict.dkim.empty()) {
      add("dkim", "none", {});
    }
    for (const auto& signature : verdict.dkim) {
      add_dkim(signature);
    }
    add_dmarc(verdict.dmarc);
    for (std::size_t i = 0; i < verdict.other_authors.size() && i + 1 < authres::kMaxAuthorsShown; ++i) {
      add_dmarc(verdict.other_authors[i]);
    }
    add_client();
  }

  [[nodiscard]] const std::vector<authres::Result>& results() const { return results_; }

 private:
  void add(const std::string& method, const std::string& result, Properties properties) {
    properties.erase(
        std::remove_if(properties.begin(), properties.end(), [](const auto& p) { return p.second.empty(); }),
        properties.end());
    results_.push_back({method, result, "", std::move(properties)});
  }
  [[nodiscard]] std::string text(const std::string& octets) const { return encoded(octets, stamp_.internationalized); }

  /// A name in U-labels where they may stand, else in A-labels.
  [[nodiscard]] std::string name(const std::string& octets) const {
    const auto domain = Domain::parse(octets);
    return stamp_.internationalized || is_ascii(octets) || !domain ? text(octets) : domain->str();
  }

  void add_spf() {
    const auto& helo = verdict_.spf_helo;
    if (!stamp_.null_sender && helo.reason != spf::Reason::NoIdentity && helo.reason != spf::Reason::InvalidDomain) {
      add("spf", spf::to_string(helo.status), {{"smtp.helo", text(helo.domain)}});
    }
    add("spf", spf::to_string(verdict_.spf_mail_from.status),
        {{stamp_.null_sender ? "smtp.helo" : "smtp.mailfrom", text(verdict_.spf_mail_from.domain)}});
  }
  void add_dkim(const dkim::Outcome& signature) {
    const bool is_default = iequals(signature.identity, "@" + signature.domain) || signature.identity.empty();
    add("dkim", dkim::to_string(signature.status),
        {{"header.d", signature.signing_domain ? signature.signing_domain->str() : text(signature.domain)},
         {"header.i", is_default ? "" : identity(signature.identity, stamp_.internationalized)},
         {"header.s", name(signature.selector)},
         {"header.a", text(signature.algorithm)},
         {"header.b", text(signature.signature_start.substr(0, unique_length(signature)))}});
  }
  /// RFC 6008 section 3: eight octets, more where others start alike.
  [[nodiscard]] std::size_t unique_length(const dkim::Outcome& signature) const {
    std::size_t length = 8;
    for (const auto& other : verdict_.dkim) {
      std::size_t common = 0;
      while (common < std::min(signature.signature_start.size(), other.signature_start.size()) &&
             signature.signature_start[common] == other.signature_start[common]) {
        ++common;
      }
      length = &other == &signature ? length : std::max(length, common + 1);
    }
    return length;
  }
  void add_dmarc(const dmarc::Outcome& outcome) {
    add("dmarc", dmarc::to_string(outcome.status),
        {{"header.from", outcome.author ? outcome.author->str() : ""},
         {"policy.dmarc", outcome.policy ? dmarc::to_string(*outcome.policy) : ""}});
  }
  void add_client() {
    const std::string client = stamp_.client ? stamp_.client->to_string() : "";
    const bool is_none = verdict_.arc.status == arc::Status::None;
    const auto& oldest = verdict_.arc.oldest_pass;
    add("arc", arc::to_string(verdict_.arc.status),
        {{"header.oldest-pass", !is_none && oldest ? std::to_string(*oldest) : ""},
         {"smtp.remote-ip", is_none ? "" : client}});
    if (verdict_.iprev) {
      add("iprev", iprev::to_string(verdict_.iprev->status), {{"policy.iprev", client}});
    }
  }

  const Verdict& verdict_;
  const authres::Stamp& stamp_;
  std::vector<authres::Result> results_;
};

std::string describe(const authres::Result& result) {
  std::string out = result.method + "=" + result.result + " reason=" + result.reason;
  for (const auto& [property, value] : result.properties) {
    out += " [" + property + "=" + value + "]";
  }
  return out;
}

/// `results` without `count` signatures: the last ones that neither verify nor could not be checked, then the last ones
/// that do (RFC 6376 section 3.9).
std::vector<authres::Result> without_signatures(std::vector<authres::Result> results, std::size_t count) {
  const auto must_be_told = [](const authres::Result& result) {
    return result.result == "pass" || result.result == "temperror";
  };
  for (const bool told : {false, true}) {
    for (std::size_t i = results.size(); i-- > 0 && count > 0;) {
      if (results[i].method == "dkim" && must_be_told(results[i]) == told) {
        results.erase(results.begin() + static_cast<std::ptrdiff_t>(i));
        --count;
      }
    }
  }
  return results;
}

/// Why the value cannot stand in a message as it is: a line that is too long, or an octet that ends or hides one. Empty
/// if it can.
std::string find_flaw(const std::string& value, bool internationalized) {
  if (value.size() > authres::kMaxFieldOctets || !is_utf8(value) || (!internationalized && !is_ascii(value))) {
    return "too long, or not in its charset";
  }
  std::size_t line = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool is_fold =
        value[i] == '\n' && i + 2 < value.size() && value[i + 1] == ' ' && value[i + 2] != ' ' && value[i + 2] != '\n';
    line = is_fold ? 0 : line + 1;
    if ((is_control(value[i]) && !is_fold) || line > 998) {
      return "octet " + std::to_string(i);
    }
  }
  return {};
}

std::string ascii_id(const authres::Stamp& stamp) {
  return stamp.internationalized || is_ascii(stamp.authserv_id) ? stamp.authserv_id
                                                                : Domain::parse(stamp.authserv_id)->str();
}

}  // namespace

TEST_CASE(
    "property/authres: a reader finds the results that were written, whatever the message held (RFC 8601 section "
    "2.2)",
    "[property][authres]") {
  Dice dice(8601);
  for (int round = 0; round < 8'000; ++round) {
    const Verdict verdict = random_verdict(dice);
    const authres::Stamp stamp = random_stamp(dice);
    const std::string value = authres::format(verdict, stamp);
    CAPTURE(round, value);
    REQUIRE(find_flaw(value, stamp.internationalized).empty());
    const auto parsed = authres::parse(value);
    REQUIRE(parsed);
    REQUIRE(parsed->authserv_id == ascii_id(stamp));
    REQUIRE(parsed->version == 1);
    auto expected = Expected(verdict, stamp).results();
    // Signatures beyond the bounds are counted in a comment.
    const std::size_t left_out = expected.size() - parsed->results.size();
    if (left_out != 0) {
      std::string unfolded = value;
      unfolded.erase(std::remove(unfolded.begin(), unfolded.end(), '\n'), unfolded.end());
      REQUIRE(unfolded.find("(more signatures: " + std::to_string(left_out) + ")") != std::string::npos);
      expected = without_signatures(std::move(expected), left_out);
    }
    REQUIRE(parsed->results.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(describe(parsed->results[i]) == describe(expected[i]));
    }
    // RFC 8601 section 5: the next border of ours takes it off again.
    REQUIRE(authres::must_remove(" " + value, {stamp.authserv_id}));
    REQUIRE(authres::must_remove(" " + value + "\r\n", {"other.example", stamp.authserv_id}));
    REQUIRE_FALSE(authres::must_remove(" " + value, {"other.example"}));
  }
}

TEST_CASE("property/authres: the field of unverified local mail says auth= or none (RFC 8601 section 2.7.4)",
          "[property][authres]") {
  Dice dice(2554);
  for (int round = 0; round < 8'000; ++round) {
    const std::string user = hostile(dice);
    const std::string value = authres::format_unverified("mx.example.net", user);
    CAPTURE(round, value);
    REQUIRE(find_flaw(value, false).empty());
    const auto parsed = authres::parse(value);
    REQUIRE(parsed);
    REQUIRE(parsed->authserv_id == "mx.example.net");
    REQUIRE(parsed->results.size() == (user.empty() ? 0 : 1));
    if (!user.empty()) {
      authres::Result expected{"auth", "pass", "", {{"smtp.auth", identity(user, false)}}};
      REQUIRE(describe(parsed->results[0]) == describe(expected));
    }
  }
}

TEST_CASE("property/authres: no text is read without bound, and what it is read as can be told (RFC 8601 section 2.2)",
          "[property][authres]") {
  Dice dice(2045);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string value = dice.flip() ? "mx.example.net; dkim=pass header.d=example.com" : "";
    for (std::size_t n = dice.below(8); n > 0; --n) {
      value.insert(dice.below(value.size() + 1), hostile(dice).substr(0, 60));
    }
    CAPTURE(value);
    const auto parsed = authres::parse(value);
    if (!parsed) {
      REQUIRE(parsed.error().offset <= value.size());
      continue;
    }
    ++read;
    REQUIRE_FALSE(parsed->authserv_id.empty());
    REQUIRE(parsed->results.size() <= 100);
    for (const auto& result : parsed->results) {
      REQUIRE_FALSE(result.method.empty());
      REQUIRE_FALSE(result.result.empty());
      REQUIRE(result.method == to_lower(result.method));
      REQUIRE(result.properties.size() <= 20);
    }
    // A field that a strict reader takes for ours is one that must go.
    REQUIRE((!iequals(parsed->authserv_id, "mx.example.net") || authres::must_remove(value, {"mx.example.net"})));
  }
  CHECK(read > 1'000);
}
