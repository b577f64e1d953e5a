#include "tests/bench/hostile_mail.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

#include "resolver/answer_reader.h"
#include "tests/bench/hostile_keys.h"
#include "verify/base/text.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/signature.h"
#include "verify/message/canonical.h"
#include "verify/message/header_block.h"

namespace assay::bench {
namespace {

using message::Canonicalization;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMostFields = 9900;                      ///< Limits::header_fields less some.
constexpr std::size_t kMostNames = 500;                        ///< Limits::signed_header_names.
constexpr std::size_t kMostSets = 50;                          ///< Limits::arc_sets.
constexpr std::size_t kManyRecords = resolver::kMaxAddresses;  ///< Addresses of one answer that reach the engine.

std::string base64(std::string_view octets) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::string_view part = octets.substr(i, 3);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= part.size() ? kDigits[bits >> (18U - 6U * k) & 63U] : '=';
    }
  }
  return text;
}

std::string body_hash(std::string_view body) {
  const auto value = crypto::digest(crypto::Hash::Sha256, body);
  return base64({reinterpret_cast<const char*>(value.octets.data()), value.size});
}

std::string repeat(std::string_view text, std::size_t octets) {
  std::string out;
  out.reserve(octets + text.size());
  while (out.size() < octets) {
    out += text;
  }
  return out;
}

std::string number(std::size_t value) {
  return std::to_string(value);
}

message::HeaderBlock block_of(const Fields& fields) {
  message::HeaderBlock block;
  for (const auto& [name, value] : fields) {
    block.add(name, value);
  }
  return block;
}

std::size_t octets_of(const Fields& fields) {
  std::size_t octets = 0;
  for (const auto& [name, value] : fields) {
    octets += name.size() + value.size() + 3;
  }
  return octets;
}

// ---- Keys ----------------------------------------------------------------------------------------------------------

/// Made once each, when first wanted.
const SigningKey& key(const std::string& kind) {
  static std::map<std::string, SigningKey> made;
  const auto known = made.find(kind);
  if (known != made.end()) {
    return known->second;
  }
  const auto make = [&kind] {
    if (kind.starts_with("ed25519")) {
      return SigningKey::ed25519();
    }
    if (kind.starts_with("exponent64")) {
      return SigningKey::rsa(4096, 0xFFFF'FFFF'FFFF'FFFFULL);
    }
    return SigningKey::rsa(static_cast<unsigned>(std::stoul(kind.substr(3))));
  };
  return made.emplace(kind, make()).first->second;
}

/// An RSA key of 16,384 bits (RFC 8017 appendix A.1.1), to which nobody has the private one.
std::string huge_key_record() {
  constexpr std::size_t kOctets = 16384 / 8;
  const std::string modulus("\x02\x82\x08\x01\x00", 5);
  const std::string exponent("\x02\x03\x01\x00\x01", 5);
  const std::string numbers = modulus + std::string(kOctets, '\xFF') + exponent;
  const std::string size{static_cast<char>(numbers.size() >> 8U), static_cast<char>(numbers.size() & 0xFFU)};
  return "v=DKIM1; p=" + base64("\x30\x82" + size + numbers);
}

/// A selector tells what stands there: "rsa4096", "rsa4096-7" (another name, the same key), "decoys-rsa4096-7": two
/// other keys of that kind before the right one.
std::optional<dns::Answer> key_answer(const dns::Question& question) {
  const auto end = question.name.find("._domainkey.");
  if (end == std::string::npos || question.type != dns::Type::TXT) {
    return std::nullopt;
  }
  std::string selector = question.name.substr(0, end);
  dns::Answer answer;
  answer.status = dns::Status::Found;
  const bool has_decoys = selector.starts_with("decoys-");
  if (has_decoys) {
    selector = selector.substr(7);
  }
  const std::string kind = selector.substr(0, selector.find('-'));
  if (has_decoys) {
    answer.texts.assign(2, key(kind + "x").record());
  }
  if (kind == "padded") {  // 64 KB of records, the key in the last
    for (std::size_t i = 0; i < 7; ++i) {
      answer.texts.push_back("v=DKIM1; n=" + repeat("x", 8000) + "; k=none; p=AAAA");
    }
    answer.texts.push_back(key("rsa2048").record());
  } else if (kind == "crowd") {  // as many small records as there can be
    answer.texts.assign(2000, "v=DKIM1; p=MAMCAQMCAQM=; k=rsa");
  } else if (kind == "huge") {
    answer.texts.push_back(huge_key_record());
  } else {
    answer.texts.push_back(key(kind).record());
  }
  return answer;
}

dns::Answer texts(std::vector<std::string> texts) {
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.texts = std::move(texts);
  return answer;
}

dns::Answer nothing() {
  dns::Answer answer;
  answer.status = dns::Status::NxDomain;
  return answer;
}

dns::Answer crowd_of_addresses(const dns::Question& question) {
  dns::Answer answer;
  answer.status = dns::Status::Found;
  for (std::size_t i = 0; i < kManyRecords; ++i) {
    const std::string tail = number(i / 250) + (question.type == dns::Type::A ? "." : ":") + number(i % 250);
    answer.addresses.push_back(
        *IpAddress::parse(question.type == dns::Type::A ? "198.51." + tail : "2001:db8::" + tail));
  }
  return answer;
}

dns::Answer plain_dns(const dns::Question& question) {
  if (auto answer = key_answer(question)) {
    return *std::move(answer);
  }
  if (question.name.starts_with("_dmarc.")) {
    return nothing();
  }
  return question.type == dns::Type::TXT ? texts({"v=spf1 -all"}) : nothing();
}

// ---- Signed fields -------------------------------------------------------------------------------------------------

/// Part of the names of those messages that are wanted.
std::string_view wanted;

/// Ends the making of a message that is not wanted, before its keys and signatures are made.
struct NotWanted {};

/// Makes a message from below: the last field added is the topmost.
class Maker {
 public:
  explicit Maker(std::string name) {
    if (name.find(wanted) == std::string::npos) {
      throw NotWanted{};
    }
    mail_.name = std::move(name);
    mail_.client = *IpAddress::parse("203.0.113.9");
    mail_.helo = "mx.attacker.example";
    mail_.mail_from = "<a@attacker.example>";
    mail_.dns = plain_dns;
    add("From", " a@attacker.example");
  }

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  [[nodiscard]] std::size_t octets() const { return octets_of(fields_); }
  HostileMail& mail() { return mail_; }

  /// `names` is what h= holds.
  void sign(const std::string& selector, const std::string& domain, const std::string& names,
            const std::string& canonicalization = "relaxed/simple") {
    add_signed("DKIM-Signature", " v=1; c=" + canonicalization + "; bh=" + body_hash(mail_.body) + "; h=" + names,
               dkim::SignatureField::Dkim, selector, domain);
  }

  /// One more ARC set; `results` stands behind the instance in its ARC-Authentication-Results.
  void seal(const std::string& selector, const std::string& names, const std::string& results = " mx; none",
            const std::string& canonicalization = " c=relaxed/simple;") {
    const std::string instance = number(++sets_);
    const std::string domain = "sealer.example";
    const std::string own =
        selector.find('%') == std::string::npos ? selector : selector.substr(0, selector.find('%')) + instance;
    add("ARC-Authentication-Results", " i=" + instance + ";" + results);
    const std::size_t results_at = fields_.size() - 1;
    add_signed("ARC-Message-Signature",
               " i=" + instance + ";" + canonicalization + " bh=" + body_hash(mail_.body) + "; h=" + names,
               dkim::SignatureField::ArcMessageSignature, own + (own == selector ? "" : "m"), domain);
    const auto& signer = key(kind_of(own));
    std::string value = " i=" + instance + "; cv=" + (sets_ == 1 ? "none" : "pass") + "; a=" + signer.algorithm() +
                        "; d=" + domain + "; s=" + own + "; b=";
    message::HeaderBlock block;
    for (const std::size_t at : {results_at, results_at + 1}) {
      append(fields_[at]);
    }
    block.add("ARC-Seal", value);
    std::string last;
    message::append_canonical_without_b(last, block[0], Canonicalization::Relaxed);
    add("ARC-Seal", value + signer.sign(crypto::digest(crypto::Hash::Sha256, sealed_ + last)));
    append(fields_.back());
  }

  HostileMail take() && {
    mail_.fields.assign(std::make_move_iterator(fields_.rbegin()), std::make_move_iterator(fields_.rend()));
    if (mail_.octets() >= 1U << 20U) {
      throw std::runtime_error(mail_.name + " is larger than a message may be");
    }
    return std::move(mail_);
  }

 private:
  static std::string kind_of(std::string selector) {
    if (selector.starts_with("decoys-")) {
      selector = selector.substr(7);
    }
    const std::string kind = selector.substr(0, selector.find('-'));
    return kind == "padded" ? "rsa2048" : kind == "crowd" ? "rsa2048" : kind;
  }

  void add_signed(const std::string& name, std::string value, dkim::SignatureField kind, const std::string& selector,
                  const std::string& domain) {
    const SigningKey& signer = key(kind_of(selector));
    value += std::string("; a=") + signer.algorithm() + "; d=" + domain + "; s=" + selector + "; b=";
    Fields above(fields_.rbegin(), fields_.rend());
    above.emplace(above.begin(), name, value + "AAAA");
    const message::HeaderBlock block = block_of(above);
    Limits limits;
    const auto tags = dkim::TagList::parse(block[0].value, limits.tags);
    const auto signature = dkim::read_signature(tags, kind, limits);
    if (!signature) {
      throw std::runtime_error(mail_.name + ": " + signature.error().detail);
    }
    add(name, value + signer.sign(dkim::header_hash(*signature, block, 0)));
  }

  void append(const std::pair<std::string, std::string>& field) {
    message::HeaderBlock block;
    block.add(field.first, field.second);
    message::append_canonical(sealed_, block[0], Canonicalization::Relaxed);
    sealed_ += "\r\n";
  }

  HostileMail mail_;
  Fields fields_;
  std::size_t sets_ = 0;
  std::string sealed_;  ///< Of the sets so far, as seals hash them.
};

/// Text that costs the canonicalization most: every second octet is white space.
std::string sparse(std::size_t octets) {
  return repeat(" x", octets);
}
/// And text that costs it least.
std::string dense(std::size_t octets) {
  return " " + repeat("x", octets - 1);
}
std::string folded(std::size_t octets) {
  return repeat("\r\n x", octets);
}

std::string names_of(std::string_view name, std::size_t count) {
  return "from:" + repeat(std::string(name) + ":", count * (name.size() + 1)) + "from";
}

// ---- The shapes ----------------------------------------------------------------------------------------------------

using Shape = HostileMail (*)();

HostileMail plain() {
  Maker maker("an ordinary message");
  maker.add("Subject", " hello");
  maker.sign("rsa2048", "attacker.example", "from:subject");
  return std::move(maker).take();
}

HostileMail thousand_signatures(const std::string& name, const std::function<std::string(std::size_t)>& domain) {
  Maker maker(name);
  maker.sign("rsa4096", domain(0), "from");
  // The rest say the same, each of its own domain: what they sign is read by nobody.
  const std::string first = " v=1; c=relaxed/simple; bh=" + body_hash(maker.mail().body) +
                            "; h=from; a=rsa-sha256; s=rsa4096; b=" + repeat("A", 684) + "; d=";
  for (std::size_t i = 1; i < 1000; ++i) {
    maker.add("DKIM-Signature", first + domain(i));
  }
  return std::move(maker).take();
}
HostileMail signatures_of_one() {
  return thousand_signatures("1,000 signatures of one domain", [](std::size_t) { return "attacker.example"; });
}
HostileMail signatures_of_many() {
  return thousand_signatures("1,000 signatures of as many domains",
                             [](std::size_t i) { return "d" + number(i) + ".attacker.example"; });
}

/// All signatures that are verified, each over a header of `text`.
HostileMail signed_bulk(const std::string& name, const std::string& text, const std::string& selector,
                        const std::string& canonicalization = "relaxed/simple") {
  Maker maker(name);
  maker.add("X-Bulk", text);
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign(selector + "-" + number(i), "attacker.example", "from:x-bulk", canonicalization);
  }
  return std::move(maker).take();
}
HostileMail eight_over_bulk() {
  return signed_bulk("8 signatures over 0.98 MB of one field", dense(980'000), "rsa4096");
}
HostileMail eight_over_sparse() {
  return signed_bulk("8 signatures over 0.98 MB of white space", sparse(980'000), "rsa4096");
}
HostileMail eight_over_folds() {
  return signed_bulk("8 signatures over 0.98 MB of folds", folded(980'000), "rsa4096");
}
HostileMail eight_with_decoys() {
  return signed_bulk("8 signatures, three 4096-bit keys each", " x", "decoys-rsa4096");
}
HostileMail eight_with_exponents() {
  return signed_bulk("8 signatures, keys with 64-bit exponents", " x", "decoys-exponent64");
}
HostileMail eight_with_ed25519() {
  return signed_bulk("8 signatures, three Ed25519 keys each", " x", "decoys-ed25519");
}
HostileMail eight_with_huge_keys() {
  Maker maker("8 signatures, keys of 16,384 bits");
  for (std::size_t i = 0; i < 8; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/simple; bh=" + body_hash(maker.mail().body) +
                                    "; h=from; d=attacker.example; s=huge-" + number(i) + "; b=" + repeat("A", 2732));
  }
  return std::move(maker).take();
}
HostileMail eight_with_padded_keys() {
  return signed_bulk("8 signatures, 64 KB of records at each key", " x", "padded");
}
HostileMail eight_with_crowds() {
  return signed_bulk("8 signatures, 2,000 records at each key", " x", "crowd");
}

HostileMail many_fields(const std::string& name, const std::string& field, const std::string& names) {
  Maker maker(name);
  for (std::size_t i = 0; i < kMostFields; ++i) {
    maker.add(field, " x");
  }
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign("rsa4096-" + number(i), "attacker.example", names);
  }
  return std::move(maker).take();
}
HostileMail many_fields_unsigned() {
  return many_fields("9,900 fields, 8 signatures", "X-Small-Field", "from");
}
HostileMail many_fields_signed() {
  return many_fields("9,900 fields, 8 signatures of 500 names", "X-Small", names_of("x-small", kMostNames - 2));
}
std::string different_names() {
  std::string names = "from";
  for (std::size_t i = 0; i < kMostNames - 1; ++i) {
    names += ":x-long-name-" + number(i + 1000) + "-same-end";
  }
  return names;
}
HostileMail many_names_signed() {
  return many_fields("9,900 fields, 8 signatures of 500 different names", "X-Long-Name-1250-Same-End",
                     different_names());
}

/// A chain that passes, whose every set signs `text`.
HostileMail chain(const std::string& name, const std::string& selector, const std::string& text,
                  const std::string& names, const std::string& results = " mx; none",
                  const std::string& canonicalization = " c=relaxed/simple;") {
  Maker maker(name);
  if (!text.empty()) {
    maker.add("X-Bulk", text);
  }
  for (std::size_t i = 0; i < kMostSets; ++i) {
    maker.seal(selector, names, results, canonicalization);
  }
  return std::move(maker).take();
}
HostileMail small_chain() {
  return chain("50 ARC sets", "rsa2048", "", "from");
}
HostileMail chain_4096() {
  return chain("50 ARC sets, 4096-bit keys", "rsa4096", "", "from");
}
HostileMail chain_of_names() {
  return chain("50 ARC sets, 100 keys of 4096 bits", "rsa4096-%", "", "from");
}
HostileMail chain_ed25519() {
  return chain("50 ARC sets, Ed25519 keys", "ed25519-%", "", "from");
}
HostileMail chain_with_decoys() {
  return chain("50 ARC sets, three 4096-bit keys each", "decoys-rsa4096-%", "", "from");
}
HostileMail chain_with_exponents() {
  return chain("50 ARC sets, keys with 64-bit exponents", "decoys-exponent64-%", "", "from");
}
HostileMail chain_over_bulk() {
  return chain("50 ARC sets, each over 0.85 MB of one field", "rsa4096", dense(850'000), "from:x-bulk");
}
HostileMail chain_over_sparse() {
  return chain("50 ARC sets, each over 0.85 MB of white space", "rsa4096", sparse(850'000), "from:x-bulk");
}
HostileMail chain_without_c() {
  return chain("50 ARC sets without c=, each over 0.85 MB", "rsa4096", sparse(850'000), "from:x-bulk", " mx; none", "");
}
HostileMail chain_of_results() {
  return chain("50 ARC sets of 17 KB of results each", "rsa4096", "", "from",
               " mx; " + repeat("dkim=pass header.d=a.example; ", 17'000) + "spf=none");
}
HostileMail chain_of_sparse_results() {
  return chain("50 ARC sets of 17 KB of white space each", "rsa4096", "", "from", " mx; none" + sparse(17'000));
}
HostileMail chain_of_comments() {
  return chain("50 ARC sets of 17 KB of comments each", "rsa4096", "", "from", " mx; none " + repeat("(", 17'000));
}

/// Everything at once: the most signatures and sets, with keys of one kind, over `text`.
HostileMail all(const std::string& name, const std::string& kind, const std::string& text) {
  Maker maker(name);
  maker.add("X-Bulk", text);
  for (std::size_t i = 0; i < kMostSets; ++i) {
    maker.seal(kind + "-%", "from:x-bulk");
  }
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign(kind + "-" + number(i), "attacker.example", "from:x-bulk");
  }
  return std::move(maker).take();
}
HostileMail all_4096() {
  return all("8 signatures and 50 sets, 4096 bits, 0.85 MB", "rsa4096", sparse(850'000));
}
/// As much of it as an honest message may have.
HostileMail all_that_may_pass() {
  Maker maker("8 signatures, 4096 bits, and 50 sets, 2048 bits");
  for (std::size_t i = 0; i < kMostSets; ++i) {
    maker.seal("rsa2048-%", "from");
  }
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign("rsa4096-" + number(i), "attacker.example", "from");
  }
  maker.mail().verdict = "dkim=8+0/8 arc=pass,oldest=0 ";
  return std::move(maker).take();
}
HostileMail all_with_decoys() {
  return all("the same, three keys at each name", "decoys-rsa4096", sparse(850'000));
}
HostileMail all_ed25519() {
  return all("the same with Ed25519 keys", "decoys-ed25519", sparse(850'000));
}
HostileMail all_of_fields() {
  Maker maker("8 signatures and 50 sets of 500 names, 9,700 fields");
  const std::string names = names_of("x-small", kMostNames - 2);
  for (std::size_t i = 0; i < 9700; ++i) {
    maker.add("X-Small", " x" + std::string(24, 'x'));
  }
  for (std::size_t i = 0; i < kMostSets; ++i) {
    maker.seal("rsa4096-%", names);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign("rsa4096-" + number(i), "attacker.example", names);
  }
  return std::move(maker).take();
}

// SPF, iprev.

dns::Answer storm(const dns::Question& question) {
  if (auto answer = key_answer(question)) {
    return *std::move(answer);
  }
  if (question.name.starts_with("_dmarc.")) {
    return nothing();
  }
  switch (question.type) {
    case dns::Type::TXT: {
      std::string record = "v=spf1";
      for (std::size_t i = 0; i < 10; ++i) {
        record += " mx:m" + number(i) + "." + question.name;
      }
      return texts({record + " -all"});
    }
    case dns::Type::MX: {
      dns::Answer answer;
      answer.status = dns::Status::Found;
      for (std::size_t i = 0; i < 10; ++i) {
        answer.exchanges.push_back({10, "h" + number(i) + "." + question.name});
      }
      return answer;
    }
    case dns::Type::PTR: {
      dns::Answer answer;
      answer.status = dns::Status::Found;
      for (std::size_t i = 0; i < kManyRecords; ++i) {
        answer.names.push_back("p" + number(i) + ".attacker.example");
      }
      return answer;
    }
    case dns::Type::A:
    case dns::Type::AAAA: return crowd_of_addresses(question);
  }
  return nothing();
}
HostileMail mx_storm() {
  Maker maker("SPF: 10 mx of 10 hosts of 200 addresses, twice");
  maker.mail().dns = storm;
  return std::move(maker).take();
}

HostileMail spf(const std::string& name, const std::string& local_part,
                const std::function<std::string(const std::string&)>& record) {
  Maker maker(name);
  maker.mail().mail_from = "<" + local_part + "@attacker.example>";
  maker.mail().dns = [record](const dns::Question& question) {
    if (question.type == dns::Type::TXT && !question.name.starts_with("_dmarc.")) {
      return texts({record(question.name)});
    }
    return question.type == dns::Type::TXT ? nothing() : storm(question);
  };
  return std::move(maker).take();
}
HostileMail include_chain() {
  return spf("SPF: includes 100 deep", "a",
             [](const std::string& name) { return "v=spf1 include:i." + name + " -all"; });
}
HostileMail include_loop() {
  return spf("SPF: an include of itself", "a",
             [](const std::string& name) { return "v=spf1 include:" + name + " -all"; });
}
HostileMail redirect_loop() {
  return spf("SPF: a redirect to itself", "a", [](const std::string& name) { return "v=spf1 redirect=" + name; });
}
HostileMail macro_bomb() {
  return spf("SPF: exists: with macros of a huge local part", repeat("a.", 60'000) + "a", [](const std::string& name) {
    std::string record = "v=spf1";
    for (std::size_t i = 0; i < 10; ++i) {
      record += " exists:" + repeat("%{lr-.}", 700) + "." + name;
    }
    return record + " -all";
  });
}
HostileMail ptr_storm() {
  return spf("SPF: ptr and %{p} of a client with 200 names", "a", [](const std::string& name) {
    return "v=spf1 ptr ptr:" + name + " exists:%{p}.x ptr ptr ptr ptr ptr ?all exp=" + name;
  });
}
HostileMail long_record() {
  return spf("SPF: records of 8 KB", "a",
             [](const std::string&) { return "v=spf1" + repeat(" ip4:192.0.2.1", 8000) + " -all"; });
}
HostileMail many_records() {
  Maker maker("SPF: 64 KB of other TXT records");
  maker.mail().dns = [](const dns::Question& question) {
    return question.type == dns::Type::TXT ? texts(std::vector<std::string>(4000, "v=spf1x token")) : nothing();
  };
  return std::move(maker).take();
}

// DMARC.

dns::Answer deep_walks(const dns::Question& question) {
  if (auto answer = key_answer(question)) {
    return *std::move(answer);
  }
  if (question.name == "_dmarc.example") {
    return texts({"v=DMARC1; p=reject; np=none; psd=n; rua=mailto:a@example"});
  }
  return question.name.starts_with("_dmarc.") ? nothing() : storm(question);
}
std::string deep_name(std::size_t i) {
  return "n" + number(i) + repeat(".a", 120) + ".example";
}

HostileMail deep_authors() {
  Maker maker("5 authors and 8 signers of 60 labels each");
  maker.mail().dns = deep_walks;
  std::string from = " a@" + deep_name(0);
  for (std::size_t i = 1; i < 5; ++i) {
    from += ", a@" + deep_name(i);
  }
  maker.add("From", from);
  HostileMail& mail = maker.mail();
  mail.mail_from = "<a@" + deep_name(77) + ">";
  for (std::size_t i = 0; i < 8; ++i) {
    maker.sign("rsa2048", deep_name(i + 10), "from");
  }
  HostileMail made = std::move(maker).take();
  made.fields.pop_back();  // The plain From of the maker.
  return made;
}

// Header fields.

HostileMail from_field(const std::string& name, const std::string& value) {
  Maker maker(name);
  maker.add("From", value);
  HostileMail made = std::move(maker).take();
  made.fields.pop_back();
  return made;
}
HostileMail ten_thousand_authors() {
  std::string value;
  for (std::size_t i = 0; i < 10'000; ++i) {
    value += (i == 0 ? " a@d" : ", a@d") + number(i) + ".attacker.example";
  }
  return from_field("From of 10,000 addresses", value);
}
HostileMail authors_of_one_domain() {
  return from_field("From of 40,000 addresses of one domain",
                    repeat(" a@attacker.example,", 900'000) + " a@attacker.example");
}
HostileMail authors_to_convert() {
  std::string value;
  const std::string label = repeat("\xC3\xBC", 80);
  for (std::size_t i = 0; i < 1000; ++i) {
    value += i == 0 ? " a@" : ", a@";
    value.append(label).append(".").append(label).append(".example");
  }
  return from_field("From of 1,000 addresses in U-labels", value);
}
HostileMail authors_hard_to_convert() {
  std::string value;
  std::string name;
  for (std::size_t i = 0; i < 4; ++i) {
    name +=
        repeat("\xE1\xBE\x97\xCD\x85", 24) + ".";  // A letter that NFC takes apart and joins, with a mark behind it.
  }
  for (std::size_t i = 0; i < 1000; ++i) {
    value += (i == 0 ? " a@" : ", a@") + name + "example";
  }
  return from_field("From of 1,000 addresses in letters to compose", value);
}
/// A name that takes long to convert, and another each time: two labels that become 63 octets each.
std::string name_to_convert(std::size_t i) {
  return repeat("\xC3\xBC", 108) + static_cast<char>('a' + i % 26) + "." + repeat("\xC3\xB6", 108) +
         static_cast<char>('a' + i / 26 % 26) + ".example";
}
HostileMail display_names_to_convert() {
  std::string value;
  for (std::size_t i = 0; value.size() < 970'000; ++i) {
    value += (i == 0 ? " a@" : ", a@") + name_to_convert(i) + " <a@" + name_to_convert(i + 1) + ">";
  }
  return from_field("From of 2,000 addresses with addresses as names", value);
}
HostileMail many_to_convert(const std::string& name, const std::string& field, const std::string& before,
                            const std::string& behind) {
  Maker maker(name);
  for (std::size_t i = 0; maker.octets() < 960'000; ++i) {
    std::string value = before;
    value += name_to_convert(i);
    maker.add(field, value + behind);
  }
  return std::move(maker).take();
}
HostileMail forged_to_convert() {
  return many_to_convert("2,000 Authentication-Results in U-labels", "Authentication-Results", " ", "; spf=pass");
}
HostileMail resent_to_convert() {
  return many_to_convert("2,000 Resent-From fields in U-labels that are none", "Resent-From", " a@x.",
                         "\xE2\x82\xAC.example");
}
HostileMail signatures_to_convert() {
  return many_to_convert(
      "1,500 signatures in U-labels", "DKIM-Signature",
      " v=1; a=rsa-sha256; c=relaxed/simple; bh=" + body_hash("Hello.\r\n") + "; h=from; s=rsa2048; b=AAAA; d=", "");
}
HostileMail chain_to_convert() {
  Maker maker("50 ARC sets in U-labels");
  for (std::size_t i = 1; i <= kMostSets; ++i) {
    const std::string instance = " i=" + number(i) + ";";
    maker.add("ARC-Authentication-Results", instance + " mx; none");
    maker.add("ARC-Message-Signature", instance + " a=rsa-sha256; c=relaxed/simple; bh=" + body_hash("Hello.\r\n") +
                                           "; h=from; s=rsa2048; b=AAAA; d=" + name_to_convert(i));
    maker.add("ARC-Seal", instance + " a=rsa-sha256; s=rsa2048; b=AAAA; cv=" + (i == 1 ? "none" : "pass") +
                              "; d=" + name_to_convert(i + 100));
  }
  return std::move(maker).take();
}
HostileMail deep_comments() {
  return from_field("From of 0.98 MB of nested comments",
                    " " + repeat("(", 490'000) + repeat(")", 490'000) + "a@attacker.example");
}
HostileMail flat_comments() {
  return from_field("From of 0.98 MB of small comments", " " + repeat("()", 980'000) + "a@attacker.example");
}
HostileMail quoted_from() {
  return from_field("From of 0.98 MB of quoted strings", " " + repeat("\"\\\"\" ", 980'000) + "<a@attacker.example>");
}
HostileMail many_from_fields() {
  Maker maker("9,900 From fields");
  for (std::size_t i = 0; i < kMostFields; ++i) {
    maker.add("From", " \xC3\xBC <a@d" + number(i) +
                          ".b\xC3\xBC"
                          "cher.example>, b@attacker.example");
  }
  return std::move(maker).take();
}
HostileMail hidden_from() {
  Maker maker("0.98 MB of lone CR");
  maker.add("Subject", repeat("\rFrom ", 980'000));
  return std::move(maker).take();
}

HostileMail tag_values() {
  Maker maker("15 signatures with tag values of 64 KB");
  for (std::size_t i = 0; i < 15; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/simple; bh=" + body_hash(maker.mail().body) +
                                    "; h=from; d=attacker.example; s=rsa2048; b=" + repeat("A", 64'000));
  }
  return std::move(maker).take();
}
HostileMail tag_lists() {
  Maker maker("15 signatures with 64 KB of small tags");
  std::string value = " v=1";
  for (std::size_t i = 0; value.size() < 64'000; ++i) {
    value += ";t" + number(i) + "=";
  }
  for (std::size_t i = 0; i < 15; ++i) {
    maker.add("DKIM-Signature", value);
  }
  return std::move(maker).take();
}
HostileMail tag_spaces() {
  Maker maker("15 signatures with 64 KB of folds in b=");
  for (std::size_t i = 0; i < 15; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/simple; bh=" + body_hash(maker.mail().body) +
                                    "; h=from; d=attacker.example; s=rsa2048; b=" + repeat("A\r\n ", 64'000));
  }
  return std::move(maker).take();
}
HostileMail long_names() {
  Maker maker("15 signatures with 64 KB of colons in h=");
  for (std::size_t i = 0; i < 15; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/simple; bh=" + body_hash(maker.mail().body) +
                                    "; h=" + repeat("from:", 64'000) + "from; d=attacker.example; s=rsa2048; b=AAAA");
  }
  return std::move(maker).take();
}

HostileMail forged(const std::string& name, const std::string& value, std::size_t count = 1) {
  Maker maker(name);
  for (std::size_t i = 0; i < count; ++i) {
    maker.add("Authentication-Results", value);
  }
  return std::move(maker).take();
}
HostileMail forged_large() {
  return forged("a forged field of 0.98 MB", " mx.example.net; " + repeat("spf=pass; ", 980'000));
}
HostileMail forged_comments() {
  return forged("a forged field behind 0.98 MB of comments",
                " " + repeat("(", 490'000) + repeat(")", 490'000) + "mx.example.net; spf=pass");
}
HostileMail forged_many() {
  return forged("9,900 forged fields", " mx.example.net; spf=pass", kMostFields);
}
HostileMail forged_spaces() {
  return forged("400 forged fields behind 2 KB of folds", folded(2'400) + "mx.example.net; spf=pass", 400);
}
HostileMail forged_names() {
  return forged("9,900 fields of a name much like ours",
                " MX\xEF\xBC\x8E"
                "EXAMPLE.net; spf=pass",
                kMostFields);
}

HostileMail list_id() {
  Maker maker("a List-Id of 0.98 MB");
  maker.add("List-Id", " " + repeat("<", 980'000) + ">");
  return std::move(maker).take();
}
HostileMail resent() {
  Maker maker("9,900 Resent-From fields");
  for (std::size_t i = 0; i < kMostFields; ++i) {
    maker.add("Resent-From",
              " \xC3\xBC <a@b\xC3\xBC"
              "cher.example>, (" +
                  repeat("(", 20));
  }
  return std::move(maker).take();
}
HostileMail received() {
  Maker maker("9,900 Received fields");
  for (std::size_t i = 0; i < kMostFields; ++i) {
    maker.add("Received", " from a (b [192.0.2.1])\r\n\tby c; Mon, 1 Jan 2024 00:00:00 +0000");
  }
  return std::move(maker).take();
}
HostileMail long_field_name() {
  Maker maker("a field name of 0.98 MB");
  maker.add(repeat("X-", 980'000), " x");
  return std::move(maker).take();
}
HostileMail recipients() {
  Maker maker("10,000 recipients");
  maker.mail().recipients = 10'000;
  return std::move(maker).take();
}
HostileMail lines() {
  Maker maker("0.98 MB of empty lines in the body, 8 signatures of as many l=");
  maker.mail().body = repeat(" \t\r\n", 980'000);
  for (std::size_t i = 0; i < 8; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/" + std::string(i % 2 == 0 ? "relaxed" : "simple") +
                                    "; bh=" + body_hash("") + "; h=from; d=attacker.example; s=rsa2048; l=" +
                                    number(900'000 + i) + "; b=" + repeat("A", 344));
  }
  return std::move(maker).take();
}
HostileMail body_hashes() {
  Maker maker("0.9 MB of body, hashed for 8 signatures and a chain");
  maker.mail().body = repeat("a b\tc  d\r\n", 900'000);
  for (std::size_t i = 0; i < 8; ++i) {
    maker.add("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/" + std::string(i % 2 == 0 ? "relaxed" : "simple") +
                                    "; bh=" + body_hash("") + "; h=from; d=attacker.example; s=rsa2048; l=" +
                                    number(900'000 - 100 * i) + "; b=" + repeat("A", 344));
  }
  return std::move(maker).take();
}

struct Entry {
  Shape make;
  bool is_short = true;
};

const Entry shapes[] = {
    {plain},
    {signatures_of_one},
    {signatures_of_many},
    {eight_over_bulk, false},
    {eight_over_sparse},
    {eight_over_folds, false},
    {eight_with_decoys},
    {eight_with_exponents, false},
    {eight_with_ed25519},
    {eight_with_huge_keys, false},
    {eight_with_padded_keys},
    {eight_with_crowds},
    {many_fields_unsigned, false},
    {many_fields_signed},
    {many_names_signed},
    {small_chain, false},
    {chain_4096, false},
    {chain_of_names},
    {chain_ed25519},
    {chain_with_decoys, false},
    {chain_with_exponents, false},
    {chain_over_bulk, false},
    {chain_over_sparse, false},
    {chain_without_c},
    {chain_of_results},
    {chain_of_sparse_results, false},
    {chain_of_comments, false},
    {all_that_may_pass},
    {all_4096},
    {all_with_decoys, false},
    {all_ed25519, false},
    {all_of_fields},
    {mx_storm},
    {include_chain},
    {include_loop},
    {redirect_loop},
    {macro_bomb},
    {ptr_storm},
    {long_record},
    {many_records},
    {deep_authors},
    {ten_thousand_authors},
    {authors_of_one_domain},
    {authors_to_convert},
    {authors_hard_to_convert},
    {display_names_to_convert},
    {forged_to_convert},
    {resent_to_convert},
    {signatures_to_convert},
    {chain_to_convert},
    {deep_comments},
    {flat_comments},
    {quoted_from},
    {many_from_fields},
    {hidden_from},
    {tag_values},
    {tag_lists},
    {tag_spaces},
    {long_names},
    {forged_large},
    {forged_comments},
    {forged_many},
    {forged_spaces},
    {forged_names},
    {list_id},
    {resent},
    {received},
    {long_field_name},
    {recipients},
    {lines},
    {body_hashes},
};

}  // namespace

std::size_t HostileMail::octets() const {
  return octets_of(fields) + 2 + body.size();
}

void for_each_hostile_mail(std::string_view only, bool is_short, const std::function<void(const HostileMail&)>& use) {
  wanted = only;
  for (const Entry& entry : shapes) {
    if (is_short && !entry.is_short) {
      continue;
    }
    std::optional<HostileMail> mail;
    try {
      mail = entry.make();
    } catch (const NotWanted&) {
      continue;
    }
    use(*mail);
  }
}

}  // namespace assay::bench
