#include "milter/session.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/milter/fake_editor.h"
#include "tests/support/catch.h"

namespace fs = std::filesystem;

using assay::IpAddress;
using assay::Time;
using assay::milter::Capabilities;
using assay::milter::Gate;
using assay::milter::MailMacros;
using assay::milter::Overrides;
using assay::milter::Planner;
using assay::milter::RuntimeSource;
using assay::milter::Services;
using assay::milter::Session;
using assay::milter::Step;
using assay::test::FakeEditor;

namespace {

constexpr const char* kZone = R"($ORIGIN example.com.
$TTL 300
@            IN SOA ns hostmaster 1 3600 600 86400 300
@            IN TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc       IN TXT "v=DMARC1; p=reject"
mx           IN A 192.0.2.1
)";

constexpr const char* kConfiguration = R"(authserv_id: mx.example.net
local: {networks: [127.0.0.0/8], trusted_authserv: [198.51.100.7]}
)";

/// A daemon without libmilter: files in a folder of its own, real settings, real zone resolver.
class Daemon {
 public:
  explicit Daemon(const std::string& configuration = kConfiguration) {
    std::string name = (fs::temp_directory_path() / "assay-session-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    folder_ = name;
    write("zone", kZone);
    configure(configuration);
    source = std::make_unique<RuntimeSource>((folder_ / "assay.yaml").string(),
                                             Overrides{{}, {(folder_ / "zone").string()}}, "host.example.net");
    const auto problems = source->load();
    for (const auto& problem : problems) {
      UNSCOPED_INFO(problem);
    }
    REQUIRE(problems.empty());
    all.can_insert_headers = true;
    all.can_change_headers = true;
    all.can_quarantine = true;
    all.can_redirect = true;
    all.has_leading_space = true;
    all.can_skip = true;
  }
  ~Daemon() { fs::remove_all(folder_); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void configure(const std::string& text) { write("assay.yaml", text); }
  [[nodiscard]] std::unique_ptr<Session> session(const std::string& client = "192.0.2.1") {
    auto made = std::make_unique<Session>(Services{*source, planner, gate, metrics});
    made->negotiated(all);
    made->connect("client.example", IpAddress::parse(client).value());
    made->helo("mx.example.com");
    return made;
  }

  std::unique_ptr<RuntimeSource> source;
  Planner planner{1};
  Gate gate;
  assay::observe::Metrics metrics{"1.2.3"};
  Capabilities all;

 private:
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  fs::path folder_;
};

const Time kNow{std::chrono::seconds(1'800'000'000)};

/// MAIL, RCPT and the header of an ordinary message.
Step start(Session& session, FakeEditor& editor, const std::string& authenticated = {}) {
  const Step step =
      session.mail_from("<alice@example.com>", {}, MailMacros{"Q1", authenticated, "", std::nullopt, ""}, editor);
  CHECK(session.recipient("<bob@example.net>", std::nullopt, editor) == Step::Continue);
  return step;
}

Step finish(Session& session, FakeEditor& editor) {
  session.header("From", " Alice <alice@example.com>");
  session.header("Subject", " test");
  session.end_of_headers();
  return session.end_of_message("", kNow, editor);
}

/// The stamped field, on one line.
std::string stamp_of(const FakeEditor& editor) {
  const std::string prefix = "insert Authentication-Results: ";
  for (const std::string& call : editor.done) {
    if (call.rfind(prefix, 0) == 0) {
      std::string value = call.substr(prefix.size());
      value.erase(std::remove(value.begin(), value.end(), '\n'), value.end());
      return value;
    }
  }
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("milter/session: an inbound message is verified and stamped", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  CHECK(finish(*session, editor) == Step::Continue);
  const std::string stamp = stamp_of(editor);
  CAPTURE(stamp);
  CHECK(has(stamp, "mx.example.net;"));
  CHECK(has(stamp, "spf=pass"));
  CHECK(has(stamp, "dmarc=pass"));
  CHECK(daemon.gate.in_flight() == 0);
}

TEST_CASE("milter/session: a failing p=reject message is refused, naming the domain and DMARC", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session("203.0.113.9");
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  CHECK(finish(*session, editor) == Step::Reject);
  REQUIRE(editor.done.size() == 1);
  CAPTURE(editor.done.front());
  CHECK(editor.done.front().rfind("reply 550 5.7.", 0) == 0);
  CHECK(has(editor.done.front(), "example.com"));
  CHECK(has(editor.done.front(), "DMARC"));
}

TEST_CASE("milter/session: nothing of a message survives its end, an abort or the next MAIL", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  const auto expect_clean_pass = [&] {
    FakeEditor editor;
    REQUIRE(start(*session, editor) == Step::Continue);
    CHECK(finish(*session, editor) == Step::Continue);
    CHECK(has(stamp_of(editor), "dmarc=pass"));
    CHECK(editor.done.size() == 1);
  };
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  session->header("From", " Mallory <mallory@example.org>");
  session->header("Authentication-Results", " mx.example.net; dmarc=pass");
  SECTION("next MAIL without an end") {
    expect_clean_pass();
  }
  SECTION("abort") {
    session->abort();
    CHECK(daemon.gate.in_flight() == 0);
    expect_clean_pass();
  }
  SECTION("end of message") {
    static_cast<void>(session->end_of_message("", kNow, editor));
    expect_clean_pass();
  }
}

TEST_CASE("milter/session: an end of message without a beginning is deferred", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  CHECK(session->end_of_message("", kNow, editor) == Step::TempFail);
  REQUIRE(editor.done.size() == 1);
  CHECK(editor.done.front().rfind("reply 451", 0) == 0);
}

TEST_CASE("milter/session: a message whose handling broke is deferred at its end", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  session->fail();
  CHECK(finish(*session, editor) == Step::TempFail);
  REQUIRE(editor.done.size() == 1);
  CHECK(editor.done.front().rfind("reply 451 4.3.0", 0) == 0);
}

TEST_CASE("milter/session: while draining a new message gets 421 and one in flight finishes", "[milter]") {
  Daemon daemon;
  const auto under_way = daemon.session();
  const auto late = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*under_way, editor) == Step::Continue);
  daemon.gate.close();
  FakeEditor refused;
  CHECK(start(*late, refused) == Step::TempFail);
  REQUIRE(refused.done.size() == 1);
  CHECK(refused.done.front().rfind("reply 421 4.3.2", 0) == 0);
  CHECK(finish(*under_way, editor) == Step::Continue);
  CHECK(has(stamp_of(editor), "dmarc=pass"));
  CHECK(daemon.gate.wait_until_empty(std::chrono::milliseconds(0)));
}

TEST_CASE("milter/session: limits.messages are in flight, the next gets 451 until one ends", "[milter]") {
  Daemon daemon("authserv_id: mx.example.net\nlimits: {messages: 2}\n");
  const auto first = daemon.session();
  const auto second = daemon.session();
  const auto third = daemon.session();
  FakeEditor editor;
  const auto is_refused = [](Session& session) {
    FakeEditor refused;
    CHECK(start(session, refused) == Step::TempFail);
    REQUIRE(refused.done.size() == 1);
    CHECK(refused.done.front().rfind("reply 451 4.3.2", 0) == 0);
  };
  REQUIRE(start(*first, editor) == Step::Continue);
  REQUIRE(start(*second, editor) == Step::Continue);
  is_refused(*third);
  CHECK(daemon.gate.in_flight() == 2);
  CHECK(daemon.metrics.times_exceeded(assay::observe::Excess::Messages) == 1);

  SECTION("an MTA that goes on all the same gets its message deferred, not accepted") {
    FakeEditor forged;
    third->header("Authentication-Results", " mx.example.net; dmarc=pass");
    CHECK(finish(*third, forged) == Step::TempFail);
    CHECK(stamp_of(forged).empty());
  }
  SECTION("an end makes room") {
    CHECK(finish(*first, editor) == Step::Continue);
    FakeEditor let_in;
    REQUIRE(start(*third, let_in) == Step::Continue);
    CHECK(finish(*third, let_in) == Step::Continue);
    CHECK(has(stamp_of(let_in), "dmarc=pass"));
  }
  SECTION("an abort makes room, and so does a connection that ends") {
    first->abort();
    REQUIRE(start(*third, editor) == Step::Continue);
    is_refused(*first);
    third->abort();
    REQUIRE(start(*first, editor) == Step::Continue);
  }
  SECTION("a second MAIL takes the place of the first one's message") {
    REQUIRE(start(*first, editor) == Step::Continue);
    CHECK(daemon.gate.in_flight() == 2);
    is_refused(*third);
  }
  SECTION("a reload changes the bound") {
    daemon.configure("authserv_id: mx.example.net\nlimits: {messages: 3}\n");
    REQUIRE(daemon.source->load().empty());
    REQUIRE(start(*third, editor) == Step::Continue);
    is_refused(*daemon.session());
    daemon.configure("authserv_id: mx.example.net\nlimits: {messages: 1}\n");
    REQUIRE(daemon.source->load().empty());
    CHECK(finish(*first, editor) == Step::Continue);
    CHECK(finish(*second, editor) == Step::Continue);
    is_refused(*first);
    CHECK(finish(*third, editor) == Step::Continue);
    REQUIRE(start(*first, editor) == Step::Continue);
  }
}

TEST_CASE("milter/session: forged results go, foreign ones stay, in any letter case of the name", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  session->header("Authentication-Results", " mx.example.net; dmarc=pass");
  session->header("authentication-results", " mx.other.example; dmarc=pass");
  session->header("AUTHENTICATION-RESULTS", " \"MX.example.NET\"; dmarc=pass");
  session->header("ARC-Authentication-Results", " i=1; mx.example.net; dmarc=pass");
  CHECK(finish(*session, editor) == Step::Continue);
  REQUIRE(editor.done.size() == 3);
  CHECK(editor.done[0] == "remove Authentication-Results 3");
  CHECK(editor.done[1] == "remove Authentication-Results 1");
}

TEST_CASE("milter/session: local mail is not verified, but forged results still go", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session("127.0.0.1");
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  session->header("Authentication-Results", " mx.example.net; dmarc=pass");
  CHECK(finish(*session, editor) == Step::Continue);
  REQUIRE(editor.done.size() == 2);
  CHECK(editor.done[0] == "remove Authentication-Results 1");
  CHECK(stamp_of(editor) == "mx.example.net; none");
}

TEST_CASE("milter/session: authenticated mail says who", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session("203.0.113.9");
  FakeEditor editor;
  REQUIRE(start(*session, editor, "alice") == Step::Continue);
  CHECK(finish(*session, editor) == Step::Continue);
  CHECK(has(stamp_of(editor), "auth=pass"));
  CHECK(has(stamp_of(editor), "smtp.auth=alice"));
  CHECK_FALSE(has(stamp_of(editor), "dmarc"));
}

TEST_CASE("milter/session: results of a trusted internal client are kept", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session("198.51.100.7");
  FakeEditor editor;
  REQUIRE(start(*session, editor, "relay") == Step::Continue);
  session->header("Authentication-Results", " mx.example.net; dmarc=pass");
  CHECK(finish(*session, editor) == Step::Continue);
  CHECK(editor.done.size() == 1);
}

TEST_CASE("milter/session: fields that rules add are kept in local mail alone, not from a trusted_authserv client",
          "[milter]") {
  // Monitor mode: a message that is refused would not be changed.
  Daemon daemon(std::string(kConfiguration) +
                "mode: monitor\npolicy: {rules: [{name: p, when: {dkim_domain: partner.example}, then: {add_header: "
                "{name: X-Partner, "
                "value: 'yes'}}}]}\n");
  const auto done_for = [&daemon](const std::string& client) {
    const auto session = daemon.session(client);
    FakeEditor editor;
    REQUIRE(start(*session, editor) == Step::Continue);
    session->header("X-Partner", " yes");
    session->header("Authentication-Results", " mx.example.net; dmarc=pass");
    finish(*session, editor);
    return editor.done;
  };
  const auto removes = [](const std::vector<std::string>& done, const char* what) {
    return std::find(done.begin(), done.end(), std::string("remove ") + what) != done.end();
  };
  const auto trusted = done_for("198.51.100.7");
  CHECK(removes(trusted, "X-Partner 1"));
  CHECK_FALSE(removes(trusted, "Authentication-Results 1"));
  const auto local = done_for("127.0.0.1");
  CHECK_FALSE(removes(local, "X-Partner 1"));
  CHECK(removes(local, "Authentication-Results 1"));
  const auto stranger = done_for("192.0.2.1");
  CHECK(removes(stranger, "X-Partner 1"));
  CHECK(removes(stranger, "Authentication-Results 1"));
}

TEST_CASE("milter/session: a body that nobody needs is skipped if the MTA can", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);
  session->header("From", " a@example.com");
  session->end_of_headers();
  CHECK(session->body("text\r\n") == Step::Skip);

  daemon.all.can_skip = false;
  session->negotiated(daemon.all);
  CHECK(session->body("text\r\n") == Step::Continue);
}

TEST_CASE("milter/session: 100 forged fields are removed, one more refuses the message", "[milter]") {
  Daemon daemon(std::string(kConfiguration) + "limits: {exceeded: accept}\n");
  for (const bool one_more : {false, true}) {
    const auto session = daemon.session();
    FakeEditor editor;
    REQUIRE(start(*session, editor) == Step::Continue);
    session->header("From", " alice@example.com");
    for (int i = 0; i < 100 + (one_more ? 1 : 0); ++i) {
      session->header("Authentication-Results", " mx.example.net; dmarc=pass");
    }
    session->end_of_headers();
    const Step step = session->end_of_message("", kNow, editor);
    if (one_more) {
      CHECK(step == Step::Reject);
      REQUIRE(editor.done.size() == 1);
      CHECK(editor.done.front().rfind("reply 552 5.3.4", 0) == 0);
    } else {
      CHECK(step == Step::Continue);
      CHECK(editor.done.size() == 101);
    }
  }
}

TEST_CASE(
    "milter/session: 10,000 recipients are taken, one more is deferred and the message goes on (RFC 5321 section "
    "4.5.3.1.10)",
    "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor editor;
  REQUIRE(start(*session, editor) == Step::Continue);  // The first of them.
  for (int i = 1; i < 10'000; ++i) {
    REQUIRE(session->recipient("<bob@example.net>", std::nullopt, editor) == Step::Continue);
  }
  CHECK(editor.done.empty());
  CHECK(session->recipient("<bob@example.net>", std::nullopt, editor) == Step::TempFail);
  REQUIRE(editor.done.size() == 1);
  CHECK(editor.done.front().rfind("reply 452 4.5.3", 0) == 0);
  CHECK(finish(*session, editor) == Step::Continue);
}

TEST_CASE("milter/session: a message over limits.header_bytes is refused as configured, never skipped", "[milter]") {
  // " x..." and the name make the field; From and Subject of finish() come on top.
  Daemon daemon(std::string(kConfiguration) + "limits: {header_bytes: 4096B}\n");
  for (const std::size_t octets : {3000U, 5000U}) {
    const auto session = daemon.session();
    FakeEditor editor;
    REQUIRE(start(*session, editor) == Step::Continue);
    session->header("X-Long", " " + std::string(octets, 'x'));
    const Step step = finish(*session, editor);
    CHECK(step == (octets == 3000 ? Step::Continue : Step::Reject));
    if (step == Step::Reject) {
      CHECK(editor.done.front().rfind("reply 552 5.3.4", 0) == 0);
    }
  }
}

TEST_CASE("milter/session: a message keeps the settings it started with through a reload", "[milter]") {
  Daemon daemon;
  const auto session = daemon.session();
  FakeEditor before;
  REQUIRE(start(*session, before) == Step::Continue);
  daemon.configure("authserv_id: new.example.net\n");
  REQUIRE(daemon.source->load().empty());
  CHECK(finish(*session, before) == Step::Continue);
  CHECK(has(stamp_of(before), "mx.example.net;"));

  FakeEditor after;
  REQUIRE(start(*session, after) == Step::Continue);
  CHECK(finish(*session, after) == Step::Continue);
  CHECK(has(stamp_of(after), "new.example.net;"));
}

TEST_CASE("milter/session: an empty file means the defaults at a start, and half of an edit on a reload", "[milter]") {
  Daemon daemon;
  daemon.configure("");
  CHECK(daemon.source->load().size() == 1);
  CHECK(daemon.source->current()->settings.authserv_id == "mx.example.net");
  CHECK(Daemon("").source->current()->settings.authserv_id == "host.example.net");
}

TEST_CASE("milter/session: a broken configuration changes nothing", "[milter]") {
  Daemon daemon;
  daemon.configure("authserv_id: new.example.net\nunknown_key: 1\n");
  CHECK_FALSE(daemon.source->load().empty());
  CHECK(daemon.source->current()->settings.authserv_id == "mx.example.net");
}

TEST_CASE("milter/session: an address in a comment of the reverse-path is nobody's, to SPF and to rules alike",
          "[milter][attack]") {
  struct Row {
    const char* path;
    std::optional<std::string> told;
    const char* stamped;  // Unless it is refused.
    bool is_refused;
  };
  // example.com is the sender's own name: it passes SPF.
  Daemon daemon(std::string(kConfiguration) +
                "policy: {rules: [{name: r, when: {mail_from_domain: example.com, spf: pass}, then: reject}]}\n");
  for (const Row& row : {
           Row{"<alice@example.com>", std::nullopt, "", true},
           Row{"<alice@example.com>(x@partner.example>)", "alice@example.com", "", true},
           Row{"<alice@example.com (>)>", "alice@example.com", "", true},
           // Without the MTA's word nobody is named.
           Row{"<alice@example.com>(x@partner.example>)", std::nullopt, "invalid_domain", false},
           Row{"<alice@partner.example>(x@example.com>)", std::nullopt, "invalid_domain", false},
           Row{"<alice@partner.example>(x@example.com>)", "alice@partner.example", "mailfrom=partner.example", false},
           Row{"<>(x@example.com>)", std::nullopt, "invalid_domain", false},
           Row{"<>(x@example.com>)", "", "spf=none (no_record) smtp.helo=mx.example.com", false},
       }) {
    CAPTURE(row.path, row.told);
    const auto session = daemon.session();
    FakeEditor editor;
    REQUIRE(session->mail_from(row.path, {}, MailMacros{"Q1", "", "", row.told, ""}, editor) == Step::Continue);
    CHECK(session->recipient("<bob@example.net>", std::nullopt, editor) == Step::Continue);
    session->header("From", " author@unpublished.example");
    session->end_of_headers();
    CHECK(session->end_of_message("", kNow, editor) == (row.is_refused ? Step::Reject : Step::Continue));
    CHECK(has(stamp_of(editor), row.stamped));
  }
}

TEST_CASE("milter/session: an author whom Sendmail would cut is refused where the MTA is Sendmail",
          "[milter][attack]") {
  Daemon daemon;
  const std::string author = " (" + std::string(236, 'a') + ") alice@bank.test.example.com";
  for (const auto& [version, is_refused] : {std::pair{"8.17.1.9", true}, {"Postfix 3.7.11", false}, {"", false}}) {
    CAPTURE(version);
    const auto session = daemon.session();
    FakeEditor editor;
    MailMacros macros;
    macros.mta_version = version;
    REQUIRE(session->mail_from("<alice@example.com>", {}, std::move(macros), editor) == Step::Continue);
    session->header("From", author);
    session->end_of_headers();
    CHECK(session->end_of_message("Q1", kNow, editor) == (is_refused ? Step::Reject : Step::Continue));
  }
}

TEST_CASE("milter/session: SMTPUTF8 is recognised as an argument and glued to the path", "[milter]") {
  Daemon daemon;
  for (const bool glued : {false, true}) {
    const auto session = daemon.session();
    FakeEditor editor;
    const std::string path = glued ? "<alice@example.com> SIZE=100 SMTPUTF8" : "<alice@example.com>";
    const std::vector<std::string_view> arguments =
        glued ? std::vector<std::string_view>{} : std::vector<std::string_view>{"SIZE=100", "SMTPUTF8"};
    REQUIRE(session->mail_from(path, arguments, MailMacros{}, editor) == Step::Continue);
    CHECK(finish(*session, editor) == Step::Continue);
    CHECK(has(stamp_of(editor), "spf=pass"));
  }
}
