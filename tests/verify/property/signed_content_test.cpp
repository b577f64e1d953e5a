// Whatever one octet of a message or of a key is changed: a signature verifies only over what its signer signed.
//
// What was signed is told by the messages of tests/vectors that pass, which other implementations signed. For each of
// their signatures the hash input is written down (RFC 6376 section 3.7), in code of its own: the canonical forms of
// the fields that h= lists and of the signature's own field, the octets of b=, and the canonical body up to l=. After
// any change, a signature that still verifies must have one of these inputs, octet for octet.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/change.h"
#include "tests/support/dice.h"
#include "tests/support/rfc6376.h"
#include "tests/verify/property/vectors.h"
#include "verify/base/base64.h"
#include "verify/base/text.h"
#include "verify/dkim/key.h"

using namespace assay;
using message::SplitMessage;
using test::Vector;

namespace {

using Field = SplitMessage::Field;

/// The tags of a well-formed tag-list, FWS around the values removed.
std::map<std::string, std::string> read_tags(const std::string& value) {
  std::map<std::string, std::string> tags;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(';', begin), value.size());
    const std::string tag = value.substr(begin, end - begin);
    const std::size_t equals = tag.find('=');
    if (equals != std::string::npos) {
      tags[std::string(trim_fws(tag.substr(0, equals)))] = trim_fws(std::string_view(tag).substr(equals + 1));
    }
    begin = end + 1;
  }
  return tags;
}

/// The value with all that stands between "b=" and the next ';' left out.
std::string without_b(const std::string& value) {
  std::string out;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(';', begin), value.size());
    const std::string tag = value.substr(begin, end - begin);
    const std::size_t equals = tag.find('=');
    const bool is_b = equals != std::string::npos && trim_fws(tag.substr(0, equals)) == "b";
    out += (is_b ? tag.substr(0, equals + 1) : tag) + (end < value.size() ? ";" : "");
    begin = end + 1;
  }
  return out;
}

std::string octets_of(const std::string& base64) {
  const auto octets = decode_base64(base64);
  REQUIRE(octets);
  return {octets->begin(), octets->end()};
}

std::string canonical(const Field& field, bool relaxed) {
  return relaxed ? test::relaxed_field(field.name, field.value) : field.name + ":" + field.value;
}

/// c= of a signature. An ARC-Message-Signature without it may be read as simple or as relaxed, so that only what
/// relaxed keeps apart is signed for certain.
std::string canonicalizations(const Field& signature) {
  auto tags = read_tags(signature.value);
  const bool is_open = tags.count("c") == 0 && iequals(signature.name, "ARC-Message-Signature");
  return is_open ? "relaxed/relaxed" : tags["c"];
}

/// What b= covers besides the body, and b= itself.
std::string signed_header(const SplitMessage& message, std::size_t own) {
  const Field& signature = message.fields[own];
  auto tags = read_tags(signature.value);
  const bool relaxed = istarts_with(canonicalizations(signature), "relaxed");
  std::string input;
  std::map<std::string, std::size_t> next;  // Where the next mention of a name starts to look, from below.
  const std::string names = tags["h"] + ":";
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = names.find(':', begin);
    const std::string name = to_lower(trim_fws(std::string_view(names).substr(begin, end - begin)));
    begin = end + 1;
    std::size_t& below = next.try_emplace(name, message.fields.size()).first->second;
    while (below > 0) {
      --below;
      if (below != own && to_lower(message.fields[below].name) == name) {
        input += canonical(message.fields[below], relaxed) + "\r\n";
        break;
      }
    }
  }
  input += canonical({signature.name, without_b(signature.value)}, relaxed);
  return input + "\nb:" + octets_of(tags["b"]);
}

/// The canonical body that bh= covers.
std::string signed_body(const SplitMessage& message, std::size_t own) {
  auto tags = read_tags(message.fields[own].value);
  const std::string canonicalization = canonicalizations(message.fields[own]);
  const auto slash = canonicalization.find('/');
  const bool relaxed = slash != std::string::npos && iequals(canonicalization.substr(slash + 1), "relaxed");
  const std::string body = relaxed ? test::relaxed_body(message.body) : test::simple_body(message.body);
  return tags.count("l") == 0 ? body : body.substr(0, std::stoul(tags["l"]));
}

std::vector<std::size_t> fields_named(const SplitMessage& message, std::string_view name) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < message.fields.size(); ++i) {
    if (iequals(message.fields[i].name, name)) {
      indexes.push_back(i);
    }
  }
  return indexes;
}

unsigned instance_of(const Field& field) {
  const auto at = field.value.find("i=");
  return at == std::string::npos ? 0 : static_cast<unsigned>(std::strtoul(field.value.c_str() + at + 2, nullptr, 10));
}

std::size_t newest(const SplitMessage& message, std::string_view name) {
  std::size_t best = message.fields.size();
  for (const std::size_t i : fields_named(message, name)) {
    if (best == message.fields.size() || instance_of(message.fields[i]) > instance_of(message.fields[best])) {
      best = i;
    }
  }
  REQUIRE(best < message.fields.size());
  return best;
}

/// What a valid chain covers (RFC 8617 sections 5.1.1 and 5.2): every ARC field, and what the newest message signature
/// signs. The order in which the fields stand is not signed.
std::string sealed(const SplitMessage& message) {
  std::vector<std::string> forms;
  const std::size_t newest_seal = newest(message, "ARC-Seal");
  for (const char* name : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"}) {
    for (const std::size_t i : fields_named(message, name)) {
      const Field& field = message.fields[i];
      forms.push_back(i == newest_seal ? canonical({field.name, without_b(field.value)}, true) +
                                             octets_of(read_tags(field.value)["b"])
                                       : canonical(field, true));
    }
  }
  std::sort(forms.begin(), forms.end());
  std::string out;
  for (const std::string& form : forms) {
    out += form + "\r\n";
  }
  const std::size_t signature = newest(message, "ARC-Message-Signature");
  return out + signed_header(message, signature) + "\nbody:" + signed_body(message, signature);
}

struct Judged {
  std::vector<dkim::Outcome> dkim;
  arc::Outcome arc;
};

Judged judge(const SplitMessage& message, dns::Resolver& dns, Time now) {
  const Limits limits;
  message::HeaderBlock headers;
  for (const Field& field : message.fields) {
    headers.add(field.name, field.value);
  }
  message::BodyDigests body;
  const auto candidates = dkim::select(headers, {}, body, limits);
  const auto chain = arc::Chain::collect(headers, body, limits);
  body.update(message.body);
  body.finish();
  Judged judged;
  dkim::HeaderHashes hashes(headers);
  auto for_signatures = dkim::Effort::for_signatures(hashes, limits);
  judged.dkim = dkim::verify_all(candidates, body, dns, for_signatures, limits, now);
  auto for_chain = dkim::Effort::for_chain(for_signatures, limits);
  judged.arc = chain.verify(body, dns, for_chain, limits, now);
  return judged;
}

/// What the signers of the vectors signed.
struct Signed {
  std::set<std::string> headers;
  std::set<std::string> messages;  ///< Header and body.
  std::set<std::string> chains;
};

std::string whole(const SplitMessage& message, std::size_t field) {
  return signed_header(message, field) + "\nbody:" + signed_body(message, field);
}

Signed find_signed() {
  Signed all;
  for (const Vector& vector : test::vectors()) {
    const auto fields = fields_named(vector.message, "DKIM-Signature");
    // A signature whose key or time is at fault, or that leaves octets unsigned, holds nevertheless; the vectors whose
    // messages were changed after signing are among the failures.
    for (std::size_t i = 0; i < vector.dkim.size(); ++i) {
      if (vector.dkim[i] == "pass" || vector.dkim[i] == "policy") {
        all.messages.insert(whole(vector.message, fields[i]));
        all.headers.insert(signed_header(vector.message, fields[i]));
      }
    }
    if (vector.arc == "pass") {
      all.chains.insert(sealed(vector.message));
    }
    if (vector.name == "samples/list-footer") {
      SplitMessage without_footer = vector.message;
      without_footer.body.erase(without_footer.body.find("____"));
      all.messages.insert(whole(without_footer, fields.front()));
    }
  }
  return all;
}

const Signed& signed_content() {
  static const Signed all = find_signed();
  return all;
}

/// Judges the message and compares all that verifies with what was signed. Returns how many signatures verified.
std::size_t check(const Vector& vector, const SplitMessage& message) {
  vector.dns->forget_questions();
  const Judged judged = judge(message, *vector.dns, vector.now);
  const auto fields = fields_named(message, "DKIM-Signature");
  std::size_t verified = 0;
  for (std::size_t i = 0; i < judged.dkim.size(); ++i) {
    const dkim::Outcome& outcome = judged.dkim[i];
    const bool holds = outcome.status == dkim::Status::Pass || outcome.reason == dkim::Reason::UnsignedBody;
    if (holds) {
      ++verified;
      REQUIRE(signed_content().messages.count(whole(message, fields[i])) == 1);
    }
  }
  if (judged.arc.status == arc::Status::Pass) {
    ++verified;
    REQUIRE(signed_content().chains.count(sealed(message)) == 1);
  }
  return verified;
}

}  // namespace

TEST_CASE("property/signed content: the vectors verify exactly as expected, so that what follows means something",
          "[property][signed]") {
  std::size_t passing = 0;
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    const Judged judged = judge(vector.message, *vector.dns, vector.now);
    for (std::size_t i = 0; i < vector.dkim.size() && i < judged.dkim.size(); ++i) {
      CHECK(dkim::to_string(judged.dkim[i].status) == vector.dkim[i]);
      passing += vector.dkim[i] == "pass" ? 1U : 0U;
    }
    if (!vector.arc.empty()) {
      CHECK(arc::to_string(judged.arc.status) == vector.arc);
    }
    check(vector, vector.message);
  }
  CHECK(passing > 50);
  CHECK(signed_content().chains.size() > 5);
}

TEST_CASE(
    "property/signed content: no octet of a message, changed in any way, makes a signature verify over anything "
    "but what was signed (RFC 6376 section 3.7, RFC 8617 section 5.1)",
    "[property][signed]") {
  test::Dice dice(8617);
  std::size_t tried = 0;
  std::size_t verified = 0;
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    // Messages of a few signatures are changed at each octet, the long ones at some.
    const std::size_t step = vector.octets.size() < 4096 ? 1 : vector.octets.size() / 512;
    for (std::size_t at = dice.below(step); at < vector.octets.size(); at += 1 + dice.below(2 * step - 1)) {
      const auto change = dice.up_to(test::Change::Double);
      CAPTURE(at, static_cast<int>(change));
      verified += check(vector, message::split(test::changed(vector.octets, at, change)));
      ++tried;
    }
  }
  // White space that the relaxed forms do not see, and fields that nothing signs.
  CHECK(tried > 150'000);
  CHECK(verified > 40'000);
}

TEST_CASE("property/signed content: no message that ends too early verifies as anything but what was signed",
          "[property][signed]") {
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    const std::size_t step = vector.octets.size() < 4096 ? 7 : 97;
    for (std::size_t size = 0; size < vector.octets.size(); size += step) {
      CAPTURE(size);
      check(vector, message::split(vector.octets.substr(0, size)));
    }
  }
}
