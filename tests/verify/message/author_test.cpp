#include "verify/message/author.h"

#include "tests/support/catch.h"

using namespace assay;
using message::find_authors;
using message::FromStatus;
using message::HeaderBlock;

namespace {

HeaderBlock with_from(const std::vector<std::string>& values) {
  HeaderBlock headers;
  headers.add("Received", " by x; from y");
  for (const auto& value : values) {
    headers.add("From", value);
  }
  headers.add("Subject", " From: z@example.org");
  return headers;
}

std::vector<std::string> names(const message::Authors& authors) {
  std::vector<std::string> out;
  for (const Domain& domain : authors.domains) {
    out.push_back(domain.str());
  }
  return out;
}

}  // namespace

TEST_CASE("message/author: the Author Domain (RFC 9989 sections 4.2, 4.4 and 5.3.1)", "[message]") {
  using List = std::vector<std::string>;
  struct Row {
    std::string value;
    FromStatus status;
    List domains, mailboxes;
  };
  for (const Row& row : {
           Row{" a@Example.COM", FromStatus::Ok, {"example.com"}, {"a@Example.COM"}},
           Row{" A <a@example.com>\r\n", FromStatus::Ok, {"example.com"}, {"a@example.com"}},
           Row{" A\n <a@example.com>", FromStatus::Ok, {"example.com"}, {"a@example.com"}},
           Row{" a@example.com, b@EXAMPLE.com", FromStatus::Ok, {"example.com"}, {"a@example.com", "b@EXAMPLE.com"}},
           Row{" a@x.example, b@y.example", FromStatus::Ok, {"x.example", "y.example"}, {"a@x.example", "b@y.example"}},
           Row{" G: a@x.example, b@y.example;",
               FromStatus::Ok,
               {"x.example", "y.example"},
               {"a@x.example", "b@y.example"}},  // RFC 6854 section 2.1
           Row{" a@b\xC3\xBC"
               "cher.example",
               FromStatus::Ok,
               {"xn--bcher-kva.example"},
               {"a@b\xC3\xBC"
                "cher.example"}},
           Row{" a@b\xC3\xBC"
               "cher.example, b@xn--bcher-kva.example",
               FromStatus::Ok,
               {"xn--bcher-kva.example"},
               {"a@b\xC3\xBC"
                "cher.example",
                "b@xn--bcher-kva.example"}},
           Row{" a@com", FromStatus::Ok, {"com"}, {"a@com"}},
           Row{" \"x <a@junk.example>\" <a@real.example>", FromStatus::Ok, {"real.example"}, {"a@real.example"}},
           Row{" a@real.example.", FromStatus::Ok, {"real.example"}, {"a@real.example."}},
           Row{" a@real.example., b@Real.example",
               FromStatus::Ok,
               {"real.example"},
               {"a@real.example.", "b@Real.example"}},
           Row{" =?utf-8?Q?=22bank=22_=3Ca=40junk.example=3E?= <a@real.example>",
               FromStatus::Ok,
               {"real.example"},
               {"a@real.example"}},

           Row{" undisclosed:;", FromStatus::NoDomain, {}, {}},
           Row{" a@[192.0.2.1]", FromStatus::NoDomain, {}, {"a@[192.0.2.1]"}},
           Row{" a@x.example, b@[192.0.2.1]", FromStatus::NoDomain, {}, {"a@x.example", "b@[192.0.2.1]"}},
           Row{" a@x!y.example", FromStatus::NoDomain, {}, {"a@x!y.example"}},
           Row{" a@" + std::string(64, 'x') + ".example",
               FromStatus::NoDomain,
               {},
               {"a@" + std::string(64, 'x') + ".example"}},

           Row{"", FromStatus::Unparsable, {}, {}},
           Row{" root", FromStatus::Unparsable, {}, {}},
           Row{" a@b@c", FromStatus::Unparsable, {}, {}},
           Row{" a@bank.example <a@junk.example>", FromStatus::Unparsable, {}, {}},
           Row{" <a@bank.example> <a@junk.example>", FromStatus::Unparsable, {}, {}},
           Row{" a@bank.example\r, b@junk.example", FromStatus::Unparsable, {}, {}},
           Row{std::string(" a@bank.example\0, b@junk.example", 32), FromStatus::Unparsable, {}, {}},
           Row{" \xFC@bank.example", FromStatus::Unparsable, {}, {}},
           Row{" \xFC <a@bank.example>", FromStatus::Ok, {"bank.example"}, {"a@bank.example"}},
           Row{" <@route.example:a@bank.example>", FromStatus::Unparsable, {}, {}},
       }) {
    CAPTURE(row.value);
    const auto authors = find_authors(with_from({row.value}), 5);
    CHECK(std::string(to_string(authors.status)) == to_string(row.status));
    CHECK(names(authors) == row.domains);
    CHECK(authors.mailboxes == row.mailboxes);
  }
}

TEST_CASE("message/author: why a field is refused is told", "[message]") {
  const auto detail = [](const std::string& value) { return find_authors(with_from({value}), 5).detail; };
  CHECK(detail(" a@b.example").empty());
  CHECK(detail(" a@b.example c") == "text behind an address (at octet 13)");
  CHECK(detail(" undisclosed:;") == "no mailbox");
  CHECK(detail(" a@[192.0.2.1]") == "an octet that no domain name may hold");
  CHECK(find_authors(with_from({" a@b c", " a@b"}), 5).detail.empty());
  CHECK(find_authors(with_from({}), 5).detail.empty());
}

TEST_CASE("message/author: no From field, and more than one", "[message]") {
  CHECK(find_authors(with_from({}), 5).status == FromStatus::Missing);
  CHECK(find_authors(HeaderBlock(), 5).status == FromStatus::Missing);

  const auto twice = find_authors(with_from({" a@x.example", " b@x.example"}), 5);
  CHECK(twice.status == FromStatus::Repeated);
  CHECK(twice.domains.empty());
  CHECK(twice.mailboxes == std::vector<std::string>{"a@x.example", "b@x.example"});
  const auto broken = find_authors(with_from({" a@x.example", " b@y.example, broken"}), 5);
  CHECK(broken.status == FromStatus::Repeated);
  CHECK(broken.mailboxes == std::vector<std::string>{"a@x.example"});
  CHECK(find_authors(with_from({" broken", ""}), 5).status == FromStatus::Repeated);

  // The same field in another spelling.
  HeaderBlock headers;
  headers.add("From", " a@x.example");
  headers.add("fROM \t", " b@y.example");
  CHECK(find_authors(headers, 5).status == FromStatus::Repeated);
}

TEST_CASE("message/author: a From field behind a lone CR or LF counts (RFC 5322 section 2.2)", "[message]") {
  const auto status = [](const std::string& subject) {
    HeaderBlock headers;
    headers.add("Subject", subject);
    headers.add("From", " a@attacker.example");
    const auto authors = find_authors(headers, 5);
    CHECK(authors.domains.size() == (authors.status == FromStatus::Ok ? 1 : 0));
    return authors.status;
  };
  for (const char* subject : {
           " x\rFrom: ceo@bank.example",
           " x\nFrom: ceo@bank.example",
           " x\r\nFrom: ceo@bank.example",
           " x\r\n y\rfROM \t:ceo@bank.example",
           " x\r\r\rFrom:",
       }) {
    CAPTURE(subject);
    CHECK(status(subject) == FromStatus::Repeated);
  }
  for (const char* subject : {
           " x\r\n From: ceo@bank.example",  // a fold
           " x\r From: ceo@bank.example",
           " x From: ceo@bank.example",
           " x\rFromage: y",
           " x\rFrom",
           " x\rFrom ",
           " x\rX-From: y",
           " x\r",
       }) {
    CAPTURE(subject);
    CHECK(status(subject) == FromStatus::Ok);
  }
}

TEST_CASE("message/author: one domain beyond the bound shows that it was passed (RFC 9989 section 11.5)", "[message]") {
  const auto with_domains = [](int count) {
    std::string value;
    for (int i = 0; i < count; ++i) {
      value += " a@d" + std::to_string(i) + ".example, b@d" + std::to_string(i) + ".example,";
    }
    return with_from({value});
  };
  CHECK(find_authors(with_domains(5), 5).domains.size() == 5);
  CHECK(find_authors(with_domains(6), 5).domains.size() == 6);
  const auto many = find_authors(with_domains(1000), 5);
  CHECK(many.status == FromStatus::Ok);
  CHECK(many.domains.size() == 6);
  CHECK(many.mailboxes.size() == 6);

  // Beyond the bound the syntax still counts.
  std::string broken;
  for (int i = 0; i < 100; ++i) {
    broken += "a@d" + std::to_string(i) + ".example,";
  }
  CHECK(find_authors(with_from({broken + "a@b@c"}), 5).status == FromStatus::Unparsable);
}

TEST_CASE("message/author: a From field of more than 1,000 mailboxes is not read to its end", "[message]") {
  const auto with_mailboxes = [](int count) {
    std::string value;
    for (int i = 0; i < count; ++i) {
      value += (i % 2 == 0 ? "a@x.example," : "a@X.EXAMPLE,");
    }
    return with_from({value});
  };
  const auto all = find_authors(with_mailboxes(1000), 5);
  CHECK(all.status == FromStatus::Ok);
  CHECK(names(all) == std::vector<std::string>{"x.example"});
  const auto more = find_authors(with_mailboxes(1001), 5);
  CHECK(more.status == FromStatus::Unparsable);
  CHECK(more.domains.empty());
  CHECK(more.detail == "more than 1000 mailboxes");
}

TEST_CASE("message/author: 10,000 mailboxes are checked whatever they name, one more ends the reading",
          "[message][bounds]") {
  const auto with_mailboxes = [](int count) {
    std::string value;
    for (int i = 0; i < count; ++i) {
      value += "a@d" + std::to_string(i) + ".example,";
    }
    return find_authors(with_from({value}), 5);
  };
  CHECK(with_mailboxes(10'000).status == FromStatus::Ok);
  CHECK(with_mailboxes(10'001).status == FromStatus::Unparsable);
  CHECK(with_mailboxes(10'001).detail == "more than 10000 mailboxes");
  CHECK(with_mailboxes(10'001).mailboxes.empty());
}

TEST_CASE("message/author: 20 domains in other characters than ASCII are read, one more refuses the field",
          "[message][bounds]") {
  const auto with_mailboxes = [](int count) {
    std::string value;
    for (int i = 0; i < count; ++i) {
      value +=
          "a@b\xC3\xBC"
          "cher.example,";
    }
    return find_authors(with_from({value}), 5);
  };
  CHECK(names(with_mailboxes(20)) == std::vector<std::string>{"xn--bcher-kva.example"});
  CHECK(with_mailboxes(21).status == FromStatus::Unparsable);
  CHECK(with_mailboxes(21).detail == "more than 20 domains in other characters than ASCII");
}

TEST_CASE("message/author: a mailbox that Sendmail would cut refuses the field, if Sendmail delivers it",
          "[message][bounds][attack]") {
  struct Row {
    std::string before;
    std::string filler;  // Repeated until the field is full.
    std::string after;
    std::size_t cost;  // Of one filler, in octets of Sendmail's.
  };
  const std::string address = "ceo@bank.example.attacker.example";
  for (const Row& row : {
           Row{" (", "a", ") " + address, 1},
           Row{" \"", "a", "\" <" + address + ">", 1},
           Row{" x. ", "\"\" ", "<" + address + ">", 5},
           Row{" x. \"", "\\\"", "\" <" + address + ">", 3},
           Row{"\r\n ", "a", "@bank.example.attacker.example", 1},
           Row{" ", "(a)", address, 5},
           Row{" ", "\xC3\x9F", " <" + address + ">", 3},           // LATIN SMALL LETTER SHARP S
           Row{" ", "\xC3\xBC", " <" + address + ">", 2},           // LATIN SMALL LETTER U WITH DIAERESIS
           Row{" ", "\xD0\x9F\xD1\x80 ", " <" + address + ">", 7},  // Two Cyrillic letters
           Row{" ", "\xE6\x97\xA5", " <" + address + ">", 4},       // An ideograph
           Row{" ", "\x80", " <" + address + ">", 2},               // As in Latin-1, which is no UTF-8
           Row{" ", "\x9F", " <" + address + ">", 2},
           Row{" ", "\xA0", " <" + address + ">", 1},
           Row{" ", "\xFE", " <" + address + ">", 1},
           Row{" ", "\xFF", " <" + address + ">", 2},
           Row{" x@attacker.example, ", "b ", "<" + address + ">", 2},
           Row{" team: ", "b ", "<" + address + ">;", 2},
           Row{" a.team: b.", "c", " <" + address + ">;", 1},
           Row{" " + address + " (", "a", ")", 1},
       }) {
    CAPTURE(row.before, row.filler, row.after);
    const auto cost = [](std::string_view text) {
      std::size_t octets = 0;
      for (const char c : text) {
        const unsigned octet = static_cast<unsigned char>(c);
        octets += c == '(' || c == ')' || c == '"' || octet / 0x20 == 4 || octet == 0xFF ? 2 : 1;
      }
      return octets;
    };
    // What stands before the comma and white space in front do not count, nor does the end of a group.
    const std::string element = row.before.substr(row.before.find_last_of(',') + 1);
    const std::size_t begin = element.find_first_not_of(" \r\n");
    const std::size_t fixed = cost(begin == std::string::npos ? "" : element.substr(begin)) + cost(row.after) -
                              (row.after.ends_with(';') ? 1 : 0) + (element.find(':') == std::string::npos ? 2 : 4);
    std::size_t fillers = 0;
    std::string value = row.before;
    for (std::size_t octets = fixed; octets + row.cost <= assay::message::kSendmailMailboxOctets; octets += row.cost) {
      value += row.filler;
      ++fillers;
    }
    REQUIRE(fillers > 10);
    CHECK(find_authors(with_from({value + row.after}), 5, true).status == FromStatus::Ok);
    const std::string longer = value + row.filler + row.after;
    const auto refused = find_authors(with_from({longer}), 5, true);
    CHECK(refused.status == FromStatus::Unparsable);
    CHECK(refused.detail == "a mailbox of which Sendmail would cut off the end");
    CHECK(refused.mailboxes.empty());
    CHECK(find_authors(with_from({longer}), 5).status == FromStatus::Ok);
  }
}
