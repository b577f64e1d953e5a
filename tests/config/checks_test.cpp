#include "config/checks.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace assay::config {
namespace {

using Check = Complaint (*)(std::string_view);

void accepts(Check check, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK_FALSE(check(text));
  }
}

void refuses(Check check, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(check(text).has_value());
  }
}

}  // namespace

TEST_CASE("config/checks: authserv_id is a host name or a token (RFC 8601 section 2.2)", "[config][checks]") {
  accepts(check_authserv_id, {"mx.example.net", "MX.Example.NET", "mx.example.net.", "mx1", "mail+in", "bücher.example",
                              std::string(253, 'a')});
  refuses(check_authserv_id, {"", "mx example", "mx;example", "mx/1", "\"mx\"", "mx(1)", "mx\n", "\xff",
                              "mx@example.net", std::string(254, 'a')});
}

TEST_CASE("config/checks: listen takes libmilter's notation", "[config][checks]") {
  accepts(check_listen,
          {"inet:8893@127.0.0.1", "inet:8893@localhost", "inet:8893", "inet:65535@mx.example.net", "inet6:8893@::1",
           "inet6:8893@[::1]", "inet6:8893", "inet6:8893@localhost", "unix:/run/assay/assay.sock", "UNIX:/run/a",
           "local:/run/assay/assay.sock", "/run/assay/assay.sock", "fd:3", "unix:/" + std::string(106, 'a')});
  refuses(check_listen, {"",
                         "8893",
                         "inet:",
                         "inet:0@127.0.0.1",
                         "inet:65536@127.0.0.1",
                         "inet:smtp@127.0.0.1",
                         "inet:8893@",
                         "inet:8893@127.0.0",
                         "inet:8893@127.0.0.256",
                         "inet:8893@::1",
                         "inet6:8893@127.0.0.1",
                         "inet:8893@[::1",
                         "inet:8893@a b",
                         "inet:127.0.0.1:8893",
                         "unix:",
                         "unix:run/a",
                         "local:a",
                         "unix:/run/a\nb",
                         "fd:",
                         "fd:2",
                         "fd:x",
                         "fd:1024",
                         "tcp:8893@127.0.0.1",
                         "unix:/" + std::string(107, 'a')});
  CHECK(check_listen("inet:localhost:8893").value() == "is Postfix's notation: write inet:8893@localhost");
}

TEST_CASE("config/checks: control is a unix socket", "[config][checks]") {
  accepts(check_control, {"unix:/run/assay/control.sock"});
  refuses(check_control, {"", "/run/assay/control.sock", "inet:1@127.0.0.1", "unix:control.sock"});
}

TEST_CASE("config/checks: metrics listens at an address and port", "[config][checks]") {
  accepts(check_metrics, {"127.0.0.1:9893", "0.0.0.0:1", "[::1]:65535", "[::]:9893"});
  refuses(check_metrics, {"", "9893", ":9893", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "::1:9893",
                          "[127.0.0.1]:9893", "localhost:9893", "[::1:9893"});
}

TEST_CASE("config/checks: the quarantine field may not be one that mail uses", "[config][checks]") {
  accepts(check_field_name, {"X-Spam-Flag", "X-Quarantine", "x!#$", std::string(60, 'a')});
  refuses(check_field_name, {"",
                             "X Spam",
                             "X:Spam",
                             "X-Spam\n",
                             "X-\xC3\xBC",
                             "From",
                             "FROM",
                             "Authentication-Results",
                             "received",
                             "Received-SPF",
                             "DKIM-Signature",
                             "ARC-Seal",
                             "arc-anything",
                             "Subject",
                             "Resent-From",
                             "Content-Type",
                             "MIME-Version",
                             "List-Id",
                             "Bcc",
                             "Date",
                             "Message-ID",
                             "Return-Path",
                             std::string(61, 'a')});
}

TEST_CASE("config/checks: the quarantine value stays on one line", "[config][checks]") {
  accepts(check_field_value, {"YES", "a b", "100%", std::string(200, 'a')});
  refuses(check_field_value, {"", " a", "a ", "a\r\nX: b", "a\nb", "a\tb", "\xC3\xBC", std::string(201, 'a')});
}

TEST_CASE("config/checks: the address of redirect is one address", "[config][checks]") {
  accepts(check_address, {"quarantine@example.net", "a.b+c@x", std::string(64, 'a') + "@example.net"});
  refuses(check_address, {"", "@", "a@", "@example.net", "a", "a@b@c", "a b@example.net", "<a@example.net>",
                          "a@example.net, b@example.net", ".a@example.net", "a.@example.net", "a..b@example.net",
                          "\"a\"@example.net", "a@[192.0.2.1]", "a@example..net", "\xC3\xBC@example.net",
                          "a@bücher.example", "a\n@example.net", std::string(65, 'a') + "@example.net"});
}

TEST_CASE("config/checks: log target and group", "[config][checks]") {
  accepts(check_log_target, {"stderr", "syslog", "journald", "/var/log/assay.log", "/" + std::string(4094, 'a')});
  refuses(check_log_target, {"", "stdout", "assay.log", "/var/log/a\nb", "/" + std::string(4095, 'a')});
  accepts(check_group, {"postfix", "_assay", "a.b-c", std::string(32, 'a')});
  refuses(check_group, {"", "-a", "a b", "a:b", "\xC3\xBC", std::string(33, 'a')});
}

}  // namespace assay::config
