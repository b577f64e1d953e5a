#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "verify/base/base64.h"
#include "verify/crypto/digest.h"

namespace {

using assay::test::is_fit_for_terminal;
using assay::test::read_file;
using assay::test::Run;
using assay::test::run_assay;
using assay::test::TemporaryFolder;

const std::string kSamples = ASSAY_SAMPLES;

Run dump(const std::string& folder, const std::string& sample, const std::string& zone = kSamples + "/zone") {
  return run_assay({"verify", "--zone", zone, "--dump-canonical", folder, kSamples + "/" + sample + ".eml"});
}

std::set<std::string> files_of(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    names.insert(file.path().filename().string());
  }
  return names;
}

std::string sha256(const std::string& octets) {
  return assay::encode_base64(assay::crypto::digest(assay::crypto::Hash::Sha256, octets).view());
}

/// "  NAME SIZE octets, sha256 HASH", as the index says it.
std::string index_line(const std::string& folder, const std::string& name) {
  const std::string octets = read_file(folder + '/' + name);
  return "\n  " + name + ' ' + std::to_string(octets.size()) + " octets, sha256 " + sha256(octets);
}

}  // namespace

TEST_CASE("assay verify --dump-canonical: a file for each hash, and an index", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  const std::string folder = parent.path("new");
  const Run run = dump(folder, "arc-two-hops");
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 0);
  CHECK(is_fit_for_terminal(run.out));
  CHECK(files_of(folder) == std::set<std::string>{"arc-1-ams.body", "arc-1-ams.header", "arc-1-seal.header",
                                                  "arc-2-ams.body", "arc-2-ams.header", "arc-2-seal.header",
                                                  "dkim-1.body", "dkim-1.header"});
  for (const std::string& name : files_of(folder)) {
    CAPTURE(name);
    CHECK(run.out.find(index_line(folder, name)) != std::string::npos);
    struct stat status {};
    REQUIRE(::stat((folder + '/' + name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
  // The list's footer broke the author's signature, not those of the hops.
  CHECK(run.out.find(index_line(folder, "dkim-1.body") + ", differs from bh=") != std::string::npos);
  CHECK(run.out.find(index_line(folder, "arc-1-ams.body") + ", equals bh=\n") != std::string::npos);
  CHECK(run.out.find(index_line(folder, "arc-2-ams.body") + ", equals bh=\n") != std::string::npos);
}

TEST_CASE("assay verify --dump-canonical: without a key, and past its time, it is the same", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  const std::string empty = parent.write("zone", "");
  for (const char* sample : {"pass-all", "dkim-length", "dkim-expired", "arc-two-hops"}) {
    CAPTURE(sample);
    const std::string with = parent.path(std::string("with-") + sample);
    const std::string without = parent.path(std::string("without-") + sample);
    REQUIRE(dump(with, sample).status == 0);
    const Run run = dump(without, sample, empty);
    REQUIRE(run.status == 0);
    REQUIRE(files_of(with) == files_of(without));
    REQUIRE(files_of(with).count("dkim-1.header") == 1);
    for (const std::string& name : files_of(with)) {
      CHECK(read_file(with + '/' + name) == read_file(without + '/' + name));
    }
  }
}

TEST_CASE("assay verify --dump-canonical: the body ends where l= says (RFC 6376 section 3.5)", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  REQUIRE(dump(parent.path("d"), "dkim-length").status == 0);
  const std::string mail = read_file(kSamples + "/dkim-length.eml");
  const auto length = std::stoul(mail.substr(mail.find(" l=") + 3));
  CHECK(read_file(parent.path("d/dkim-1.body")).size() == length);
}

TEST_CASE("assay verify --dump-canonical: overwrites nothing", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  const auto refuses = [](const std::string& folder, const std::string& words) {
    const Run run = dump(folder, "pass-all");
    CAPTURE(run.out, run.err);
    CHECK(run.status == 2);
    CHECK(run.out.empty());
    CHECK(run.err.find(words) != std::string::npos);
  };
  std::filesystem::create_directory(parent.path("empty"));
  CHECK(dump(parent.path("empty"), "pass-all").status == 0);
  const std::string before = read_file(parent.path("empty/dkim-1.body"));
  refuses(parent.path("empty"), "the folder is not empty");
  CHECK(read_file(parent.path("empty/dkim-1.body")) == before);
  refuses(parent.write("file", "x"), "not a folder");
  refuses(parent.path("absent/folder"), "No such file or directory");
  refuses("", "No such file or directory");
}

TEST_CASE("assay verify --dump-canonical: what was not hashed is said", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  const Run none = dump(parent.path("none"), "none-unsigned");
  CHECK(none.status == 0);
  CHECK(none.out.find("none, there is no signature\n") != std::string::npos);
  CHECK(files_of(parent.path("none")).empty());
  const Run sha1 = dump(parent.path("sha1"), "opendkim/opendkim-sha1");
  CHECK(sha1.status == 0);
  CHECK(sha1.out.find("dkim-1: nothing was hashed, SHA-1 signatures are worth nothing any more\n") !=
        std::string::npos);
}

TEST_CASE("assay verify: --canonical and --dump-canonical where they make sense", "[cli][verify][dump]") {
  const TemporaryFolder parent;
  const std::string mail = kSamples + "/pass-all.eml";
  const std::string zone = kSamples + "/zone";
  CHECK(run_assay({"verify", "--zone", zone, "--canonical", mail}).status == 2);
  CHECK(run_assay({"verify", "--zone", zone, "--json", "--dump-canonical", parent.path("j"), mail}).status == 2);
  CHECK_FALSE(std::filesystem::exists(parent.path("j")));
  const Run run =
      run_assay({"verify", "--zone", zone, "--explain", "--canonical", "--dump-canonical", parent.path("d"), mail});
  CHECK(run.status == 0);
  const auto octets = read_file(parent.path("d/dkim-1.header")).size();
  CHECK(run.out.find("hashed for b=, " + std::to_string(octets) + " octets:\n      | from:") != std::string::npos);
  CHECK(run.out.find("\n      | dkim-signature:") != std::string::npos);
}
