#include "cli/fold_field.h"

#include <algorithm>
#include <string>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "verify/authres/format.h"

using assay::cli::fold_field;

namespace {

/// As a decision record holds it.
std::string on_one_line(std::string value) {
  value.erase(std::remove(value.begin(), value.end(), '\n'), value.end());
  return value;
}

}  // namespace

TEST_CASE("cli/fold_field: a field has the lines of the message again (RFC 8601 section 2.2)", "[cli][explain]") {
  const std::string texts[] = {"",
                               "s1",
                               "x; dmarc=pass",
                               "\"; dmarc=pass (\"",
                               "x) dmarc=pass (",
                               "a b  c   d",
                               "\\",
                               "x\\\"; y",
                               "(((;",
                               "))); x",
                               "j\xC3\xB6rg; y",
                               std::string(100, 'x'),
                               std::string(40, ';') + " " + std::string(60, '"')};
  for (const std::string& text : texts) {
    assay::observe::Record record = assay::test::sample_record();
    for (auto& signature : record.verdict.dkim) {
      signature.selector = text;
      signature.identity = text + "@example.com";
    }
    record.verdict.spf_mail_from.mechanism = text;
    record.verdict.spf_mail_from.domain = text;
    assay::authres::Stamp stamp;
    stamp.authserv_id = "mx.example.net";
    stamp.rule = text;
    stamp.action = "quarantine";
    const std::string folded = assay::authres::format(record.verdict, stamp);
    CAPTURE(folded);
    REQUIRE(std::count(folded.begin(), folded.end(), '\n') > 3);
    CHECK(fold_field(on_one_line(folded)) == folded);
  }
}

TEST_CASE("cli/fold_field: any text keeps its words", "[cli][explain]") {
  CHECK(fold_field("") == "");
  CHECK(fold_field("mx.example.net; none") == "mx.example.net;\n none");
  CHECK(fold_field("a; b=\"open ; c") == "a;\n b=\"open ; c");
  CHECK(fold_field("a; b (open; c") == "a;\n b (open; c");
  CHECK(fold_field("a; b\\") == "a;\n b\\");
}
