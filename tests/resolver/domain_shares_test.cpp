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
  Shares shares(18, 3);  // An eighth of the 16 that are free then.
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

TEST_CASE("resolver/domain_shares: beside many busy domains one more gets a place", "[resolver]") {
  constexpr std::size_t kPlaces = 400;
  constexpr int kDomains = 20;
  Shares shares(kPlaces, 50);
  Shares::Line now;
  for (int domain = 0; domain < kDomains; ++domain) {
    for (int asker = 0; asker < 60; ++asker) {
      Shares::Line line{asker};
      static_cast<void>(shares.begin(question("a.busy" + std::to_string(domain) + ".test"), line, now));
    }
  }
  CHECK(shares.waiting() == 8 * 50);  // Eight times what may wait for one.
  CHECK(now.size() >= kDomains);
  CHECK(now.size() < kPlaces);
  Shares::Line line{-1};
  CHECK(shares.begin(question("a.quiet.test"), line, now) != nullptr);
  CHECK(now.back() == -1);
}

}  // namespace
}  // namespace assay::resolver
