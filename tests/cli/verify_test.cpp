#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::is_fit_for_terminal;
using assay::test::run_assay;
using assay::test::TemporaryFolder;
using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

const std::string kSamples = ASSAY_SAMPLES;
const std::string kZone = kSamples + "/zone";
const std::string kPassAll = kSamples + "/pass-all.eml";
const std::string kFailReject = kSamples + "/fail-reject.eml";

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The way that the sample pass-all came.
const Arguments kHonest{"verify",
                        "--zone",
                        kZone,
                        "--client-ip",
                        "192.0.2.10",
                        "--helo",
                        "mail.reject.example",
                        "--mail-from",
                        "office@reject.example"};
/// The way that a forgery came.
const Arguments kForged{"verify", "--zone",    kZone,         "--client-ip", "192.0.2.66",
                        "--helo", "x.example", "--mail-from", "a@x.example"};

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) {
    names.push_back(item.key());
  }
  return names;
}

/// Whether every key of `documented` is in `object`, in that order.
bool has_in_order(const Json& object, const std::vector<std::string>& documented) {
  const auto present = keys(object);
  auto at = present.begin();
  for (const std::string& key : documented) {
    at = std::find(at, present.end(), key);
    if (at == present.end()) {
      return false;
    }
  }
  return true;
}

/// The object that `assay verify --json` prints.
Json verify_json(const Arguments& arguments, const std::string& input = {}) {
  const auto run = run_assay(arguments + Arguments{"--json"}, input);
  CAPTURE(arguments, run.out, run.err);
  REQUIRE(run.status == 0);
  REQUIRE(run.err.empty());
  REQUIRE(std::count(run.out.begin(), run.out.end(), '\n') == 1);
  return Json::parse(run.out);
}

}  // namespace

TEST_CASE("assay verify: each sample gives what is expected of it", "[cli][verify][samples]") {
  const Json samples = Json::parse(assay::test::read_file(kSamples + "/samples.json"));
  REQUIRE(!samples.empty());
  for (const auto& sample : samples) {
    DYNAMIC_SECTION(sample["name"].get<std::string>()) {
      Arguments arguments{"verify", "--zone",       kZone,         "--client-ip",      sample["client_ip"],
                          "--helo", sample["helo"], "--mail-from", sample["mail_from"]};
      for (const auto& recipient : sample["rcpt"]) {
        arguments = arguments + Arguments{"--rcpt", recipient};
      }
      const Json got = verify_json(arguments + Arguments{kSamples + "/" + sample["file"].get<std::string>()});
      const Json& expected = sample["expect"];
      CHECK(got["spf"]["mailfrom"]["result"] == expected["spf"]);
      Json dkim = Json::array();
      for (const auto& signature : got["dkim"]) {
        dkim.push_back(signature["result"]);
      }
      CHECK(dkim == expected["dkim"]);
      CHECK(got["arc"]["result"] == expected["arc"]);
      CHECK(got["dmarc"]["result"] == expected["dmarc"]);
      CHECK(got["dmarc"]["policy"] == expected["policy"]);
      CHECK(got["indirect"] == expected["indirect"]);
      CHECK(got["decision"]["action"] == expected["action"]);
      CHECK(got["decision"]["quarantine"] == expected["quarantine"]);
      const Json& reply = got["decision"]["reply"];
      CHECK((reply.is_null() ? Json(nullptr) : reply["code"]) == expected["code"]);
    }
  }
}

TEST_CASE("assay verify: the JSON object has the documented keys in their order", "[cli][verify][golden]") {
  const Json object = verify_json(kHonest + Arguments{kPassAll});
  CHECK(has_in_order(object, {"schema", "spf", "dkim", "arc", "dmarc", "iprev", "authentication_results", "indirect",
                              "decision", "dns"}));
  CHECK(object["schema"] == 1);
  CHECK(
      has_in_order(object["spf"]["mailfrom"], {"result", "domain", "mechanism", "reason", "lookups", "void_lookups"}));
  CHECK(has_in_order(object["spf"]["helo"], {"result", "domain"}));
  CHECK(has_in_order(object["dkim"][0], {"result", "domain", "selector", "algorithm", "key_bits", "testing",
                                         "headers_verified", "reason"}));
  CHECK(has_in_order(object["arc"], {"result", "instances", "sealers", "oldest_pass", "claims", "reason"}));
  CHECK(has_in_order(object["dmarc"], {"result", "domain", "policy", "published", "policy_domain", "org_domain",
                                       "discovery", "testing", "aligned", "reason"}));
  CHECK(keys(object["dmarc"]["aligned"]) == std::vector<std::string>{"spf", "dkim"});
  CHECK(has_in_order(object["iprev"], {"result", "name"}));
  CHECK(has_in_order(object["decision"], {"action", "rule", "would", "reply", "quarantine"}));
  CHECK(object["dns"]["queries"].get<int>() > 0);

  CHECK(object["spf"]["mailfrom"]["mechanism"] == "ip4:192.0.2.10");
  CHECK(object["dkim"][0]["key_bits"] == 2048);
  CHECK(object["dkim"][0]["headers_verified"] == true);
  CHECK(object["dkim"][0]["reason"].is_null());
  CHECK(object["dmarc"]["policy_domain"] == "reject.example");
  CHECK(object["dmarc"]["discovery"] == "treewalk");
  CHECK(object["dmarc"]["aligned"] == Json{{"spf", true}, {"dkim", true}});
  CHECK(object["decision"]["rule"] == "default");
}

TEST_CASE("assay verify: standard input, LF or CRLF, gives what the file gives", "[cli][verify]") {
  const Json expected = verify_json(kHonest + Arguments{kPassAll});
  std::string lf;
  std::string crlf;
  for (const char c : assay::test::read_file(kPassAll)) {
    if (c != '\r') {
      lf += c;
      crlf += c == '\n' ? "\r\n" : std::string(1, c);
    }
  }
  CHECK(verify_json(kHonest + Arguments{"-"}, lf) == expected);
  CHECK(verify_json(kHonest + Arguments{"-"}, crlf) == expected);
}

TEST_CASE("assay verify: without a client SPF is none and iprev is null", "[cli][verify]") {
  const Json object = verify_json(
      {"verify", "--zone", kZone, "--mail-from", "office@reject.example", "--helo", "mail.reject.example", kPassAll});
  CHECK(object["spf"]["mailfrom"]["result"] == "none");
  CHECK(object["spf"]["helo"]["result"] == "none");
  CHECK(object["iprev"].is_null());
  CHECK(object["dmarc"]["result"] == "pass");  // by DKIM
}

TEST_CASE("assay verify: no --mail-from is no envelope, an empty one is the null sender", "[cli][verify]") {
  const Arguments base{"verify", "--zone", kZone, "--client-ip", "192.0.2.10", "--helo", "mail.reject.example"};
  const Json none = verify_json(base + Arguments{kPassAll});
  CHECK(none["spf"]["mailfrom"]["result"] == "none");
  CHECK(none["spf"]["helo"]["result"] == "pass");
  for (const Arguments& null_sender :
       {Arguments{"--mail-from", ""}, Arguments{"--mail-from="}, Arguments{"--mail-from", "<>"}}) {
    const Json object = verify_json(base + null_sender + Arguments{kPassAll});
    CHECK(object["spf"]["mailfrom"]["result"] == "pass");  // postmaster@HELO, RFC 7208 section 2.4
    CHECK(object["spf"]["mailfrom"]["domain"] == "mail.reject.example");
  }
}

TEST_CASE("assay verify: with --config the client is never local, and its settings hold", "[cli][verify]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml",
                                          "authserv_id: stamp.example\n"
                                          "local: {networks: [192.0.2.0/24]}\n"
                                          "policy: {published: {reject: tempfail}}\n");
  const Json object = verify_json(kForged + Arguments{"--config", config, kFailReject});
  CHECK(object["dmarc"]["result"] == "fail");
  CHECK(object["decision"]["action"] == "tempfail");
  CHECK(object["authentication_results"].get<std::string>().rfind("stamp.example;", 0) == 0);
}

TEST_CASE("assay verify: a configuration that is not valid is a usage error that names the place", "[cli][verify]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml", "mode: enforce\nmoed: x\n");
  const auto run = run_assay({"verify", "--config", config, "--zone", kZone, kPassAll});
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK(run.err.find(config + ":2:1: ") != std::string::npos);
}

TEST_CASE("assay verify: --exit-code is 1 unless the decision is accept", "[cli][verify]") {
  CHECK(run_assay(kForged + Arguments{kFailReject}).status == 0);
  CHECK(run_assay(kForged + Arguments{"--exit-code", kFailReject}).status == 1);
  CHECK(run_assay(kHonest + Arguments{"--exit-code", kPassAll}).status == 0);
}

TEST_CASE("assay verify: --now decides whether a signature has expired", "[cli][verify]") {
  const std::string file = kSamples + "/dkim-expired.eml";
  const std::string message = assay::test::read_file(file);
  const auto at = message.find(" x=");
  REQUIRE(at != std::string::npos);
  const long long expires = std::stoll(message.substr(at + 3));
  const auto result = [&](long long now) {
    return verify_json({"verify", "--zone", kZone, "--now", std::to_string(now), file})["dkim"][0]["reason"];
  };
  CHECK(result(expires - 1).is_null());
  CHECK(result(expires + 86400) == "expired");
}

TEST_CASE("assay verify: the default output is a short summary with the header field", "[cli][verify]") {
  const auto run = run_assay(kHonest + Arguments{kPassAll});
  REQUIRE(run.status == 0);
  CAPTURE(run.out);
  CHECK(run.out.rfind("spf       pass        MAIL FROM reject.example, ip4:192.0.2.10\n", 0) == 0);
  CHECK(run.out.find("\ndecision  accept      rule default\n") != std::string::npos);
  CHECK(run.out.find("\nAuthentication-Results: ") != std::string::npos);
  CHECK(is_fit_for_terminal(run.out));
}

TEST_CASE("assay verify: --explain tells the story and ends with what it amounts to", "[cli][verify]") {
  const auto run = run_assay(kHonest + Arguments{"--explain", kPassAll});
  CAPTURE(run.out);
  REQUIRE(run.status == 0);
  for (const char* part :
       {"TXT reject.example -> \"v=spf1 ip4:192.0.2.10 -all\"", "SPF, MAIL FROM reject.example: pass",
        "decided by ip4:192.0.2.10", "DKIM: 1 signature", "header fields (b=): as signed", "body (bh=): as signed",
        "DMARC, author reject.example: pass", "_dmarc.reject.example -> ", "SPF of reject.example (pass): aligned",
        "Decision: accept"}) {
    CAPTURE(part);
    CHECK(run.out.find(part) != std::string::npos);
  }
  const std::string last = "\nAccepted: reject.example is authenticated by DKIM and SPF.\n";
  REQUIRE(run.out.size() > last.size());
  CHECK(run.out.substr(run.out.size() - last.size()) == last);
  CHECK(is_fit_for_terminal(run.out));
}

TEST_CASE("assay verify: --explain ends with what would have made a sample pass", "[cli][verify][samples]") {
  struct Row {
    const char* sample;
    const char* client;
    const char* mail_from;
    const char* expected;
  };
  for (const Row& row : {
           Row{"list-footer", "192.0.2.20", "assayers-bounces@lists.example.org",
               "the body not been changed after reject.example signed it (selector s1)."},
           Row{"fail-strict", "192.0.2.10", "office@strict.example",
               "adkim been relaxed in the DMARC record of strict.example, for the signature of strict.example "
               "(selector s1) passes."},
           Row{"fail-reject", "198.51.100.7", "office@reject.example",
               "198.51.100.7 been listed in the SPF record of reject.example, which aligns."},
           Row{"fail-two-authors", "192.0.2.10", "office@monitor.example",
               "the DKIM signature of monitor.example (selector s1) been made with d=reject.example (or a subdomain)."},
           Row{"fail-subdomain-sp", "198.51.100.7", "",
               "news.parent.example signed it with DKIM, or had SPF passed for 198.51.100.7 and MAIL FROM "
               "news.parent.example (or another name of parent.example)."},
       }) {
    const auto run = run_assay({"verify", "--zone", kZone, "--client-ip", row.client, "--helo", "mail.plain.example",
                                "--mail-from", row.mail_from, "--explain", kSamples + "/" + row.sample + ".eml"});
    CAPTURE(row.sample, run.out);
    const auto at = run.out.rfind("\nIt would have passed DMARC ");
    REQUIRE(at != std::string::npos);
    const std::string sentence = run.out.substr(at);
    CHECK(std::count(sentence.begin(), sentence.end(), '\n') == 2);
    CHECK(sentence.substr(sentence.find("had ") + 4) == row.expected + std::string("\n"));
  }
}

TEST_CASE("assay verify: any octets at all are judged", "[cli][verify][property]") {
  const TemporaryFolder folder;
  std::string all;
  for (int octet = 0; octet < 256; ++octet) {
    all += static_cast<char>(octet);
  }
  for (const std::string& octets :
       {std::string(), std::string("\n"), all, "From: " + all + "\n\nbody",
        "From: a@reject.example\nList-Id: <" + all + ">\nDKIM-Signature: v=1; a=rsa-sha256; d=" + all + "; s=" + all +
            "\n\n" + all}) {
    const std::string file = folder.write("odd", octets);
    for (const char* form : {"--json", "--explain", "--exit-code"}) {
      const auto run = run_assay(kForged + Arguments{form, file});
      CAPTURE(octets, form, run.out, run.err);
      CHECK((run.status == 0 || run.status == 1));
      CHECK(run.err.empty());
      CHECK(is_fit_for_terminal(run.out));
    }
  }
}

TEST_CASE("assay verify: a body of one chunk and one octet more or less is judged whole", "[cli][verify][bounds]") {
  constexpr std::size_t kChunk = std::size_t{64} << 10U;
  const std::string message = assay::test::read_file(kPassAll);
  for (const std::size_t size : {kChunk - 3, kChunk - 2, kChunk - 1, kChunk * 3}) {
    CAPTURE(size);
    // Octets that were not signed, wherever the chunks end.
    const Json object = verify_json(kHonest + Arguments{"-"}, message + std::string(size, 'x') + "\n");
    CHECK(object["dkim"][0]["reason"] == "body_hash_mismatch");
    // Empty lines at the end are not part of the body that is hashed (RFC 6376 section 3.4.3).
    std::string empty_lines;
    while (empty_lines.size() < size) {
      empty_lines += "\r\n";
    }
    CHECK(verify_json(kHonest + Arguments{"-"}, message + empty_lines)["dkim"][0]["result"] == "pass");
  }
}

TEST_CASE("assay verify: dmarc.compare_psl of the configuration records what RFC 7489 says", "[cli][verify]") {
  const TemporaryFolder folder;
  const Arguments arguments{"verify",
                            "--zone",
                            folder.write("zone",
                                         "$ORIGIN example.\n@ 3600 IN SOA ns hostmaster 1 3600 600 86400 300\n"
                                         "_dmarc.b.corp 3600 IN TXT \"v=DMARC1; p=reject\"\n"),
                            "--config",
                            folder.write("config", "dmarc: {compare_psl: true}\n"),
                            "-"};
  const std::string message = "From: x@a.b.corp.example\n\ntext\n";
  const Json object = verify_json(arguments, message);
  CHECK(object["dmarc"]["result"] == "fail");
  CHECK(object["dmarc"]["policy"] == "reject");
  CHECK(object["decision"]["action"] == "reject");
  const Json& answer = object["dmarc"]["rfc7489"];
  CHECK(answer["result"] == "none");
  CHECK(answer["org_domain"] == "corp.example");
  CHECK(answer["differs"] == Json({"result", "policy", "org_domain"}));
  const auto run = run_assay(arguments + Arguments{"--explain"}, message);
  CHECK(run.out.find("  RFC 7489 with the public suffix list: none, organizational domain: corp.example; differs in "
                     "result, policy, org_domain\n") != std::string::npos);

  static_cast<void>(folder.write("config", "dmarc: {compare_psl: false}\n"));
  CHECK(verify_json(arguments, message)["dmarc"]["rfc7489"].is_null());
}
