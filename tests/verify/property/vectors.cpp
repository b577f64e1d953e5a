#include "tests/verify/property/vectors.h"

#include <sstream>

#include "tests/support/signed_message.h"

namespace assay::test {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/vectors/";
/// Within the life of every sample that is not meant to be expired.
constexpr Time kSamplesNow{std::chrono::seconds(1'750'000'000)};

/// A zone file in the notation of FakeResolver: without comments and control entries.
std::string as_fake_zone(const std::string& zone) {
  std::istringstream lines(zone);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != ';' && line.front() != '$') {
      out += line + "\n";
    }
  }
  return out;
}

std::vector<Vector> read_dkim() {
  const auto dns = std::make_shared<FakeResolver>(read_file(kFolder + "dkim/zone"));
  std::vector<Vector> out;
  for (const json& entry : json::parse(read_file(kFolder + "dkim/vectors.json"))) {
    Vector& vector = out.emplace_back();
    const auto name = entry["name"].get<std::string>();
    vector.name = "dkim/" + name;
    vector.octets = read_file(kFolder + vector.name + ".eml");
    vector.dns = dns;
    vector.now = Time{std::chrono::seconds(entry["now"].get<std::int64_t>())};
    for (const json& signature : entry.value("dkim", json::array())) {
      vector.dkim.push_back(signature["status"]);
    }
    vector.arc = entry.contains("arc") ? entry["arc"]["status"].get<std::string>() : "";
  }
  return out;
}

std::vector<Vector> read_samples() {
  const auto dns = std::make_shared<FakeResolver>(as_fake_zone(read_file(kFolder + "samples/zone")));
  std::vector<Vector> out;
  for (const json& entry : json::parse(read_file(kFolder + "samples/samples.json"))) {
    Vector& vector = out.emplace_back();
    vector.name = "samples/" + entry["name"].get<std::string>();
    vector.octets = read_file(kFolder + "samples/" + entry["file"].get<std::string>());
    vector.dns = dns;
    vector.now = kSamplesNow;
    vector.client = IpAddress::parse(entry["client_ip"].get<std::string>()).value();
    vector.helo = entry["helo"];
    vector.mail_from = entry["mail_from"];
    vector.dkim = entry["expect"]["dkim"].get<std::vector<std::string>>();
    vector.arc = entry["expect"]["arc"];
  }
  return out;
}

std::vector<Vector> read_all() {
  std::vector<Vector> all = read_dkim();
  for (Vector& sample : read_samples()) {
    all.push_back(std::move(sample));
  }
  for (Vector& vector : all) {
    vector.message = message::split(vector.octets);
  }
  return all;
}

}  // namespace

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = read_all();
  return all;
}

void feed_envelope(Verification& verification, const Vector& vector) {
  verification.client(vector.client, vector.helo);
  if (vector.mail_from) {
    verification.mail_from(*vector.mail_from);
  }
}

void feed_headers(Verification& verification, const message::SplitMessage& message) {
  for (const auto& field : message.fields) {
    verification.header(field.name, field.value);
  }
  verification.end_of_headers();
}

}  // namespace assay::test
