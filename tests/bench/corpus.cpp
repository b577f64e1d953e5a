#include "tests/bench/corpus.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mta/wire.h"
#include "verify/verification.h"

namespace assay::bench {
namespace {

using Json = nlohmann::json;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error(path + ": cannot be read");
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The enumerator up to `last` whose keyword is `word`.
template <class Enum>
Enum named(const std::string& word, Enum last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (word == to_string(static_cast<Enum>(value))) {
      return static_cast<Enum>(value);
    }
  }
  throw std::runtime_error("the manifest expects \"" + word + "\", which is no result");
}

Expected read_expected(const Json& json) {
  Expected expected;
  expected.spf = named(json.at("spf").get<std::string>(), spf::Status::PermError);
  expected.spf_helo = named(json.at("spf_helo").get<std::string>(), spf::Status::PermError);
  expected.arc = named(json.at("arc").get<std::string>(), arc::Status::Fail);
  expected.dmarc = named(json.at("dmarc").get<std::string>(), dmarc::Status::PermError);
  expected.iprev = named(json.at("iprev").get<std::string>(), iprev::Status::PermError);
  if (!json.at("dmarc_policy").is_null()) {
    expected.published = named(json.at("dmarc_policy").get<std::string>(), dmarc::Policy::Reject);
  }
  for (const Json& signature : json.at("dkim")) {
    expected.dkim.push_back({named(signature.at("result").get<std::string>(), dkim::Status::PermError),
                             signature.at("domain"), signature.at("selector"), signature.at("algorithm")});
  }
  return expected;
}

Message read_message(const Json& json, const std::string& folder) {
  Message message;
  message.file = json.at("file");
  message.size_class = json.at("size");
  message.kind = json.at("kind");
  message.signatures = json.at("signatures");
  message.arc_sets = json.at("arc_sets");
  message.client = IpAddress::parse(json.at("client_ip").get<std::string>()).value();
  message.helo = json.at("helo");
  message.mail_from = json.at("mail_from");
  message.expected = read_expected(json.at("expect"));
  const std::string octets = read_file(folder + "/" + message.file);
  message.octets = octets.size();
  message::SplitMessage split = message::split(octets);
  message.fields = std::move(split.fields);
  message.body = std::move(split.body);
  return message;
}

bool is_right(const std::vector<dkim::Outcome>& found, const std::vector<ExpectedSignature>& expected) noexcept {
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](const auto& a, const auto& b) { return a.status == b.status; });
}

}  // namespace

Corpus read_corpus(const std::string& folder) {
  Corpus corpus;
  if (const auto error = corpus.zones.add_file(folder + "/zone")) {
    throw std::runtime_error(*error);
  }
  const Json manifest = Json::parse(read_file(folder + "/manifest.json"));
  corpus.now = Time(std::chrono::seconds(manifest.at("now").get<std::int64_t>()));
  for (const Json& message : manifest.at("messages")) {
    corpus.messages.push_back(read_message(message, folder));
  }
  return corpus;
}

dns::AnswerPtr WarmResolver::lookup(const dns::Question& question) {
  const auto known = answers_.find(question);
  if (known != answers_.end()) {
    return known->second;
  }
  auto answer = zones_.answer(question);
  return answers_.emplace(question, std::move(answer)).first->second;
}

Verdict verify(const Message& message, dns::Resolver& dns, const Limits& limits, Time now) {
  Verification verification(limits, {"bench.example", false, nullptr});
  verification.client(message.client, message.helo);
  verification.mail_from(message.mail_from);
  for (const auto& field : message.fields) {
    verification.header(field.name, field.value);
  }
  verification.end_of_headers();
  bool wants_more = verification.wants_body();
  for (std::size_t at = 0; wants_more && at < message.body.size(); at += mta::kMaxChunkOctets) {
    wants_more = verification.body(std::string_view(message.body).substr(at, mta::kMaxChunkOctets));
  }
  return verification.finish(dns, now);
}

bool is_right(const Verdict& verdict, const Expected& expected) noexcept {
  return verdict.spf_mail_from.status == expected.spf && verdict.spf_helo.status == expected.spf_helo &&
         is_right(verdict.dkim, expected.dkim) && verdict.arc.status == expected.arc &&
         verdict.dmarc.status == expected.dmarc && verdict.dmarc.published == expected.published && verdict.iprev &&
         verdict.iprev->status == expected.iprev;
}

std::string mistakes(const Verdict& verdict, const Expected& expected) {
  std::string out;
  const auto compare = [&out](const std::string& method, const std::string& found, const std::string& wanted) {
    if (found != wanted) {
      out += " " + method + "=" + found + " (expected " + wanted + ")";
    }
  };
  compare("spf", to_string(verdict.spf_mail_from.status), to_string(expected.spf));
  compare("spf_helo", to_string(verdict.spf_helo.status), to_string(expected.spf_helo));
  compare("arc", to_string(verdict.arc.status), to_string(expected.arc));
  compare("dmarc", to_string(verdict.dmarc.status), to_string(expected.dmarc));
  const auto policy = [](const std::optional<dmarc::Policy>& p) { return p ? to_string(*p) : "absent"; };
  compare("dmarc_policy", policy(verdict.dmarc.published), policy(expected.published));
  compare("iprev", verdict.iprev ? to_string(verdict.iprev->status) : "none", to_string(expected.iprev));
  compare("signatures", std::to_string(verdict.dkim.size()), std::to_string(expected.dkim.size()));
  for (std::size_t i = 0; i < std::min(verdict.dkim.size(), expected.dkim.size()); ++i) {
    const std::string name = "dkim" + std::to_string(i);
    compare(name, to_string(verdict.dkim[i].status), to_string(expected.dkim[i].status));
    compare(name + ".d", verdict.dkim[i].domain, expected.dkim[i].domain);
    compare(name + ".s", verdict.dkim[i].selector, expected.dkim[i].selector);
    compare(name + ".a", verdict.dkim[i].algorithm, expected.dkim[i].algorithm);
  }
  return out;
}

}  // namespace assay::bench
