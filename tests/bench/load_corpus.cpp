#include "tests/bench/load_corpus.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace assay::bench {
namespace {

using nlohmann::json;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    throw std::runtime_error(path + ": cannot be read");
  }
  return text;
}

bool is_selected(const json& entry, const Selection& selection) {
  return (selection.size.empty() || entry.at("size") == selection.size) &&
         (selection.kind.empty() || entry.at("kind") == selection.kind) &&
         (selection.signatures < 0 || entry.at("signatures") == selection.signatures) &&
         (selection.arc_sets < 0 || entry.at("arc_sets") == selection.arc_sets);
}

Expected expected_of(const json& entry) {
  const json& expect = entry.at("expect");
  Expected expected;
  expected.spf = expect.at("spf");
  expected.spf_helo = expect.at("spf_helo");
  expected.null_sender = entry.at("mail_from") == "";
  expected.arc = expect.at("arc");
  expected.dmarc = expect.at("dmarc");
  expected.iprev = expect.at("iprev");
  for (const json& signature : expect.at("dkim")) {
    expected.dkim.push_back({"dkim", signature.at("result"), signature.at("domain")});
  }
  return expected;
}

}  // namespace

std::vector<Sample> read_corpus(const std::string& folder, const Selection& selection) {
  const json manifest = json::parse(read_file(folder + "/manifest.json"));
  std::vector<Sample> samples;
  for (const json& entry : manifest.at("messages")) {
    if (!is_selected(entry, selection)) {
      continue;
    }
    Sample sample;
    sample.file = entry.at("file");
    sample.client.ip = entry.at("client_ip");
    // Without a name that leads back to the address, Postfix says "unknown".
    sample.client.name = entry.at("client_name").is_null() ? "unknown" : entry.at("client_name").get<std::string>();
    sample.helo = entry.at("helo");
    sample.envelope.mail_from = entry.at("mail_from");
    sample.envelope.rcpt = entry.at("rcpt").get<std::vector<std::string>>();
    const std::string text = read_file(folder + "/" + sample.file);
    sample.message = mta::split_message(text);
    sample.octets = text.size();
    sample.expected = expected_of(entry);
    sample.is_affected = entry.value("affected", false);
    samples.push_back(std::move(sample));
    if (samples.size() == selection.limit) {
      break;
    }
  }
  if (samples.empty()) {
    throw std::runtime_error(folder + ": no message is like that");
  }
  return samples;
}

}  // namespace assay::bench
