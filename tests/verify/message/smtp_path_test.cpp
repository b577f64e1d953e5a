#include "verify/message/smtp_path.h"

#include "tests/support/catch.h"

using namespace assay;
using message::domain_of_path;
using message::is_same_mailbox;
using message::parse_smtp_path;
using message::read_smtp_path;

TEST_CASE("message/smtp_path: the null path is <> alone (RFC 5321 section 4.1.2, Reverse-path)", "[message]") {
  for (const char* path : {"", "<>", " <> ", "<> SIZE=1"}) {
    CAPTURE(path);
    const auto parsed = parse_smtp_path(path);
    REQUIRE(parsed);
    CHECK(parsed->is_null);
    CHECK(parsed->mailbox.empty());
  }
  for (const char* path : {"<\"\">", "<a@b.example>", "<postmaster>"}) {
    CAPTURE(path);
    const auto parsed = parse_smtp_path(path);
    REQUIRE(parsed);
    CHECK_FALSE(parsed->is_null);
  }
}

TEST_CASE("message/smtp_path: paths of the grammar (RFC 5321 section 4.1.2, RFC 6531 section 3.3)", "[message]") {
  struct Row {
    std::string_view path, mailbox, local_part, domain;
  };
  for (const Row& row : {
           Row{"<a@b.example>", "a@b.example", "a", "b.example"},
           Row{"a@b.example", "a@b.example", "a", "b.example"},
           Row{"<a@B.Example> SIZE=1000 BODY=8BITMIME", "a@B.Example", "a", "B.Example"},
           Row{"a@b.example SIZE=1000 X=@c", "a@b.example", "a", "b.example"},
           Row{"<\"a@x\"@c>", "\"a@x\"@c", "a@x", "c"},
           Row{"\"a b\"@c SIZE=1", "\"a b\"@c", "a b", "c"},
           Row{"<\"a>b\"@c> SIZE=1", "\"a>b\"@c", "a>b", "c"},
           Row{"<\"a\\\"@x>\\\\\"@c>", "\"a\\\"@x>\\\\\"@c", "a\"@x>\\", "c"},
           Row{"<\"\"@c>", "\"\"@c", "", "c"},
           Row{"<@r.example:a@c>", "a@c", "a", "c"},
           Row{"<@r.example,@s.example:a@c>", "a@c", "a", "c"},
           Row{"<@r.example:\"x:y\"@c>", "\"x:y\"@c", "x:y", "c"},
           Row{"<postmaster>", "postmaster", "postmaster", ""},
           Row{"postmaster", "postmaster", "postmaster", ""},
           Row{"<a@[192.0.2.1]>", "a@[192.0.2.1]", "a", "[192.0.2.1]"},
           Row{"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]"},
           Row{"<SRS0=x=y=orig.example=user@fwd.example>", "SRS0=x=y=orig.example=user@fwd.example",
               "SRS0=x=y=orig.example=user", "fwd.example"},
           Row{"<@c>", "@c", "", "c"},
           // Not of the grammar, and read in one way only.
           Row{"<a..b.@my_host.example.>", "a..b.@my_host.example.", "a..b.", "my_host.example."},
           Row{"<\"a\x01\"@c>", "\"a\x01\"@c", "a\x01", "c"},
           Row{"<\xFF@c>", "\xFF@c", "\xFF", "c"},
           Row{"<j\xC3\xBCrgen@b\xC3\xBC"
               "cher.example>",
               "j\xC3\xBCrgen@b\xC3\xBC"
               "cher.example",
               "j\xC3\xBCrgen",
               "b\xC3\xBC"
               "cher.example"},
       }) {
    CAPTURE(row.path);
    const auto parsed = parse_smtp_path(row.path);
    REQUIRE(parsed);
    CHECK(parsed->mailbox == row.mailbox);
    CHECK(parsed->local_part == row.local_part);
    CHECK(parsed->domain == row.domain);
    CHECK(domain_of_path(row.path) == row.domain);
    // What was read reads as itself.
    CHECK(parse_smtp_path(parsed->mailbox).value().mailbox == row.mailbox);
  }
}

namespace {

/// Each has been taken by some MTA for one address and by some reader for another, or for none.
constexpr const char* kDoubtful[] = {
    "<x@evil.test>(y@partner.example>)",
    "<x@evil.test>y@partner.example>",
    "<x@evil.test>\"@partner.example>",
    "<>(x@partner.example>)",
    "<>x",
    "<(x)>",
    "< >",
    "<a@example.com (x)>",
    "<a@(x)example.com>",
    "<a(x)@example.com>",
    "<a @ example.com>",
    "<a@example . com>",
    "<a@example.com(>",
    "<a@example.com;>",
    "<g:a@example.com;>",
    "<a@\"partner.example\">",
    "<a@partner\\.example>",
    "<a\\b@example.com>",
    "<a\\@evil.test@partner.example>",
    "<a@evil.test@partner.example>",
    "<\"a\"b@example.com>",
    "<\"a@example.com>",
    "<a@example.com",
    "<a@>",
    "<@>",
    "@",
    "<@r.example:>",
    "<@r.example a@c>",
    "<@r.example@c>",
    "<a@.example.com>",
    "<a@example..com>",
    "<a@[192.0.2.1>",
    "<a@[]>",
    "<<a@example.com>>",
    "(<)<a@evil.test>",
    "a@evil.test>(y@partner.example",
    "<\"",
    "<\"\\",
    "<",
    ">",
};

}  // namespace

TEST_CASE("message/smtp_path: a path that readers differ on is none, and is no null path", "[message][attack]") {
  for (const char* path : kDoubtful) {
    CAPTURE(path);
    CHECK_FALSE(parse_smtp_path(path));
    CHECK(domain_of_path(path).empty());
    // Nor does it become one by being kept.
    CHECK(read_smtp_path(path, std::nullopt) == path);
  }
}

TEST_CASE("message/smtp_path: where the argument is in doubt the MTA's reading counts", "[message][attack]") {
  struct Row {
    const char *argument, *mta, *read;
  };
  // The second column is what Postfix 3.7 sends as {mail_addr}, strict_rfc821_envelopes = no.
  for (const Row& row : {
           Row{"<x@evil.test>(y@partner.example>)", "x@evil.test", "x@evil.test"},
           Row{"<>(x@partner.example>)", "", ""},
           Row{"<(x)>", "", ""},
           Row{"<a@example.com (x)>", "a@example.com", "a@example.com"},
           Row{"<a@(x)example.com>", "a@example.com", "a@example.com"},
           Row{"<a @ example.com>", "a@example.com", "a@example.com"},
           Row{"<a@example.com(>", "a@example.com", "a@example.com"},
           Row{"<a@evil.test@partner.example>", "\"a@evil.test\"@partner.example", "\"a@evil.test\"@partner.example"},
           Row{"<a>", "a@mx.example.net", "a@mx.example.net"},
           // Nothing in doubt: as given, not in the MTA's lower case or after its rewriting.
           Row{"<A@EXAMPLE.com>", "a@example.com", "A@EXAMPLE.com"},
           Row{"<@x.example:a@example.com>", "a@example.com", "a@example.com"},
       }) {
    CAPTURE(row.argument);
    CHECK(read_smtp_path(row.argument, row.mta) == row.read);
  }
  // Sendmail's {mail_addr} is the user of the resolved triple, for a mailbox of its own without a domain.
  CHECK(read_smtp_path("<office@example.net>", "office") == "office@example.net");
  CHECK(read_smtp_path("<>", "<>").empty());
  CHECK(read_smtp_path("<>", "MAILER-DAEMON").empty());
  CHECK(read_smtp_path("<postmaster>", "postmaster") == "postmaster");
  // Neither is an address.
  CHECK(read_smtp_path("<a (x)@b.example>", "a (x)@b.example") == "<a (x)@b.example>");
}

TEST_CASE("message/smtp_path: one mailbox in the spellings that a sender may choose", "[message][attack]") {
  for (const char* path : {"<bob@example.net>", "BOB@EXAMPLE.NET", "<\"bob\"@example.net>", "<\"b\\ob\"@example.net>",
                           "<bob@example.net.>", "<@foo.example:bob@example.net>", "bob@example.net SIZE=1"}) {
    CAPTURE(path);
    CHECK(is_same_mailbox(path, "bob@example.net"));
  }
  CHECK(
      is_same_mailbox("a@b\xC3\xBC"
                      "cher.example",
                      "a@xn--bcher-kva.example."));
  for (const char* path : {"<rob@example.net>", "<bob@example.com>", "<bob>", "<>", "<bob@example.net>x",
                           "<\"bob \"@example.net>", "<bob@sub.example.net>"}) {
    CAPTURE(path);
    CHECK_FALSE(is_same_mailbox(path, "bob@example.net"));
  }
  CHECK_FALSE(is_same_mailbox("<a b>", "<a b>"));
}
