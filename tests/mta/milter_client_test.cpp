#include "mta/milter_client.h"

#include <map>
#include <string>
#include <vector>

#include "tests/mta/fake_milter.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace std::string_literals;

namespace assay::mta {
namespace {

Options quick() {
  Options options;
  options.timeouts = {2s, 2s, 2s};
  return options;
}

/// A filter that continues everywhere, but for the commands named in `answers`.
FakeMilter::Script script(const std::string& negotiated, std::map<char, std::string> answers = {}) {
  return [negotiated, answers](const Packet& packet) -> std::string {
    if (const auto found = answers.find(packet.command); found != answers.end()) {
      return found->second;
    }
    switch (packet.command) {
      case 'O': return negotiated;
      case 'D':
      case 'A':
      case 'Q':
      case 'K': return {};
      default: return reply(ReplyKind::Continue);
    }
  };
}

const Message kMessage{{{"From", " a@example.org"}, {"Subject", "\tfolded\n value"}}, "one\r\ntwo\r\n"};
const Envelope kEnvelope{"a@example.org", {"SIZE=20"}, {"b@example.net", "c@example.net"}, " own"};

struct Run {
  Result<Delivery> delivery;
  std::string commands;
  std::vector<Packet> packets;
};

Run deliver(const FakeMilter::Script& filter, const Options& options = quick(), const Message& message = kMessage) {
  FakeMilter milter(filter);
  Run run{failure(Failure{Failure::Kind::Lost, "not begun"}), {}, {}};
  {
    auto client = MilterClient::start(milter.take_channel(), options);
    if (!client) {
      run.delivery = failure(std::move(client.error()));
      return run;
    }
    client->define("i", "QUEUE1");
    client->define("j", "mx.example.net");
    client->define("{auth_authen}", "user");
    client->define("{x}", "y");
    auto answer = client->connect({"client.example.org", "192.0.2.1", 2525});
    if (answer) {
      answer = client->helo("client.example.org");
    }
    run.delivery = answer ? client->deliver(kEnvelope, message) : failure(answer.error());
    (void)client->quit();
  }
  milter.join();
  run.commands = milter.commands();
  run.packets = milter.received();
  return run;
}

std::string data_of(const Run& run, char command) {
  for (const Packet& packet : run.packets) {
    if (packet.command == command) {
      return packet.data;
    }
  }
  return "absent";
}

}  // namespace

TEST_CASE("mta/client: a message travels as every MTA sends it", "[mta]") {
  const Run run = deliver(script(negotiation(actions::kAll, steps::kHeaderLeadingSpace)));
  REQUIRE(run.delivery);
  CHECK(run.delivery->disposition == Delivery::Disposition::Accepted);
  CHECK(run.commands == "OCHMRRTLLNBEQ");
  CHECK(data_of(run, 'O') == number(6) + number(actions::kAll) + number(steps::kAll));
  CHECK(data_of(run, 'C') == "client.example.org\0004\x09\xdd"s + "192.0.2.1\0"s);
  CHECK(data_of(run, 'H') == "client.example.org\0"s);
  CHECK(data_of(run, 'M') == "<a@example.org>\0SIZE=20\0"s);
  CHECK(data_of(run, 'R') == "<b@example.net>\0"s);
  CHECK(data_of(run, 'L') == "From\0 a@example.org\0"s);
  CHECK(data_of(run, 'B') == "one\r\ntwo\r\n");
  CHECK(run.delivery->header.front().value == " own");
  CHECK(run.delivery->rcpt == std::vector<std::string>{"b@example.net", "c@example.net"});
}

TEST_CASE("mta/client: without leading space exactly one space is taken off a value", "[mta]") {
  const Run run = deliver(script(negotiation(actions::kAll, 0)), quick(), {{{"A", "  two"}, {"B", "\ttab"}}, ""});
  REQUIRE(run.delivery);
  std::vector<std::string> headers;
  for (const Packet& packet : run.packets) {
    if (packet.command == 'L') {
      headers.push_back(packet.data);
    }
  }
  CHECK(headers == std::vector<std::string>{"A\0 two\0"s, "B\0\ttab\0"s});
}

TEST_CASE("mta/client: steps that the filter declines are left out, and no reply is awaited where none comes",
          "[mta]") {
  struct Row {
    std::uint32_t steps;
    std::string commands;
  };
  const std::vector<Row> rows{
      {steps::kNoConnect | steps::kNoHelo, "OMRRTLLNBEQ"},
      {steps::kNoMail | steps::kNoRcpt | steps::kNoData, "OCHLLNBEQ"},
      {steps::kNoHeaders | steps::kNoEndOfHeader, "OCHMRRTBEQ"},
      {steps::kNoBody, "OCHMRRTLLNEQ"},
      {steps::kNoReplyConnect | steps::kNoReplyHelo | steps::kNoReplyMail | steps::kNoReplyRcpt | steps::kNoReplyData |
           steps::kNoReplyHeader | steps::kNoReplyEndOfHeader | steps::kNoReplyBody,
       "OCHMRRTLLNBEQ"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.commands);
    std::map<char, std::string> silent;
    const std::map<std::uint32_t, char> no_reply{{steps::kNoReplyConnect, 'C'},     {steps::kNoReplyHelo, 'H'},
                                                 {steps::kNoReplyMail, 'M'},        {steps::kNoReplyRcpt, 'R'},
                                                 {steps::kNoReplyData, 'T'},        {steps::kNoReplyHeader, 'L'},
                                                 {steps::kNoReplyEndOfHeader, 'N'}, {steps::kNoReplyBody, 'B'}};
    for (const auto& [step, command] : no_reply) {
      if ((row.steps & step) != 0) {
        silent[command] = "";
      }
    }
    const Run run = deliver(script(negotiation(actions::kAll, row.steps), silent));
    REQUIRE(run.delivery);
    CHECK(run.commands == row.commands);
  }
}

TEST_CASE("mta/client: macros are sent by stage, the filter's lists replacing the MTA's", "[mta]") {
  const auto macros_for = [](const Run& run, char command) {
    for (const Packet& packet : run.packets) {
      if (packet.command == 'D' && packet.data.front() == command) {
        return packet.data.substr(1);
      }
    }
    return "none"s;
  };
  SECTION("default lists") {
    const Run run = deliver(script(negotiation(actions::kAll, 0)));
    CHECK(macros_for(run, 'C') == "j\0mx.example.net\0"s);
    CHECK(macros_for(run, 'H') == "none");
    CHECK(macros_for(run, 'M') == "i\0QUEUE1\0{auth_authen}\0user\0"s);
    CHECK(macros_for(run, 'E') == "i\0QUEUE1\0"s);
  }
  SECTION("lists of the filter") {
    const std::string lists = number(0) + with_nul("{x} j") + number(2) + with_nul("") + number(5) + with_nul("{x}");
    const Run run = deliver(script(negotiation(actions::kAll, 0, lists)));
    CHECK(macros_for(run, 'C') == "{x}\0y\0j\0mx.example.net\0"s);
    CHECK(macros_for(run, 'M') == "none");
    CHECK(macros_for(run, 'E') == "{x}\0y\0"s);
    CHECK(macros_for(run, 'N') == "i\0QUEUE1\0"s);
  }
}

TEST_CASE("mta/client: the body comes in chunks of the chosen size until the filter skips the rest", "[mta]") {
  Options options = quick();
  options.chunk_octets = 3;
  SECTION("all of it") {
    const Run run = deliver(script(negotiation(actions::kAll, 0)), options);
    REQUIRE(run.delivery);
    CHECK(run.commands == "OCHMRRTLLNBBBBEQ");
    CHECK(run.delivery->body_octets_sent == 10);
  }
  SECTION("skipped") {
    const Run run = deliver(script(negotiation(actions::kAll, steps::kSkip), {{'B', reply(ReplyKind::Skip)}}), options);
    REQUIRE(run.delivery);
    CHECK(run.commands == "OCHMRRTLLNBEQ");
    CHECK(run.delivery->body_octets_sent == 3);
    CHECK(run.delivery->disposition == Delivery::Disposition::Accepted);
  }
}

TEST_CASE("mta/client: an answer that decides ends the message there, and the filter is told", "[mta]") {
  struct Row {
    char command;
    std::string answer;
    Delivery::Disposition disposition;
    std::string reply;
    std::string commands;
  };
  using Disposition = Delivery::Disposition;
  const std::string code = with_nul("550 5.7.1 100%% sure");
  const std::vector<Row> rows{
      {'M', reply(ReplyKind::Reject), Disposition::Rejected, "550 5.7.1 Command rejected", "OCHMAQ"},
      {'M', reply(ReplyKind::TempFail), Disposition::Deferred, "451 4.7.1 Service unavailable - try again later",
       "OCHMAQ"},
      {'M', reply(ReplyKind::ReplyCode, with_nul("421 4.3.2 stopping")), Disposition::Deferred, "421 4.3.2 stopping",
       "OCHMAQ"},
      {'R', reply(ReplyKind::ReplyCode, code), Disposition::Rejected, "550 5.7.1 100% sure", "OCHMRRAQ"},
      {'T', reply(ReplyKind::Accept), Disposition::Accepted, "", "OCHMRRTAQ"},
      {'L', reply(ReplyKind::ReplyCode, code), Disposition::Rejected, "550 5.7.1 100% sure", "OCHMRRTLAQ"},
      {'N', reply(ReplyKind::Discard), Disposition::Discarded, "", "OCHMRRTLLNAQ"},
      {'B', reply(ReplyKind::TempFail), Disposition::Deferred, "451 4.7.1 Service unavailable - try again later",
       "OCHMRRTLLNBAQ"},
      {'E', reply(ReplyKind::ReplyCode, code), Disposition::Rejected, "550 5.7.1 100% sure", "OCHMRRTLLNBEQ"},
      {'C', reply(ReplyKind::ReplyCode, code), Disposition::Rejected, "550 5.7.1 100% sure", "OCHQ"},
      {'H', reply(ReplyKind::Accept), Disposition::Accepted, "", "OCHQ"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.command << " " << row.commands << " " << row.reply) {
      const Run run = deliver(script(negotiation(actions::kAll, 0), {{row.command, row.answer}}));
      REQUIRE(run.delivery);
      CHECK(run.delivery->disposition == row.disposition);
      CHECK(run.delivery->reply == row.reply);
      CHECK(run.commands == row.commands);
    }
  }
}

TEST_CASE("mta/client: the edits at the end of a message are collected and applied", "[mta]") {
  const std::string end =
      reply(ReplyKind::Progress) + reply(ReplyKind::ChangeHeader, number(1) + with_nul("subject") + with_nul("")) +
      reply(ReplyKind::InsertHeader, number(0) + with_nul("X-Top") + with_nul(" top")) +
      reply(ReplyKind::AddHeader, with_nul("X-End") + with_nul(" end")) +
      reply(ReplyKind::DeleteRecipient, with_nul("<b@example.net>")) +
      reply(ReplyKind::AddRecipient, with_nul("<q@example.net>")) +
      reply(ReplyKind::AddRecipientWithParameters, with_nul("<r@example.net>") + with_nul("NOTIFY=NEVER")) +
      reply(ReplyKind::ChangeFrom, with_nul("<s@example.net>")) + reply(ReplyKind::ReplaceBody, "new ") +
      reply(ReplyKind::ReplaceBody, "body") + reply(ReplyKind::Quarantine, with_nul("held")) +
      reply(ReplyKind::Progress) + reply(ReplyKind::Continue);
  const Run run = deliver(script(negotiation(actions::kAll, steps::kHeaderLeadingSpace), {{'E', end}}));
  REQUIRE(run.delivery);
  const Delivery& delivery = *run.delivery;
  std::string header;
  for (const HeaderField& field : delivery.header) {
    header += field.name + ":" + field.value + "|";
  }
  CHECK(header == "X-Top: top|Received: own|From: a@example.org|X-End: end|");
  CHECK(delivery.rcpt == std::vector<std::string>{"c@example.net", "q@example.net", "r@example.net"});
  CHECK(delivery.mail_from == "s@example.net");
  CHECK(delivery.new_body == "new body");
  CHECK(delivery.hold == "held");
  CHECK(delivery.progress == 2);
  CHECK(delivery.edits.size() == 9);
}

TEST_CASE("mta/client: a filter that breaks the protocol is a failure that says how", "[mta]") {
  struct Row {
    std::string name;
    char command;
    std::string answer;
    std::string what;
  };
  const std::string good = negotiation(actions::kAll, 0);
  const std::vector<Row> rows{
      {"negotiation answered by something else", 'O', reply(ReplyKind::Continue), "the answer to the negotiation"},
      {"negotiation cut off", 'O', reply(ReplyKind::Negotiate, number(6) + "\0\0"s), "cut off"},
      {"macro list cut off", 'O', negotiation(0, 0, number(0) + "no end"), "cut off"},
      {"macro list of an unknown stage", 'O', negotiation(0, 0, number(7) + with_nul("i")), "unknown stage 7"},
      {"a later version", 'O', reply(ReplyKind::Negotiate, number(7) + number(0) + number(0)), "protocol version 7"},
      {"version 0", 'O', reply(ReplyKind::Negotiate, number(0) + number(0) + number(0)), "protocol version 0"},
      {"more actions than offered", 'O', negotiation(0x200, 0), "not offered"},
      {"more steps than offered", 'O', negotiation(0, 0x200000), "not offered"},
      {"unknown answer", 'H', reply(static_cast<ReplyKind>('?')), "'?'"},
      {"answer that is a control character", 'H', reply(static_cast<ReplyKind>('\1')), "0x01"},
      {"continue with data", 'M', reply(ReplyKind::Continue, "x"), "'c'"},
      {"reply of another class", 'M', reply(ReplyKind::ReplyCode, with_nul("250 fine")), "'y'"},
      {"reply without NUL", 'M', reply(ReplyKind::ReplyCode, "550 5.7.1 x"), "'y'"},
      {"reply with octets after the NUL", 'M', reply(ReplyKind::ReplyCode, "550 5.7.1 x\0y"s), "'y'"},
      {"edit before the end", 'N', reply(ReplyKind::AddHeader, with_nul("A") + with_nul("b")), "'h'"},
      {"header name missing", 'E', reply(ReplyKind::AddHeader, with_nul("") + with_nul("b")), "malformed"},
      {"header value cut off", 'E', reply(ReplyKind::InsertHeader, number(0) + with_nul("A") + "b"), "malformed"},
      {"header index cut off", 'E', reply(ReplyKind::ChangeHeader, "\0\0"s), "malformed"},
      {"octets after a header", 'E', reply(ReplyKind::AddHeader, with_nul("A") + with_nul("b") + "c"), "malformed"},
      {"unknown request at the end", 'E', reply(static_cast<ReplyKind>('Z')), "'Z'"},
      {"packet of 0 octets", 'E', number(0), "0 octets"},
      {"packet above the bound", 'E', number(kMaxReplyOctets + 1), "1048577 octets"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const Run run = deliver(script(good, {{row.command, row.answer}}));
      REQUIRE(!run.delivery);
      CHECK(run.delivery.error().kind == Failure::Kind::Protocol);
      CAPTURE(run.delivery.error().what);
      CHECK(run.delivery.error().what.find(row.what) != std::string::npos);
    }
  }
}

TEST_CASE("mta/client: an action that was not negotiated is a protocol failure", "[mta]") {
  const std::map<std::uint32_t, std::string> requests{
      {actions::kAddHeaders, reply(ReplyKind::InsertHeader, number(0) + with_nul("A") + with_nul("b"))},
      {actions::kChangeHeaders, reply(ReplyKind::ChangeHeader, number(1) + with_nul("A") + with_nul(""))},
      {actions::kQuarantine, reply(ReplyKind::Quarantine, with_nul("x"))},
      {actions::kAddRecipients, reply(ReplyKind::AddRecipient, with_nul("<a@example.net>"))},
      {actions::kDeleteRecipients, reply(ReplyKind::DeleteRecipient, with_nul("<a@example.net>"))},
  };
  for (const auto& [action, request] : requests) {
    CAPTURE(action);
    const auto answers = std::map<char, std::string>{{'E', request + reply(ReplyKind::Continue)}};
    CHECK(deliver(script(negotiation(action, 0), answers)).delivery.has_value());
    const Run refused = deliver(script(negotiation(actions::kAll & ~action, 0), answers));
    REQUIRE(!refused.delivery);
    CHECK(refused.delivery.error().kind == Failure::Kind::Protocol);
  }
}

TEST_CASE("mta/client: a filter that goes away or stays silent is told apart", "[mta]") {
  const std::string good = negotiation(actions::kAll, 0);
  for (const char command : "OCMLNBE"s) {
    CAPTURE(command);
    const Run gone = deliver(script(good, {{command, FakeMilter::kHangUp}}));
    REQUIRE(!gone.delivery);
    CHECK(gone.delivery.error().kind == Failure::Kind::Lost);
    Options hasty;
    hasty.timeouts = {50ms, 50ms, 50ms};
    const Run silent = deliver(script(good, {{command, ""}}), hasty);
    REQUIRE(!silent.delivery);
    CHECK(silent.delivery.error().kind == Failure::Kind::TimedOut);
  }
}

TEST_CASE("mta/client: the deadline ends a wait that progress reports would make endless", "[mta]") {
  Options options = quick();
  options.timeouts = {10min, 10min, 10min};
  options.deadline = std::chrono::steady_clock::now() + 300ms;
  std::string progress;
  for (int i = 0; i < 3; ++i) {
    progress += reply(ReplyKind::Progress);
  }
  const Run run = deliver(script(negotiation(0, 0), {{'E', progress}}), options);
  REQUIRE_FALSE(run.delivery);
  CHECK(run.delivery.error().kind == Failure::Kind::TimedOut);
  constexpr std::chrono::milliseconds kRounding{5};
  CHECK(std::chrono::steady_clock::now() + kRounding >= *options.deadline);
  // One that has passed: nothing is waited for.
  const Run late = deliver(script(negotiation(0, 0), {{'E', progress}}), options);
  REQUIRE_FALSE(late.delivery);
  CHECK(late.delivery.error().kind == Failure::Kind::TimedOut);
}

TEST_CASE("mta/client: an empty macro is sent only where that is asked for", "[mta]") {
  for (const bool sends : {false, true}) {
    FakeMilter milter(script(negotiation(0, 0)));
    {
      Options options = quick();
      options.sends_empty_macros = sends;
      auto client = MilterClient::start(milter.take_channel(), options);
      REQUIRE(client);
      client->define("{auth_authen}", "");
      client->define("i", "Q");
      client->define("{mail_addr}", "gone");
      client->undefine("{mail_addr}");
      REQUIRE(client->mail("a@example.org", {}));
    }
    milter.join();
    std::string macros;
    for (const Packet& packet : milter.received()) {
      macros += packet.command == 'D' ? packet.data : "";
    }
    const std::string empty = with_nul("{auth_authen}") + with_nul("");
    CHECK(macros == "M" + with_nul("i") + with_nul("Q") + (sends ? empty : ""));
  }
}

TEST_CASE("mta/client: an answer cut off at any octet is a failure and never a verdict", "[mta]") {
  const std::string good = negotiation(actions::kAll, 0);
  const std::string end = reply(ReplyKind::InsertHeader, number(0) + with_nul("A") + with_nul("b")) +
                          reply(ReplyKind::ReplyCode, with_nul("550 5.7.1 no"));
  for (std::size_t size = 1; size < end.size(); ++size) {
    CAPTURE(size);
    Options hasty;
    hasty.timeouts = {20ms, 20ms, 20ms};
    CHECK(!deliver(script(good, {{'E', end.substr(0, size)}}), hasty).delivery);
  }
}

TEST_CASE("mta/client: several messages and sessions on one connection", "[mta]") {
  FakeMilter milter(script(negotiation(actions::kAll, 0)));
  {
    auto client = MilterClient::start(milter.take_channel(), quick());
    REQUIRE(client);
    REQUIRE(client->connect({"a", "2001:db8::1", 25}));
    for (int i = 0; i < 3; ++i) {
      REQUIRE(client->deliver(kEnvelope, kMessage));
    }
    REQUIRE(client->mail("", {}));
    REQUIRE(client->abort());
    REQUIRE(client->quit(true));
    REQUIRE(client->connect({"unknown", "", 0}));
    REQUIRE(client->deliver(kEnvelope, kMessage));
    REQUIRE(client->quit());
  }
  milter.join();
  CHECK(milter.commands() == "OCMRRTLLNBEMRRTLLNBEMRRTLLNBEMAKCMRRTLLNBEQ");
  const auto packets = milter.received();
  std::vector<std::string> connections;
  for (const Packet& packet : packets) {
    if (packet.command == 'C') {
      connections.push_back(packet.data);
    }
  }
  CHECK(connections == std::vector<std::string>{"a\0006\0\0312001:db8::1\0"s, "unknown\0U"s});
}

}  // namespace assay::mta
