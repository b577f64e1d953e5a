#include "verify/dmarc/record.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

using assay::dmarc::parse_record;
using assay::dmarc::Policy;
using assay::dmarc::PublicSuffix;
using assay::dmarc::Record;

const char* word(const std::optional<Policy>& policy) {
  return policy ? assay::dmarc::to_string(*policy) : "-";
}

struct Row {
  std::string text;
  std::string policies;  ///< "p sp np", "-" where absent; '!' behind it if one of them is invalid.
};

}  // namespace

TEST_CASE("dmarc/record: v=DMARC1 comes first or it is no record (RFC 9989 section 4.7)", "[dmarc][parse]") {
  const char* text =
      GENERATE("", "v", "v=", "v=dmarc1; p=reject", "v=Dmarc1; p=reject", "p=reject; v=DMARC1", "v=DMARC1x; p=none",
               "v=DMARC1 p=none", " v=DMARC1; p=none", "\tv=DMARC1; p=none", "v=DMARC11", "v=DMARC", "v=DMARC2; p=none",
               "v==DMARC1; p=none", "vv=DMARC1; p=none", "v=spf1 -all", "; v=DMARC1; p=none", "v=DMARC1\\; p=reject\\;",
               "v=\"DMARC1\"; p=none", "v:DMARC1; p=none", "=DMARC1; p=none", "v v=DMARC1; p=none");
  CAPTURE(text);
  CHECK_FALSE(parse_record(text).has_value());
}

TEST_CASE("dmarc/record: policies (RFC 9989 sections 4.7, 4.8, 4.10.1)", "[dmarc][parse]") {
  const std::vector<Row> rows{
      {"v=DMARC1", "- - -"},
      {"v=DMARC1;", "- - -"},
      {"v=DMARC1 ;", "- - -"},
      {"v=DMARC1; p=none", "none - -"},
      {"v=DMARC1;p=REJECT;", "reject - -"},
      {"v = DMARC1 ; p = reject", "reject - -"},
      {"v\t=\tDMARC1\t;\tp\t=\treject\t", "reject - -"},
      {"V=DMARC1; P=reject", "reject - -"},
      {"v=DMARC1;; p=reject", "reject - -"},
      {"v=DMARC1; ; ;p=quarantine;;", "quarantine - -"},
      {"v=DMARC1; np=reject; sp=quarantine; p=none", "none quarantine reject"},
      {"v=DMARC1; p=none; p=reject", "none - -"},
      {"v=DMARC1; p=reject; sp=none; sp=bogus", "reject none -"},
      {"v=DMARC1; p=", "- - - !"},
      {"v=DMARC1; p=bogus", "- - - !"},
      {"v=DMARC1; p=bogus; p=reject", "- - - !"},
      {"v=DMARC1; p=n", "- - - !"},
      {"v=DMARC1; p=reject none", "- - - !"},
      {"v=DMARC1; p=re\tject", "- - - !"},
      {"v=DMARC1; p=reject\x01", "- - - !"},
      {"v=DMARC1; p=reject; sp=bogus", "reject - - !"},
      {"v=DMARC1; p=reject; np=bogus", "reject - - !"},
      {"v=DMARC1; p=reject; sp=", "reject - - !"},
      {"v=DMARC1; p=reject; sp-none", "reject - -"},
      {"v=DMARC1; p=reject; xp=none; pp=none; p1=none; p p=none", "reject - -"},
      {"v=DMARC1; p=reject; adkim=z; foo=1; pct=10", "reject - -"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.text) {
      const auto record = parse_record(row.text);
      REQUIRE(record.has_value());
      const std::string got = std::string(word(record->policy)) + " " + word(record->subdomain_policy) + " " +
                              word(record->nonexistent_policy) + (record->has_invalid_policy ? " !" : "");
      CHECK(got == row.policies);
      CHECK(record->text == row.text);
    }
  }
}

TEST_CASE("dmarc/record: errors in other tags leave the default (RFC 9989 section 4.8)", "[dmarc][parse]") {
  struct Flags {
    std::string tags;
    bool strict_dkim;
    bool strict_spf;
    PublicSuffix public_suffix;
    bool testing;
  };
  const std::vector<Flags> rows{
      {"", false, false, PublicSuffix::Unknown, false},
      {"adkim=s; aspf=S; psd=y; t=Y", true, true, PublicSuffix::Yes, true},
      {"adkim=r; aspf=R; psd=N; t=n", false, false, PublicSuffix::No, false},
      {"psd=u", false, false, PublicSuffix::Unknown, false},
      {"adkim=strict; aspf=; psd=x; t=maybe", false, false, PublicSuffix::Unknown, false},
      {"adkim=z; adkim=s", false, false, PublicSuffix::Unknown, false},
      {"adkim=s; adkim=r", true, false, PublicSuffix::Unknown, false},
      {"psd=yes; t=yes", false, false, PublicSuffix::Unknown, false},
      {"pct=0", false, false, PublicSuffix::Unknown, false},
  };
  for (const Flags& row : rows) {
    DYNAMIC_SECTION(row.tags) {
      const auto record = parse_record("v=DMARC1; p=reject; " + row.tags);
      REQUIRE(record.has_value());
      CHECK(record->policy == Policy::Reject);
      CHECK_FALSE(record->has_invalid_policy);
      CHECK(record->strict_dkim == row.strict_dkim);
      CHECK(record->strict_spf == row.strict_spf);
      CHECK(record->public_suffix == row.public_suffix);
      CHECK(record->testing == row.testing);
    }
  }
}

TEST_CASE("dmarc/record: reporting URIs (RFC 9989 section 4.8)", "[dmarc][parse]") {
  struct Uris {
    std::string rua;
    std::vector<std::string> valid;
  };
  const std::vector<Uris> rows{
      {"mailto:r@x", {"mailto:r@x"}},
      {"mailto:a@x!10m,https://y/z,mailto:b@w", {"mailto:a@x", "https://y/z", "mailto:b@w"}},
      {"mailto:a@x!10M \t,\t mailto:b@w!5", {"mailto:a@x", "mailto:b@w"}},
      {"mailto:a@x!10x", {}},
      {"mailto:a@x!", {}},
      {"mailto:a!b@x", {}},
      {"mailto:a%21b@x%2C", {"mailto:a%21b@x%2C"}},
      {"mailto:a%2", {}},
      {"mailto:a%zz@x", {}},
      {"nonsense", {}},
      {"a@x", {}},
      {"mailto:", {}},
      {":r@x", {}},
      {"1mailto:r@x", {}},
      {"mail to:r@x", {}},
      {"mailto:r@x y", {}},
      {"mailto:r@x,,", {"mailto:r@x"}},
      {"mailto:r\xC3\xB6@x", {}},
      {"", {}},
      {"nonsense, mailto:r@x", {"mailto:r@x"}},
      {"ftp://abuse.com", {"ftp://abuse.com"}},
  };
  for (const Uris& row : rows) {
    DYNAMIC_SECTION(row.rua) {
      const auto record = parse_record("v=DMARC1; rua=" + row.rua + "; ruf=" + row.rua);
      REQUIRE(record.has_value());
      CHECK(record->aggregate_uris == row.valid);
      CHECK(record->failure_uris == row.valid);
    }
  }
}

TEST_CASE("dmarc/record: fo= (RFC 9989 sections 4.7, 4.8)", "[dmarc][parse]") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"0", "0"},     {"1", "1"},     {"d", "d"},         {"s", "s"},   {"D:S", "d:s"}, {"0:d:s", "0:d:s"},
      {"d:1", "d:1"}, {"s:d", "s:d"}, {"d:s:1", "d:s:1"}, {"0:1", "0"}, {"1:d:1", "0"}, {"dd", "0"},
      {"d:", "0"},    {":d", "0"},    {"d::s", "0"},      {"x", "0"},   {"", "0"},      {"d,s", "0"},
  };
  for (const auto& [value, expected] : rows) {
    DYNAMIC_SECTION(value) {
      CHECK(parse_record("v=DMARC1; fo=" + value + "; ruf=mailto:r@x").value().failure_options == expected);
      CHECK(parse_record("v=DMARC1; fo=" + value).value().failure_options == "0");
    }
  }
}

TEST_CASE("dmarc/record: what is discarded is noted, within a bound", "[dmarc][parse]") {
  const auto record = parse_record("v=DMARC1; p=none; p=reject; fo:0; adkim=z; unknown=1");
  REQUIRE(record.has_value());
  CHECK(record->notes == std::vector<std::string>{"repeated: p=reject", "not a tag: fo:0", "invalid value: adkim=z"});
  std::string long_text = "v=DMARC1; p=none; x" + std::string(1000, 'y');
  for (int i = 0; i < 100; ++i) {
    long_text += "; z";
  }
  const auto noisy = parse_record(long_text);
  REQUIRE(noisy.has_value());
  CHECK(noisy->notes.size() == 10);
  CHECK(noisy->notes[0].size() < 100);
}

TEST_CASE("dmarc/record: any truncation and any flipped octet is read without a crash", "[dmarc][parse]") {
  const std::string whole =
      "v=DMARC1; p=quarantine; sp=none; np=reject; rua=mailto:a@x!10m,https://y/%41; fo=1:d; t=y; psd=n";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto record = parse_record(std::string_view(whole).substr(0, length));
    CHECK(record.has_value() == (length >= 8));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(octet);
      const auto record = parse_record(flipped);
      // No damage to one octet makes a policy stricter than what was published.
      if (record && record->policy) {
        CHECK(*record->policy == Policy::Quarantine);
      }
    }
  }
}
