#include "verify/dns/answer.h"

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("dns/answer: a name fits in a DNS message (RFC 1035 section 2.3.4)", "[dns]") {
  const std::string l63(63, 'a');
  const std::string n253 = l63 + "." + l63 + "." + l63 + "." + std::string(61, 'b');
  for (const std::string& name :
       {std::string("com"), std::string("a.b"), l63 + ".com", n253, std::string("a b@c.example"),
        std::string("\xFF.example"), std::string("\0.example", 9)}) {
    CAPTURE(name);
    CHECK(dns::is_askable(name));
  }
  for (const std::string& name : {std::string(), std::string("."), std::string("a."), std::string(".a"),
                                  std::string("a..b"), l63 + "a.com", n253 + "b"}) {
    CAPTURE(name);
    CHECK_FALSE(dns::is_askable(name));
  }
}

TEST_CASE("dns/answer: keywords", "[dns]") {
  CHECK(std::string(dns::to_string(dns::Type::AAAA)) == "AAAA");
  CHECK(std::string(dns::to_string(dns::Type::TXT)) == "TXT");
  CHECK(std::string(dns::to_string(dns::Status::NxDomain)) == "nxdomain");
}
