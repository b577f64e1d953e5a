#include "verify/message/address.h"

#include <random>

#include "tests/support/catch.h"

using namespace assay;
using message::parse_address_list;

namespace {

std::vector<std::string> texts(const message::AddressList& list) {
  std::vector<std::string> out;
  for (const auto& address : list.addresses) {
    out.push_back(address.text);
  }
  return out;
}

std::string nested_comment(std::size_t depth) {
  return std::string(depth, '(') + std::string(depth, ')');
}

}  // namespace

TEST_CASE("message/address: address lists of RFC 5322", "[message]") {
  using List = std::vector<std::string>;
  struct Row {
    std::string value;
    List expected;
  };
  for (const Row& row : {
           // Appendix A.1 to A.6, those that are no source routes.
           Row{" John Doe <jdoe@machine.example>", List{"jdoe@machine.example"}},
           Row{" \"Joe Q. Public\" <john.q.public@example.com>", List{"john.q.public@example.com"}},
           Row{"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
               List{"mary@x.test", "jdoe@example.org", "one@y.test"}},
           Row{"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
               List{"boss@nil.test", "sysservices@example.net"}},
           Row{"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
               List{"c@a.test", "joe@where.test", "jdoe@one.test"}},
           Row{"Undisclosed recipients:;", List{}},
           Row{"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", List{"pete@silly.test"}},
           Row{"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
               "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
               List{"c@public.example", "joe@example.org", "jdoe@one.test"}},
           Row{"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", List{}},
           Row{"Joe Q. Public <john.q.public@example.com>", List{"john.q.public@example.com"}},          // A.6.1
           Row{"mary@example.net, , jdoe@test.example", List{"mary@example.net", "jdoe@test.example"}},  // A.6.2
           // Lists.
           Row{"a@b", List{"a@b"}},
           Row{" , a@b,,c@d , ", List{"a@b", "c@d"}},
           Row{"g:a@b;, h:;, i: , c@d ,;", List{"a@b", "c@d"}},
           Row{"\r\n a@b", List{"a@b"}},
           Row{"a@b\r\n\t(c)", List{"a@b"}},
           Row{"a@b\r\n \r\n ,c@d", List{"a@b", "c@d"}},
           // What senders put in display names, and no reader takes for structure.
           Row{"[JIRA] x <a@b>", List{"a@b"}},
           Row{"x [EXT] <a@b>, [y]<c@d>", List{"a@b", "c@d"}},
           Row{"J\xFCrgen <a@b>", List{"a@b"}},
           Row{"\"\xC3\" <a@b>", List{"a@b"}},
           Row{"(\xED\xA0\x80) a@b", List{"a@b"}},
           Row{"joe@b.example <joe@b.example>", List{"joe@b.example"}},
           Row{"=?utf-8?Q?joe@b.example?= <joe@b.example>", List{"joe@b.example"}},
           Row{"Sales @ Home <joe@b.example>", List{"joe@b.example"}},
           Row{"joe@B.example <jim@b.EXAMPLE>", List{"jim@b.EXAMPLE"}},
           Row{"joe@b\u00FC"
               "cher.example <joe@xn--bcher-kva.example>",
               List{"joe@xn--bcher-kva.example"}},
           Row{"Sales @ Z\u00FCrich <joe@b.example>", List{"joe@b.example"}},
           // A ':' without quotes: a group that ends with the value.
           Row{"Re: your order <a@b.example>", List{"a@b.example"}},
           Row{"https://shop.example <a@b.example>", List{"a@b.example"}},
           Row{"g:a@b", List{"a@b"}},
           Row{"g:a@b, c@d ", List{"a@b", "c@d"}},
           // Quoting.
           Row{"\"a\\\"b\\\\\"@c", List{"\"a\\\"b\\\\\"@c"}},
           Row{"\"a,b\" <c@d>", List{"c@d"}},
           Row{"\"<a@b>\" <c@d>", List{"c@d"}},
           Row{"(<a@b>) <c@d>", List{"c@d"}},
           Row{"(\\) <a@b>) <c@d> (\\()", List{"c@d"}},
           Row{"\"a\r\n b\"@c", List{"\"a b\"@c"}},
           Row{"\"\"@c", List{"\"\"@c"}},
           Row{"\"a\".b.\"c d\"@e", List{"\"a\".b.\"c d\"@e"}},
           Row{"\"a,b;c:d\"@e", List{"\"a,b;c:d\"@e"}},
           Row{"a . b@c", List{"a.b@c"}},
           Row{"\"a\"b <c@d>", List{"c@d"}},
           Row{"a@[192.0.2.1]", List{"a@[192.0.2.1]"}},
           Row{"a@[IPv6:2001:db8::1]", List{"a@[IPv6:2001:db8::1]"}},
           Row{"a@[ 192.0.2.1\r\n ]", List{"a@[192.0.2.1]"}},
           Row{"!#$%&'*+-/=?^_`{|}~@b", List{"!#$%&'*+-/=?^_`{|}~@b"}},
           // RFC 6532, and encoded-words in display names, which stay what they are.
           Row{"J\xC3\xBCrgen <j\xC3\xBCrgen@b\xC3\xBC"
               "cher.example>",
               List{"j\xC3\xBCrgen@b\xC3\xBC"
                    "cher.example"}},
           Row{"=?utf-8?Q?=3Ca=40b=3E?= <c@d>", List{"c@d"}},
           // Dots where RFC 5322 section 3.2.3 has none, as some Japanese providers gave out.
           Row{"a..b@c", List{"a..b@c"}},
           Row{".a@b, <a.@b>", List{".a@b", "a.@b"}},
           Row{"a@b., <c@d.example.>", List{"a@b.", "c@d.example."}},
           Row{"a=?b@c", List{"a=?b@c"}},
           Row{"a?=b=?@c", List{"a?=b=?@c"}},
           Row{nested_comment(50) + "a@b", List{"a@b"}},
       }) {
    CAPTURE(row.value);
    const auto list = parse_address_list(row.value, 10);
    REQUIRE(list);
    CHECK(texts(*list) == row.expected);
    CHECK(list->total == row.expected.size());
  }
}

TEST_CASE("message/address: parts of an addr-spec", "[message]") {
  const auto address = parse_address_list("\"a\\ :\\\"x\".y (c) @ (d) Ex.com", 1).value().addresses.at(0);
  CHECK(address.local_part == "a :\"x.y");
  CHECK(address.domain == "Ex.com");
  CHECK(address.text == "\"a\\ :\\\"x\".y@Ex.com");
}

TEST_CASE("message/address: an encoded-word in an address is refused (RFC 2047 section 5)", "[message]") {
  for (const char* value : {
           "=?utf-8?Q?x?=@d",
           "=?utf-8?B?YWRtaW5AYmFuay5leGFtcGxlPg==?=@junk.example",
           "<=?utf-8?B?YWRtaW5AYmFuay5leGFtcGxlPg==?=@junk.example>",
           "=?utf-8?B?YWRtaW5AYmFuay5leGFtcGxl?==?utf-8?Q?=00?=@junk.example",
           "\"=?utf-8?Q?admin=40bank.example=3E?=\"@junk.example",
           "A <a.=?utf-8?Q?x?=@d>",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
}

TEST_CASE("message/address: obsolete comments and folding between the labels of a domain are refused", "[message]") {
  // RFC 5322 section 4.4 has them; a reader that stops at the first shows the domain before it.
  for (const char* value : {
           "jdoe@test   . example",              // RFC 5322 appendix A.6.3
           "<jdoe@machine(comment).  example>",  // the same
           "<ceo@bank.example .attacker.example>",
           "<ceo@bank.example. attacker.example>",
           "<ceo@bank.example\r\n .attacker.example>",
           "ceo@bank.example(x).attacker.example",
           "ceo@bank.example.(x)attacker.example",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
  CHECK(parse_address_list("jdoe @\r\n (c) test.example (d)", 10));
}

TEST_CASE("message/address: a quoted local part may hold '@', '<' and '>' (RFC 5322 section 3.4.1)", "[message]") {
  for (const char* value : {
           "\"ceo@bank.example\"@attacker.example",
           "\"ceo\\@bank.example\"@attacker.example",
           "\"@\"@attacker.example",
           "\"<ceo@bank.example>\" (x) @ attacker.example",
           "<\"ceo@bank.example\"@attacker.example>",
           "A <\"bank.example> \"@attacker.example>",
           "\"A\" <\"<\"@attacker.example>",
           "G: \"ceo@bank.example\"@attacker.example;",
           "\"ceo@bank.example\"@attacker.example, a@attacker.example",
       }) {
    CAPTURE(value);
    const auto list = parse_address_list(value, 10);
    REQUIRE(list);
    for (const auto& address : list->addresses) {
      CHECK(address.domain == "attacker.example");
    }
  }
  const auto address = parse_address_list("<\"ceo@bank\\> \"@attacker.example>", 1).value().addresses.at(0);
  CHECK(address.local_part == "ceo@bank> ");
  CHECK(address.text == "\"ceo@bank\\> \"@attacker.example");
}

TEST_CASE("message/address: '@', '<' and '>' do not hide in an address that is obsolete or has comments", "[message]") {
  // All are RFC 5322; what looks for these three alone finds bank.example.
  for (const char* value : {
           "\"ceo@bank.example\".x@attacker.example",
           "x . \"ceo@bank.example\"@attacker.example",
           "\"<ceo\".bank@attacker.example",
           "<ceo(@bank.example>)@attacker.example>",
           "<(ceo@bank.example>)x@attacker.example>",
           "<ceo@(@bank.example)attacker.example>",
           "<ceo@attacker.example (<ceo@bank.example)>",
           "ceo(@bank.example)@attacker.example",
           "ceo (x (y@bank.example)) @attacker.example",
           "ceo@(@bank.example)attacker.example",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
  // Around the address they are what a display name is.
  for (const char* value : {
           "(ceo@bank.example) a@attacker.example",
           "a@attacker.example (ceo@bank.example)",
           "x (ceo@bank.example) <a@attacker.example> (ceo@bank.example)",
           "<a(his account)@silly.test(his host)>",
       }) {
    CAPTURE(value);
    CHECK(parse_address_list(value, 10));
  }
}

TEST_CASE("message/address: a field that is not RFC 5322 hides no address in quotes or comments", "[message]") {
  // Perl's Email::Address finds ceo@bank.example in most of them, Python's email.headerregistry in the first.
  for (const char* value : {
           "\"ceo@bank.example\" [x] <a@attacker.example>",
           "[x] <\"ceo@bank.example\"@attacker.example>",
           "\"ceo@bank.example\"@attacker.example.",
           "\"ceo@bank.example\".@attacker.example",
           "\"ceo@bank.example\"@attacker.example <a@attacker.example>",
           ", \"ceo@bank.example\"@attacker.example",
           "Re: \"ceo@bank.example\"@attacker.example",
           "(ceo@bank.example) .a@attacker.example",
           "(ceo@bank.example) a..b@attacker.example",
           "(ceo@bank.example) a.@attacker.example",
           "(ceo@bank.example) a@attacker.example.",
           "Re: \"ceo@bank.example\" <a@attacker.example>",
           "x @ y (ceo@bank.example) <a@attacker.example>",
           "[x] <a@attacker.example>, \"<ceo@bank.example>\" <a@attacker.example>",
           ",(ceo@bank.example), a@attacker.example",
           "(a (ceo@bank.example)) a@attacker.example",
           "a@attacker.example, (ceo@bank.example)",
           "=?utf-8?Q?ceo=40bank.example?= [x] <a@attacker.example>",
           "=?utf-8?q?=3Cceo?= a. [x] <a@attacker.example>",
           "=?utf-8?B?PGNlb0BiYW5rLmV4YW1wbGU+?=[<a@attacker.example>",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
  for (const char* value : {
           "\"A\" [x] (y) <a@attacker.example>",
           "J. R. \"ceo@bank.example\" <a@attacker.example>",
           "Re: \"ceo@bank.example\" <a@attacker.example>;",
           "[x] =?utf-8?Q?B=C3=A4nk?= =?utf-8?B?QsOkbms=?= <a@attacker.example>",
           "=?utf-8?Q?ceo=40bank.example?= <a@attacker.example>",
           "g:;, \"ceo@bank.example\" <a@attacker.example>",
       }) {
    CAPTURE(value);
    CHECK(parse_address_list(value, 10));
  }
}

TEST_CASE("message/address: no address turns the direction of its text", "[message]") {
  for (const char* value : {
           "\u202Emoc.knab@attacker.example",  // RIGHT-TO-LEFT OVERRIDE
           "a\u2066b@attacker.example",
           "\"\u202D\"@attacker.example",
           "a\u2028b@attacker.example",
           "a\u0085b@attacker.example",  // a line end to some
           "a@\u202Eattacker.example",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
  // Scripts that need joiners, and display names, keep them.
  CHECK(parse_address_list("\u0915\u094D\u200D\u0937@b.example", 10));
  CHECK(parse_address_list("\u202B\u05D0\u202C <a@b.example>", 10));
}

TEST_CASE("message/address: a display name with an '@' names the same domain or a single label", "[message]") {
  for (const char* value : {
           "ceo@bank\u3002example <a@attacker.example>",
           "ceo@bank\uFF0Eexample <a@attacker.example>",
           "ceo@bank\u2024example <a@attacker.example>",
           "ceo@b\u00FC"
           "cher.example <a@attacker.example>",
           "ceo@bank.example. <a@attacker.example>",
       }) {
    CAPTURE(value);
    CHECK_FALSE(parse_address_list(value, 10));
  }
}

TEST_CASE("message/address: what is no address list is refused", "[message]") {
  for (const std::string& value : {
           std::string(""),
           std::string(" "),
           std::string(","),
           std::string(" (a@b) "),
           std::string("postmaster"),
           std::string("John Doe"),
           std::string("a@"),
           std::string("@b"),
           std::string("<@b>"),
           std::string("<>"),
           std::string("a@b@c"),
           std::string("<a@b@c>"),
           std::string("<a@b"),
           std::string("a@b>"),
           std::string("<a@b>>"),
           std::string("<<a@b>>"),
           std::string("a@b c@d"),
           std::string("<a@b> <c@d>"),
           std::string("<a@b> c@d"),
           std::string("a@b.example <c@d>"),
           std::string("=?utf-8?Q?a@b.example?= <c@d.example>"),
           std::string("a@b.example?= <c@b.example>"),
           std::string("joe@example.com <a@b>"),
           std::string("joe@example.com<a@b>"),
           std::string("<a@b> trailing"),
           std::string("a@b trailing"),
           std::string("a@.b"),
           std::string("a@b..c"),
           std::string("a@b.."),
           std::string("a@b. c"),
           std::string(".@b"),
           std::string("a c@b"),
           std::string("a. .b c@d"),
           std::string("a\"c\"@b"),
           std::string(".a <b@c>"),
           std::string("<@r.example:a@b>"),  // source route, RFC 5322 section 4.4
           std::string("<@r.example,@s.example:a@b>"),
           std::string("a;b <c@d>"),
           std::string("a@b; c@d"),
           std::string("a@b:c"),
           std::string("[x@y <a@b>"),
           std::string("a]@b"),
           std::string("a\\@b@c"),
           std::string("a@b\\c"),
           std::string("g:a@b; c@d"),
           std::string("g: h: a@b"),
           std::string("Foo, Inc. <a@b>"),
           std::string("g: Foo, Inc. <a@b>"),
           std::string("g: h:a@b;;"),
           std::string(":a@b;"),
           std::string("g:a@b;;"),
           std::string("\"a@b"),
           std::string("\"a\\"),
           std::string("(a@b"),
           std::string("a@b ("),
           std::string("a@b )"),
           std::string("(a\\"),
           std::string("a@[192.0.2.1"),
           std::string("a@[[1]"),
           std::string("a@[1\\]]"),
           std::string("a@[1]b"),
           std::string("a@[1].b"),
           std::string("a@b\0", 4),
           std::string("a\0 <b@c>", 8),
           std::string("\"a\0b\"@c", 7),
           std::string("(\0)a@b", 6),
           std::string("a@b\r"),
           std::string("a@b\n"),
           std::string("a@b\r\n"),
           std::string("a@b\n ,c@d"),
           std::string("a@b\r\nc@d"),
           std::string("a@b\r c@d"),
           std::string("\"a\rb\"@c"),
           std::string("\"a\\\r\n b\"@c"),
           std::string("(\\\r\n )a@b"),
           std::string("\"a\x01\"@c"),
           std::string("a\x7F@c"),
           std::string("J\xFCrgen@b"),
           std::string("\"\xC3\"@b"),
           std::string("<a@b\xED\xA0\x80>"),
           nested_comment(51) + "a@b",
           std::string(100'000, '('),
           std::string(100'000, '<'),
       }) {
    CAPTURE(value.substr(0, 100));
    const auto list = parse_address_list(value, 10);
    CHECK_FALSE(list);
    if (!list) {
      CHECK(list.error().offset <= value.size());
      CHECK_FALSE(list.error().what.empty());
    }
  }
}

TEST_CASE("message/address: addresses beyond the bound are checked and counted", "[message]") {
  const auto three = parse_address_list("a@b,c@d,e@f", 3).value();
  CHECK(texts(three) == std::vector<std::string>{"a@b", "c@d", "e@f"});
  const auto two = parse_address_list("a@b,c@d,e@f", 2).value();
  CHECK(texts(two) == std::vector<std::string>{"a@b", "c@d"});
  CHECK(two.total == 3);
  CHECK_FALSE(parse_address_list("a@b,c@d,e@f@g", 2));
}

TEST_CASE("message/address: display names that are addresses in other characters than ASCII are bounded",
          "[message][bounds]") {
  const auto with = [](int count) {
    std::string value = "x@e.com";
    for (int i = 0; i < count; ++i) {
      value +=
          ", a@b\xC3\xBC"
          "cher.example <a@b\xC3\xBC"
          "cher.example>";
    }
    return parse_address_list(value, 1);
  };
  CHECK(with(10));
  CHECK_FALSE(with(11));
  // The address behind a name that is all ASCII is converted, too.
  const auto with_plain_names = [](int count) {
    std::string value = "x@e.com";
    for (int i = 0; i < count; ++i) {
      value +=
          ", a@b <a@b\xC3\xBC"
          "cher.example>";
    }
    return parse_address_list(value, 1);
  };
  CHECK(with_plain_names(10));
  CHECK_FALSE(with_plain_names(11));
}

TEST_CASE("message/address: no text crashes or loops", "[message][property]") {
  std::mt19937 random(1);
  const std::vector<std::string> parts{
      "a", "b",     "@",  ".",  ",",     ":",        ";",  "<",     ">",   "(",
      ")", "\"",    "\\", "[",  "]",     " ",        "\t", "\r\n ", "\r",  "\n",
      "c", "\"q\"", "@d", "@e", "(x y)", "\xC3\xBC", "=",  "<f@g>", "h@i", std::string(1, '\0')};
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string value;
    for (std::size_t i = random() % 8; i != 0; --i) {
      value += parts[random() % parts.size()];
    }
    const auto list = parse_address_list(value, 100);
    if (list) {
      ++accepted;
      // What was read is an address list again, and names the same mailboxes.
      for (const auto& address : list->addresses) {
        const auto again = parse_address_list(address.text, 2);
        CAPTURE(value, address.text);
        REQUIRE(again);
        REQUIRE(again->total == 1);
        REQUIRE(again->addresses[0].domain == address.domain);
        REQUIRE(again->addresses[0].local_part == address.local_part);
      }
    }
  }
  CHECK(accepted > 100);
  const std::string good = "A \"b\\\"\" (c(\\)d)) <\"e f\".g@h.example>, G:i@[192.0.2.1], j@k;, l . m@\r\n n.o";
  REQUIRE(parse_address_list(good, 10));
  for (std::size_t i = 0; i < good.size(); ++i) {
    static_cast<void>(parse_address_list(good.substr(0, i), 10));
    for (int c = 0; c < 256; ++c) {
      std::string changed = good;
      changed[i] = static_cast<char>(c);
      static_cast<void>(parse_address_list(changed, 10));
    }
  }
}
