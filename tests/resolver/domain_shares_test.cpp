#include "resolver/domain_shares.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

using Shares = DomainShares<int>;

dns::Question question(const std::string& name) {
  return {name, dns::Type::TXT};
}

TEST_CASE("resolver/domain_shares: whose a name is", "[resolver]") {
  struct Row {
    std::string name;
    std::string domain;
  };
  const std::string nul("\0", 1);
  for (const Row& row : std::vector<Row>{
           {"example.com", "example.com"},
           {"s1._domainkey.mail.example.com", "example.com"},
           {"_dmarc.example.co.uk", "example.co.uk"},
           {"_dmarc.co.uk", "_dmarc.co.uk"},
           {"co.uk", "co.uk"},
           {"com", "com"},
           {"a.b.unheard-of-suffix", "b.unheard-of-suffix"},
           {"7.2.0.192.in-addr.arpa", "0.192.in-addr.arpa"},
           {"192.in-addr.arpa", "192.in-addr.arpa"},
           {"in-addr.arpa", "in-addr.arpa"},
           {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"},
           {"a" + nul + ".b" + nul + ".example.com", "example.com"},
           {"a.\xFF.\\.example.com", "example.com"},
       }) {
    CAPTURE(row.name);
    CHECK(domain_of(row.name) == row.domain);
  }
}

TEST_CASE("resolver/domain_shares: so many at once, so many more in their order, no more", "[resolver]") {
  Shares shares(2, 3);
  Shares::Line now;
  const auto begin = [&](const char* name, int asker) {
    Shares::Line line{asker};
    return shares.begin(question(name), line, now);
  };
  Shares::Domain* const domain = begin("a.example.com", 1);
  REQUIRE(domain != nullptr);
  for (int asker = 2; asker <= 5; ++asker) {
    CHECK(begin("b.example.com", asker) == domain);
  }
  CHECK(begin("c.example.com", 6) == nullptr);
  CHECK(now == Shares::Line{1, 2});
  CHECK(shares.waiting() == 3);
  CHECK(begin("a.example.net", 7) != domain);
  CHECK(now == Shares::Line{1, 2, 7});

  SECTION("the one that waited longest comes next") {
    CHECK(shares.end(*domain, now));
    CHECK(now == Shares::Line{1, 2, 7, 3});
    CHECK(begin("c.example.com", 6) == domain);
    CHECK(shares.waiting() == 3);
    CHECK(shares.end(*domain, now));
    CHECK(shares.end(*domain, now));
    CHECK(shares.end(*domain, now));
    CHECK(now == Shares::Line{1, 2, 7, 3, 4, 5, 6});
    CHECK_FALSE(shares.end(*domain, now));
    CHECK_FALSE(shares.end(*domain, now));
    CHECK(shares.waiting() == 0);
  }
  SECTION("one that is given up is passed over") {
    shares.give_up(*domain, 3);
    CHECK(shares.waiting() == 2);
    shares.give_up(*domain, 5);
    CHECK(shares.waiting() == 1);
    shares.give_up(*domain, 5);
    CHECK(shares.waiting() == 1);
    CHECK(shares.end(*domain, now));
    CHECK(now == Shares::Line{1, 2, 7, 4});
  }
  SECTION("a domain that nobody asks about is forgotten") {
    for (int i = 0; i < 5; ++i) {
      shares.end(*domain, now);
    }
    now.clear();
    CHECK(begin("a.example.com", 8) != nullptr);
    CHECK(now == Shares::Line{8});
  }
}

}  // namespace
}  // namespace assay::resolver
