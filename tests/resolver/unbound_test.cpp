#include "resolver/unbound.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "resolver/lookups.h"
#include "resolver/unbound_config.h"
#include "tests/resolver/asking.h"
#include "tests/support/catch.h"
#include "tests/support/faulty_dns.h"
#include "tests/support/temporary_folder.h"

// libunbound itself against a server on loopback. Times are kept short; where a bound is checked it has room.
namespace assay::resolver {
namespace {

using dns::Status;
using dns::Type;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ask_one;
using test::Asking;
using test::FaultyDns;

Settings settings_for(const FaultyDns& server, milliseconds timeout = seconds(5)) {
  Settings settings;
  settings.forward = {{parse_forwarder("127.0.0.1@" + std::to_string(server.port())).value()}};
  settings.timeout = timeout;
  return settings;
}

std::shared_ptr<Backend> backend_for(const FaultyDns& server, milliseconds timeout = seconds(5)) {
  auto backend = make_backend(settings_for(server, timeout));
  REQUIRE(backend.has_value());
  return *backend;
}

milliseconds time_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

/// Names of 300 domains.
std::string name_of_many(int i) {
  return "n" + std::to_string(i) + ".d" + std::to_string(i % 300) + ".test";
}

/// As assayd does. A socket for each question wants many files.
void raise_file_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

std::size_t open_files() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

long resident_kib() {
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

const IpAddress kV4 = IpAddress::parse("192.0.2.1").value();
const IpAddress kV6 = IpAddress::parse("2001:db8::1").value();

TEST_CASE("resolver/unbound: every type is read from a real answer", "[resolver][unbound]") {
  const FaultyDns server(R"(
found.test             300 TXT "v=spf1 " "-all"
found.test             300 TXT "other"
mail.test              300 MX  20 b.mail.test
mail.test              300 MX  10 A.mail.test
mail.test              300 MX  20 a.mail.test
a.mail.test            300 A   192.0.2.1
a.mail.test            300 AAAA 2001:db8::1
1.2.0.192.in-addr.arpa 300 PTR a.mail.test
null.test              300 MX  0 .
)");
  const auto backend = backend_for(server);

  const dns::Answer found = ask_one(*backend, "found.test");
  CHECK(found.status == Status::Found);
  CHECK(found.texts == std::vector<std::string>{"v=spf1 -all", "other"});
  CHECK(found.ttl == seconds(300));

  const dns::Answer mail = ask_one(*backend, "mail.test", Type::MX);
  REQUIRE(mail.exchanges.size() == 3);
  CHECK(mail.exchanges[0].preference == 10);
  CHECK(mail.exchanges[0].host == "a.mail.test");
  CHECK(mail.exchanges[1].host == "b.mail.test");
  CHECK(mail.exchanges[2].host == "a.mail.test");

  CHECK(ask_one(*backend, "a.mail.test", Type::A).addresses == std::vector<IpAddress>{kV4});
  CHECK(ask_one(*backend, "a.mail.test", Type::AAAA).addresses == std::vector<IpAddress>{kV6});
  // A documentation network, which libunbound would not ask anybody about by itself.
  CHECK(ask_one(*backend, "1.2.0.192.in-addr.arpa", Type::PTR).names == std::vector<std::string>{"a.mail.test"});
  const dns::Answer null_mx = ask_one(*backend, "null.test", Type::MX);
  REQUIRE(null_mx.exchanges.size() == 1);
  CHECK(null_mx.exchanges[0].host.empty());
}

TEST_CASE("resolver/unbound: no data and no name stay apart, each with the TTL of RFC 2308 section 5",
          "[resolver][unbound]") {
  const FaultyDns server(R"(
test              300 SOA 60
a.found.test      300 TXT "x"
gone.test         300 CNAME nothing.test
bare.test         200 CNAME found.test
)");
  const auto backend = backend_for(server);
  struct Row {
    const char* name;
    Type type;
    Status status;
    int ttl;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"a.found.test", Type::MX, Status::NoData, 60},
           {"found.test", Type::TXT, Status::NoData, 60},
           {"nothing.test", Type::TXT, Status::NxDomain, 60},
           {"gone.test", Type::TXT, Status::NxDomain, 60},
           {"bare.test", Type::A, Status::NoData, 60},
           {"nothing.example", Type::A, Status::NxDomain, 0},  // no SOA
       }) {
    CAPTURE(row.name);
    const dns::Answer answer = ask_one(*backend, row.name, row.type);
    CHECK(answer.status == row.status);
    CHECK(answer.ttl == seconds(row.ttl));
    CHECK(answer.detail.empty());
  }
}

TEST_CASE("resolver/unbound: servers that fail or lie give TempFail with a reason", "[resolver][unbound]") {
  const FaultyDns server(R"(
servfail.test ! SERVFAIL
refused.test  ! REFUSED
formerr.test  ! FORMERR
notimp.test   ! NOTIMP
garbage.test  ! GARBAGE
other.test    ! OTHERNAME
loop.test     300 CNAME pool.test
pool.test     300 CNAME loop.test
self.test     300 CNAME self.test
)");
  const auto backend = backend_for(server);
  for (const char* const name : {"servfail.test", "refused.test", "formerr.test", "notimp.test", "garbage.test",
                                 "other.test", "loop.test", "self.test"}) {
    CAPTURE(name);
    const dns::Answer answer = ask_one(*backend, name);
    CHECK(answer.status == Status::TempFail);
    CAPTURE(answer.detail);
    CHECK((answer.detail == "no DNS server gave a usable answer (SERVFAIL)" ||
           answer.detail.find("CNAME chain") != std::string::npos));
  }
  const Health health = backend->health();
  CHECK(health.temp_fail == 8);
  CHECK(health.failures_in_a_row == 8);
  REQUIRE(health.failing_for.has_value());
  REQUIRE(health.since_failure.has_value());
  CHECK(*health.since_failure <= *health.failing_for);
  CHECK_FALSE(health.since_success.has_value());
}

TEST_CASE("resolver/unbound: CNAME and DNAME are followed", "[resolver][unbound]") {
  const FaultyDns server(R"(
a.test       300 CNAME b.test
b.test       200 CNAME c.test
c.test       100 TXT "end"
old.test     300 DNAME new.test
k.new.test   300 TXT "key"
)");
  const auto backend = backend_for(server);
  const dns::Answer chain = ask_one(*backend, "a.test");
  CHECK(chain.texts == std::vector<std::string>{"end"});
  CHECK(chain.ttl == seconds(100));
  CHECK(ask_one(*backend, "k.old.test").texts == std::vector<std::string>{"key"});
}

TEST_CASE("resolver/unbound: a truncated answer is fetched over TCP, whole", "[resolver][unbound]") {
  std::string script = "cut.test ! TRUNCATE\ncut.test 300 TXT \"small\"\n";
  // Two hundred records of 200 octets: more than any UDP packet that is asked for.
  for (int i = 0; i < 200; ++i) {
    script += "many.test 300 TXT \"" + std::to_string(i) + std::string(200, 'x') + "\"\n";
  }
  // One record of many strings.
  script += "strings.test 300 TXT ";
  for (int i = 0; i < 100; ++i) {
    script += "\"" + std::string(200, 'y') + "\" ";
  }
  const FaultyDns server(script + "\n");
  const auto backend = backend_for(server);
  CHECK(ask_one(*backend, "cut.test").texts == std::vector<std::string>{"small"});
  CHECK(ask_one(*backend, "many.test").texts.size() == 200);
  const dns::Answer strings = ask_one(*backend, "strings.test");
  REQUIRE(strings.texts.size() == 1);
  CHECK(strings.texts[0] == std::string(20'000, 'y'));
  const auto queries = server.queries();
  CHECK(std::count_if(queries.begin(), queries.end(), [](const auto& query) { return query.tcp; }) == 3);
}

TEST_CASE("resolver/unbound: an answer with a wrong id is not taken", "[resolver][unbound]") {
  const FaultyDns server(R"(
forged.test ! WRONGID
forged.test 300 TXT "right"
liar.test   ! WRONGID SILENCE
liar.test   300 TXT "wrong"
)");
  const auto backend = backend_for(server, milliseconds(600));
  Asking asking(*backend);
  asking.ask({"forged.test", Type::TXT});
  asking.ask({"liar.test", Type::TXT});
  REQUIRE(asking.wait());
  CHECK(asking.answers()[0]->texts == std::vector<std::string>{"right"});
  CHECK(asking.answers()[1]->status == Status::TempFail);
  CHECK(asking.answers()[1]->detail == "timed out after 600 ms");
}

TEST_CASE("resolver/unbound: a name may hold any octet but the dot, and arrives as sent", "[resolver][unbound]") {
  const FaultyDns server("");
  const auto backend = backend_for(server);
  std::string label;
  Asking asking(*backend);
  std::set<std::string> sent;
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    if (c != '.' && !(c >= 'A' && c <= 'Z')) {
      label += c;
    }
    if (label.size() == 20 || octet == 255) {
      sent.insert(label + ".odd.test");
      label.clear();
    }
  }
  sent.insert("a\\b.\"quoted\".sp ace.$@;().test");
  sent.insert(std::string(63, 'l') + "." + std::string(63, '\xFF') + "." + std::string(63, '\0') + "." +
              std::string(61, ' '));
  for (const std::string& name : sent) {
    REQUIRE(dns::is_askable(name));
    asking.ask({name, Type::A});
  }
  REQUIRE(asking.wait());
  for (const auto& answer : asking.answers()) {
    CHECK(answer->status == Status::NxDomain);
  }
  std::set<std::string> received;
  for (const auto& query : server.queries()) {
    received.insert(query.name);
  }
  CHECK(received == sent);
}

TEST_CASE("resolver/unbound: names that no message can carry are NxDomain, unasked", "[resolver][unbound]") {
  const FaultyDns server("");
  const auto backend = backend_for(server);
  for (const std::string& name : {std::string(), std::string("a..test"), std::string(".test"), std::string("test."),
                                  std::string(64, 'a') + ".test"}) {
    CAPTURE(name);
    CHECK(ask_one(*backend, name).status == Status::NxDomain);
  }
  CHECK(server.queries().empty());
}

TEST_CASE("resolver/unbound: equal questions under way are asked once", "[resolver][unbound]") {
  const FaultyDns server("slow.test ! DELAY 100\nslow.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server);
  std::vector<std::unique_ptr<Asking>> askings;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    askings.push_back(std::make_unique<Asking>(*backend));
    threads.emplace_back([&asking = *askings.back()] {
      for (int k = 0; k < 50; ++k) {
        asking.ask({"slow.test", Type::TXT});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& asking : askings) {
    REQUIRE(asking->wait());
    CHECK(asking->times() == std::vector<int>(50, 1));
  }
  CHECK(server.count("slow.test") == 1);
  const Health health = backend->health();
  CHECK(health.questions == 200);
  CHECK(health.sent == 1);
  CHECK(health.joined + health.cache_hits == 199);
  CHECK(health.found == 1);
  CHECK(std::accumulate(health.times.answers.begin(), health.times.answers.end(), std::uint64_t{0}) == 1);
  CHECK(health.in_flight == 0);
}

TEST_CASE("resolver/unbound: answers come from the cache until their TTL ends", "[resolver][unbound]") {
  FaultyDns server("test 300 SOA 1\nshort.test 1 TXT \"old\"\nlong.test 300 TXT \"old\"\n");
  const auto backend = backend_for(server);
  CHECK(backend->cached({"long.test", Type::TXT}) == nullptr);
  for (int i = 0; i < 3; ++i) {
    CHECK(ask_one(*backend, "long.test").texts == std::vector<std::string>{"old"});
    CHECK(ask_one(*backend, "short.test").texts == std::vector<std::string>{"old"});
    CHECK(ask_one(*backend, "nothing.test").status == Status::NxDomain);
    CHECK(ask_one(*backend, "long.test", Type::A).status == Status::NoData);
  }
  CHECK(server.queries().size() == 4);
  CHECK(backend->health().cache_hits == 8);
  CHECK(backend->health().cache_entries == 4);
  REQUIRE(backend->cached({"long.test", Type::TXT}) != nullptr);
  CHECK(backend->health().cache_hits == 9);
  CHECK(backend->health().questions == 13);
  CHECK(server.queries().size() == 4);
  server.set_script(
      "test 300 SOA 1\nshort.test 1 TXT \"new\"\nlong.test 300 TXT \"new\"\nnothing.test 9 TXT \"new\"\n");
  std::this_thread::sleep_for(milliseconds(1100));
  // What is past its TTL is asked again, also when nobody can be asked: never a stale answer.
  CHECK(backend->cached({"short.test", Type::TXT}) == nullptr);
  CHECK(ask_one(*backend, "short.test").texts == std::vector<std::string>{"new"});
  CHECK(ask_one(*backend, "nothing.test").status == Status::Found);
  CHECK(ask_one(*backend, "long.test").texts == std::vector<std::string>{"old"});
}

TEST_CASE("resolver/unbound: nothing past its TTL is served while the server is silent", "[resolver][unbound]") {
  FaultyDns server("short.test 1 TXT \"old\"\n");
  const auto backend = backend_for(server, milliseconds(300));
  CHECK(ask_one(*backend, "short.test").status == Status::Found);
  server.set_mute(true);
  std::this_thread::sleep_for(milliseconds(1100));
  CHECK(ask_one(*backend, "short.test").status == Status::TempFail);
}

TEST_CASE("resolver/unbound: an answer with TTL 0 is not kept (RFC 1035 section 3.2.1)", "[resolver][unbound]") {
  const FaultyDns server("now.test 0 TXT \"x\"\n");
  const auto backend = backend_for(server);
  for (int i = 0; i < 3; ++i) {
    CHECK(ask_one(*backend, "now.test").ttl == seconds(0));
  }
  CHECK(server.count("now.test") == 3);
}

TEST_CASE("resolver/unbound: a failure is kept for a second and no longer (RFC 9520 section 3.2)",
          "[resolver][unbound]") {
  FaultyDns server("bad.test ! SERVFAIL\n");
  const auto backend = backend_for(server);
  for (int i = 0; i < 20; ++i) {
    CHECK(ask_one(*backend, "bad.test").status == Status::TempFail);
  }
  const std::size_t packets = server.count("bad.test");
  CHECK(packets <= 3);
  server.set_script("bad.test 300 TXT \"mended\"\n");
  std::this_thread::sleep_for(milliseconds(1050));
  CHECK(ask_one(*backend, "bad.test").texts == std::vector<std::string>{"mended"});
}

TEST_CASE("resolver/unbound: a silent name times out, and harms no other", "[resolver][unbound]") {
  const FaultyDns server("lost.test ! SILENCE\nlost.test 300 TXT \"x\"\n*.good.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(1));
  Asking lost(*backend);
  lost.ask({"lost.test", Type::TXT});
  int asked = 0;
  const milliseconds time = time_of([&] {
    while (!lost.wait(milliseconds(1))) {
      CHECK(ask_one(*backend, std::to_string(++asked) + ".good.test").status == Status::Found);
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  CHECK(time >= milliseconds(990));
  CHECK(time < milliseconds(1500));
  CHECK(asked > 10);
  CHECK(lost.answers()[0]->status == Status::TempFail);
  CHECK(lost.answers()[0]->detail == "timed out after 1 s");
  CHECK(backend->health().timeouts == 1);
  // Several silent ones in a row neither.
  for (int i = 0; i < 3; ++i) {
    CHECK(ask_one(*backend, "lost.test").status == Status::TempFail);
    CHECK(ask_one(*backend, "after" + std::to_string(i) + ".good.test").status == Status::Found);
  }
}

TEST_CASE("resolver/unbound: a forwarder that needs most of the time-out for one name is waited for",
          "[resolver][unbound]") {
  const FaultyDns server(R"(
fast.test 300 TXT "x"
deep.test ! RECURSE 1600
deep.test 300 TXT "x"
late.test ! DELAY 250
late.test 300 TXT "x"
)");
  const auto backend = backend_for(server, milliseconds(2000));
  CHECK(ask_one(*backend, "fast.test").status == Status::Found);
  CHECK(ask_one(*backend, "deep.test").status == Status::Found);
  CHECK(ask_one(*backend, "late.test").status == Status::Found);
}

TEST_CASE("resolver/unbound: an answer that comes too late is kept for the next who asks", "[resolver][unbound]") {
  const FaultyDns server("late.test ! RECURSE 250\nlate.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, milliseconds(200));
  CHECK(ask_one(*backend, "late.test").status == Status::TempFail);
  CHECK(backend->health().in_flight == 1);
  // It is still under way; a second question joins it.
  CHECK(ask_one(*backend, "late.test").status == Status::Found);
  CHECK(backend->health().sent == 1);
  CHECK(ask_one(*backend, "late.test").status == Status::Found);
  CHECK(backend->health().cache_hits == 1);
}

TEST_CASE("resolver/unbound: whoever joins a question that others gave up has a time-out of his own",
          "[resolver][unbound]") {
  FaultyDns server("");
  server.set_mute(true);
  const auto backend = backend_for(server, milliseconds(150));
  for (int i = 0; i < 3; ++i) {
    const milliseconds time = time_of([&] { CHECK(ask_one(*backend, "lost.test").status == Status::TempFail); });
    CHECK(time >= milliseconds(149));
    CHECK(time < milliseconds(600));
  }
  CHECK(backend->health().sent <= 2);  // It is given up, and asked anew, after 700 ms.
  CHECK(backend->health().timeouts == 3);
}

TEST_CASE("resolver/unbound: answers resume within 5 s after the server returns", "[resolver][unbound][slow]") {
  const bool stopped = GENERATE(true, false);
  CAPTURE(stopped);
  FaultyDns server("*.many.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, milliseconds(500));
  CHECK(ask_one(*backend, "first.many.test").status == Status::Found);
  if (stopped) {
    server.stop();
  } else {
    server.set_mute(true);
  }
  const auto outage = time_of([&] {
    for (int i = 0; i < 5; ++i) {
      CHECK(ask_one(*backend, "gone" + std::to_string(i) + ".many.test").status == Status::TempFail);
    }
  });
  CHECK(outage >= milliseconds(500));
  CHECK(backend->health().failing_for >= milliseconds(500));
  server.start();
  server.set_mute(false);
  int asked = 0;
  const milliseconds back = time_of([&] {
    // Both a new name and one that has failed.
    while (ask_one(*backend, "back" + std::to_string(++asked) + ".many.test").status != Status::Found ||
           ask_one(*backend, "gone4.many.test").status != Status::Found) {
      REQUIRE(asked < 1000);
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  CHECK(back < seconds(5));
  CHECK_FALSE(backend->health().failing_for.has_value());
  CHECK(backend->health().failures_in_a_row == 0);
}

/// Asks name after name, and waits for each, for so long.
void ask_for(Backend& backend, milliseconds time, const std::string& domain) {
  static int asked = 0;
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    ask_one(backend, std::to_string(++asked) + "." + domain);
    std::this_thread::sleep_for(milliseconds(20));
  }
}

/// Ten seconds if it is never found.
milliseconds time_until_found(Backend& backend, const std::string& name) {
  constexpr milliseconds kLong{10000};
  const auto begin = std::chrono::steady_clock::now();
  milliseconds passed{0};
  while (passed < kLong && ask_one(backend, name).status != Status::Found) {
    passed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  }
  return passed;
}

TEST_CASE("resolver/unbound: what nobody answers for a time-out is asked afresh, and not more often",
          "[resolver][unbound][slow]") {
  FaultyDns server("*.many.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(1));
  CHECK(ask_one(*backend, "first.many.test").status == Status::Found);
  const std::size_t files_before = open_files();
  const std::size_t threads_before = threads();
  server.set_mute(true);
  server.forget_queries();
  const milliseconds outage = time_of([&] {
    Asking lost(*backend);
    for (int i = 0; i < 20; ++i) {
      lost.ask({"lost" + std::to_string(i) + ".many.test", Type::TXT});
    }
    ask_for(*backend, milliseconds(4500), "many.test");
    CHECK(lost.wait());
    CHECK(lost.times() == std::vector<int>(20, 1));
  });
  const Health during = backend->health();
  CHECK(during.fresh_starts >= 2);
  CHECK(static_cast<long>(during.fresh_starts) <= outage / seconds(1) - 1);
  // Those that nobody waits for any more are not under way: libunbound alone would be at it for 2.3 time-outs.
  CHECK(during.in_flight <= 2);
  // A question goes out six times in its time-out; a fresh start in the midst of it may make that seven.
  CHECK(server.queries().size() <= 7 * during.sent);
  server.set_mute(false);
  CHECK(time_until_found(*backend, "lost0.many.test") < seconds(2));
  CHECK(time_until_found(*backend, "new.many.test") < seconds(2));
  const std::uint64_t starts = backend->health().fresh_starts;
  ask_for(*backend, milliseconds(1500), "many.test");
  CHECK(backend->health().fresh_starts == starts);
  for (int i = 0; i < 500 && (open_files() > files_before || threads() > threads_before); ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(open_files() == files_before);
  CHECK(threads() == threads_before);
}

TEST_CASE("resolver/unbound: names that are not answered start nothing afresh while others are",
          "[resolver][unbound][slow]") {
  const FaultyDns server("*.dead.test ! SILENCE\n*.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(1));
  Asking lost(*backend);
  for (int i = 0; i < 8; ++i) {
    lost.ask({std::to_string(i) + ".dead.test", Type::TXT});
    ask_for(*backend, milliseconds(400), "good.test");
  }
  CHECK(lost.wait());
  CHECK(backend->health().timeouts >= 5);
  CHECK(backend->health().fresh_starts == 0);
}

TEST_CASE("resolver/unbound: a server that needs most of the time-out is found again", "[resolver][unbound][slow]") {
  FaultyDns server("*.many.test ! RECURSE 800\n*.many.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(1));
  server.set_mute(true);
  ask_for(*backend, milliseconds(2500), "many.test");
  CHECK(backend->health().fresh_starts >= 1);
  server.set_mute(false);
  CHECK(time_until_found(*backend, "found.many.test") < seconds(3));
}

TEST_CASE("resolver/unbound: a dead forwarder among several delays but does not fail", "[resolver][unbound]") {
  FaultyDns dead("");
  const FaultyDns server("*.many.test 300 TXT \"x\"\n");
  Settings settings = settings_for(server);
  settings.forward->insert(settings.forward->begin(), settings_for(dead).forward->front());
  dead.set_mute(true);
  const auto backend = make_backend(settings).value();
  Asking asking(*backend);
  for (int i = 0; i < 20; ++i) {
    asking.ask({std::to_string(i) + ".many.test", Type::TXT});
  }
  REQUIRE(asking.wait());
  for (const auto& answer : asking.answers()) {
    CHECK(answer->status == Status::Found);
  }
}

TEST_CASE("resolver/unbound: 2,000 questions under way are all answered, each once", "[resolver][unbound]") {
  const FaultyDns server("*.test ! DELAY 100\n*.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(20));
  Asking asking(*backend);
  for (int i = 0; i < 2000; ++i) {
    asking.ask({name_of_many(i), Type::TXT});
  }
  CHECK(backend->health().in_flight > 1500);
  REQUIRE(asking.wait());
  for (const auto& answer : asking.answers()) {
    if (answer->status != Status::Found) {
      FAIL_CHECK("not found: " << answer->detail);
    }
  }
  CHECK(asking.times() == std::vector<int>(2000, 1));
  CHECK(backend->health().sent == 2000);
  CHECK(backend->health().cache_entries == 2000);
}

TEST_CASE("resolver/unbound: kMaxInFlight questions are taken, one more is refused at once", "[resolver][unbound]") {
  raise_file_limit();
  FaultyDns server("");
  server.set_mute(true);
  const auto backend = backend_for(server, seconds(30));
  // Each of a domain of its own: those about one would wait for their turn.
  const auto name = [](std::size_t i) { return "n.d" + std::to_string(i) + ".test"; };
  Asking asking(*backend);
  for (std::size_t i = 0; i < kMaxInFlight; ++i) {
    asking.ask({name(i), Type::TXT});
  }
  CHECK(backend->health().refused == 0);
  const dns::Answer refused = ask_one(*backend, "more.test");
  CHECK(refused.status == Status::TempFail);
  CHECK(refused.detail == "too many DNS questions under way");
  CHECK(backend->health().refused == 1);
  // One that is under way already is joined all the same.
  asking.ask({name(7), Type::TXT});
  CHECK(backend->health().refused == 1);
  CHECK(backend->health().joined == 1);
}

TEST_CASE(
    "resolver/unbound: a domain with silent servers takes an eighth of what is free, waits for more, harms no other",
    "[resolver][unbound]") {
  raise_file_limit();
  FaultyDns server("*.lost.test ! SILENCE\n*.good.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(2));  // Enough to ask them all first.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t share = udp_sockets(files.rlim_cur) / 9;  // An eighth of what it leaves free.
  const std::size_t places = share + kMaxHeldOfDomain;
  Asking lost(*backend);
  for (std::size_t i = 0; i < places; ++i) {
    lost.ask({std::to_string(i) + ".lost.test", Type::TXT});
  }
  Health health = backend->health();
  CHECK(health.in_flight == share);
  CHECK(health.held == kMaxHeldOfDomain);
  CHECK(health.refused == 0);
  const dns::Answer refused = ask_one(*backend, "more.lost.test");
  CHECK(refused.status == Status::TempFail);
  CHECK(refused.detail == "too many DNS questions under way about one domain");
  CHECK(backend->health().refused == 1);
  // One that waits is joined.
  lost.ask({std::to_string(places - 1) + ".lost.test", Type::TXT});
  CHECK(backend->health().joined == 1);
  CHECK(ask_one(*backend, "a.good.test").status == Status::Found);
  REQUIRE(lost.wait());
  CHECK(lost.times() == std::vector<int>(places + 1, 1));
  for (const auto& answer : lost.answers()) {
    CHECK(answer->detail == "timed out after 2 s");
  }
  // What waited in vain is never asked, and what is asked is given up at last.
  CHECK(backend->health().held == 0);
  CHECK(server.count(std::to_string(places - 1) + ".lost.test") == 0);
  server.set_script("*.lost.test 300 TXT \"x\"\n");
  const auto is_idle = [&backend] { return backend->health().in_flight == 0; };
  for (int i = 0; i < 500 && !is_idle(); ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(is_idle());
  CHECK(ask_one(*backend, "back.lost.test").status == Status::Found);
}

TEST_CASE("resolver/unbound: what waits for its domain has its turn when others are answered", "[resolver][unbound]") {
  raise_file_limit();
  const FaultyDns server("*.busy.test ! DELAY 50\n*.busy.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(20));
  Asking asking(*backend);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t share = udp_sockets(files.rlim_cur) / 9;  // An eighth of what it leaves free.
  for (std::size_t i = 0; i < 2 * share; ++i) {
    asking.ask({std::to_string(i) + ".busy.test", Type::TXT});
  }
  CHECK(backend->health().held == share);
  REQUIRE(asking.wait());
  for (const auto& answer : asking.answers()) {
    CHECK(answer->status == Status::Found);
  }
  CHECK(asking.times() == std::vector<int>(2 * share, 1));
  CHECK(backend->health().sent == 2 * share);
  CHECK(backend->health().held == 0);
  CHECK(backend->health().in_flight == 0);
}

TEST_CASE(
    "resolver/unbound: thousands of questions to silent servers: files and memory are bounded, others get through",
    "[resolver][unbound][slow]") {
  raise_file_limit();
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t sockets = udp_sockets(files.rlim_cur);
  if (sockets < kMaxInFlight) {
    WARN("the system lets a process open but " << files.rlim_cur << " files: not tried");
    return;
  }
  FaultyDns server("*.test ! SILENCE\n*.good.test ! DELAY 0\n*.good.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server, seconds(3));
  CHECK(ask_one(*backend, "0.good.test").status == Status::Found);
  const std::size_t files_before = open_files();
  const long memory_before = resident_kib();
  Asking lost(*backend);
  // Room is left for a few: all that are not lost need no time.
  const std::size_t many = kMaxInFlight - 10;
  for (std::size_t i = 0; i < many; ++i) {
    lost.ask({name_of_many(static_cast<int>(i)), Type::TXT});
  }
  CHECK(backend->health().refused == 0);
  std::size_t most_files = 0;
  long most_memory = 0;
  for (int asked = 1; !lost.wait(milliseconds(50)); ++asked) {
    CHECK(ask_one(*backend, std::to_string(asked) + ".good.test").status == Status::Found);
    most_files = std::max(most_files, open_files());
    most_memory = std::max(most_memory, resident_kib());
  }
  CHECK(lost.times() == std::vector<int>(many, 1));
  CHECK(most_files <= files_before + sockets + 64);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // They take more for all that is there.
  constexpr long kMostMemory = 80L * 1024;
  CHECK(most_memory - memory_before < kMostMemory);
#endif
  WARN(many << " questions unanswered: " << most_files - files_before << " files and "
            << (most_memory - memory_before) / 1024 << " MiB more");
  server.set_script("*.test 300 TXT \"x\"\n");
  const milliseconds back = time_of([&] { CHECK(ask_one(*backend, "new.d1.test").status == Status::Found); });
  CHECK(back < seconds(5));
  for (int i = 0; i < 500 && backend->health().in_flight > 0; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(backend->health().in_flight == 0);
  // libunbound closes a socket when it has read its answer.
  for (int i = 0; i < 500 && open_files() > files_before; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(open_files() == files_before);
}

TEST_CASE("resolver/unbound: the end answers all that is under way, once each, and soon", "[resolver][unbound]") {
  FaultyDns server("");
  server.set_mute(true);
  auto backend = backend_for(server);
  Asking asking(*backend);
  for (int i = 0; i < 300; ++i) {
    asking.ask({std::to_string(i % 200) + ".many.test", Type::TXT});
  }
  std::this_thread::sleep_for(milliseconds(50));
  const milliseconds time = time_of([&backend] { backend.reset(); });
  CHECK(time < seconds(2));
  REQUIRE(asking.wait(milliseconds(0)));
  CHECK(asking.times() == std::vector<int>(300, 1));
  for (const auto& answer : asking.answers()) {
    CHECK(answer->status == Status::TempFail);
    CHECK(answer->detail == "the resolver is shutting down");
  }
}

TEST_CASE("resolver/unbound: a caller may drop the last reference from its answer", "[resolver][unbound]") {
  const FaultyDns server("a.test 300 TXT \"x\"\nb.test ! DELAY 400\n");
  auto backend = std::make_shared<std::shared_ptr<Backend>>(backend_for(server));
  Asking other(**backend);
  other.ask({"b.test", Type::TXT});
  std::promise<void> dropped;
  Backend& raw = **backend;
  raw.ask({"a.test", Type::TXT}, [holder = std::move(backend), &dropped](dns::AnswerPtr) mutable {
    holder->reset();
    dropped.set_value();
  });
  CHECK(dropped.get_future().wait_for(seconds(10)) == std::future_status::ready);
  REQUIRE(other.wait());
  CHECK(other.answers()[0]->detail == "the resolver is shutting down");
}

TEST_CASE("resolver/unbound: an answer may ask the next question", "[resolver][unbound]") {
  const FaultyDns server("*.many.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server);
  std::promise<int> done;
  std::function<void(int)> next = [&](int number) {
    backend->ask({std::to_string(number) + ".many.test", Type::TXT}, [&, number](const dns::AnswerPtr& answer) {
      if (answer->status != Status::Found || number == 50) {
        done.set_value(number);
      } else {
        next(number + 1);
      }
    });
  };
  next(1);
  auto future = done.get_future();
  REQUIRE(future.wait_for(seconds(10)) == std::future_status::ready);
  CHECK(future.get() == 50);
}

TEST_CASE("resolver/unbound: a callback that throws harms nobody else", "[resolver][unbound]") {
  const FaultyDns server("a.test ! DELAY 50\na.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server);
  backend->ask({"a.test", Type::TXT}, [](const dns::AnswerPtr&) { throw std::runtime_error("broken promise"); });
  CHECK(ask_one(*backend, "a.test").status == Status::Found);
  CHECK(ask_one(*backend, "b.test").status == Status::NxDomain);
}

TEST_CASE("resolver/unbound: its thread turns while nothing is asked", "[resolver][unbound]") {
  const FaultyDns server("");
  const auto backend = backend_for(server);
  std::this_thread::sleep_for(milliseconds(1300));
  CHECK(backend->health().since_turn < milliseconds(1200));
}

// A root zone of one name, signed by ldns-signzone with a key of ldns-keygen (Ed25519), good from 2020 to 2037.
constexpr const char* kRootAnchor =
    ". IN DS 27280 15 2 c84c799144940f0bd4a2b3d83efe337d3384091b7fba52cae7ba6aabb05f77cf\n";
constexpr const char* kSignedRoot = R"(
. 300 SOA 60
. 300 TYPE48 0101030f251d3c6a48c05bb60e0422eeff0ad301d68c39e93ff5abff4b46dcacbaef7e35
. 300 TYPE46 00300f000000012c7e06e4005e0be1006a9000afbf210f5cdc59861cb02a44c9696fb417aaceef7419fdcf6a669177347860dd59c73518095aab28c06c04b8578cc85412b320691757d447b6fa2e70b291c00e
signed.test 300 TYPE46 00100f020000012c7e06e4005e0be1006a900020be7f0e1f74535136aa0e3dd30dcc7f2c9748245d8656dbeb6ab79ab7ce94285df6da22cbd02865084c46e32921bb34e31d74f388465d58f70a70bcfb65f000
)";

std::shared_ptr<Backend> validating_backend_for(const FaultyDns& server, milliseconds timeout = seconds(5)) {
  Settings settings = settings_for(server, timeout);
  settings.dnssec = true;
  settings.trust_anchor = "assay_test_root.key." + std::to_string(getpid());
  { std::ofstream(settings.trust_anchor) << kRootAnchor; }
  auto backend = make_backend(settings);
  unlink(settings.trust_anchor.c_str());
  REQUIRE(backend.has_value());
  return *backend;
}

TEST_CASE("resolver/unbound: with DNSSEC a good signature is found, a changed record is bogus, and so is no signature",
          "[resolver][unbound][dnssec]") {
  struct Row {
    const char* name;
    std::string script;
    Status status;
  };
  const std::string root(kSignedRoot);
  for (const Row& row : std::initializer_list<Row>{
           {"as signed", root + "signed.test 300 TXT \"v=spf1 -all\"\n", Status::Found},
           {"changed", root + "signed.test 300 TXT \"v=spf1 +all\"\n", Status::Bogus},
           {"a record more", root + "signed.test 300 TXT \"v=spf1 -all\"\nsigned.test 300 TXT \"x\"\n", Status::Bogus},
           {"no signatures at all", ". 300 SOA 60\nsigned.test 300 TXT \"v=spf1 -all\"\n", Status::Bogus},
           {"no proof that it is gone", root, Status::Bogus},
       }) {
    CAPTURE(row.name);
    const FaultyDns server(row.script);
    const auto backend = validating_backend_for(server);
    const dns::Answer answer = ask_one(*backend, "signed.test");
    CAPTURE(answer.detail);
    CHECK(answer.status == row.status);
    CHECK(answer.detail.empty() == (row.status == Status::Found));
    CHECK(answer.texts.size() == (row.status == Status::Found ? 1U : 0U));
    CHECK(backend->health().bogus == (row.status == Status::Found ? 0U : 1U));
  }
}

TEST_CASE("resolver/unbound: where the trust anchor is gone nothing starts afresh, and DNSSEC stays on",
          "[resolver][unbound][dnssec][slow]") {
  FaultyDns server(". 300 SOA 60\nsigned.test 300 TXT \"v=spf1 -all\"\n");
  const auto backend = validating_backend_for(server, seconds(1));
  server.set_mute(true);
  ask_for(*backend, milliseconds(2500), "test");
  server.set_mute(false);
  CHECK(backend->health().fresh_starts == 0);
  dns::Answer answer;
  for (int i = 0; i < 10 && answer.status != Status::Bogus; ++i) {
    answer = ask_one(*backend, "signed.test");
    CHECK(answer.status != Status::Found);
  }
  CHECK(answer.status == Status::Bogus);
}

TEST_CASE("resolver/unbound: settings that cannot work are told in words", "[resolver][unbound]") {
  Settings settings;
  settings.forward.emplace();
  SECTION("no trust anchor") {
    settings.dnssec = true;
    settings.trust_anchor = "/nonexistent/root.key";
    const auto backend = make_backend(settings);
    REQUIRE_FALSE(backend.has_value());
    CHECK(
        backend.error() ==
        "DNSSEC needs the root trust anchor, but cannot read /nonexistent/root.key: No such file or directory: install "
        "the package dns-root-data, or switch dnssec off");
  }
  SECTION("no keys in it") {
    settings.dnssec = true;
    settings.trust_anchor = "/dev/null";
    const auto backend = make_backend(settings);
    REQUIRE_FALSE(backend.has_value());
    CHECK(backend.error() == "DNSSEC needs the root trust anchor, but /dev/null holds no DS or DNSKEY record");
  }
  SECTION("no resolv.conf") {
    settings.forward.reset();
    settings.resolv_conf = "/nonexistent/resolv.conf";
    const auto backend = make_backend(settings);
    REQUIRE_FALSE(backend.has_value());
    CHECK(backend.error() ==
          "cannot read /nonexistent/resolv.conf: No such file or directory (it names the DNS servers when dns.forward "
          "does not)");
  }
  SECTION("full recursion needs nothing") {
    CHECK(make_backend(settings).has_value());
  }
}

TEST_CASE("resolver/unbound: servers are taken from resolv.conf when none are named", "[resolver][unbound]") {
  // resolv.conf cannot name a port, so that only the way there is checked: the address is asked, nobody answers.
  const std::string path = "assay_test_resolv.conf." + std::to_string(getpid());
  { std::ofstream(path) << "nameserver 127.0.0.1\n"; }
  Settings settings;
  settings.resolv_conf = path;
  settings.timeout = milliseconds(100);
  const auto backend = make_backend(settings);
  unlink(path.c_str());
  REQUIRE(backend.has_value());
  CHECK(ask_one(**backend, "nothing.example").status != Status::Found);
}

TEST_CASE("resolver/unbound: it is out of date once resolv.conf names other servers", "[resolver][unbound]") {
  const test::TemporaryFolder folder;
  Settings settings;
  settings.resolv_conf = folder.write("resolv.conf", "nameserver 127.0.0.1\n");
  const auto backend = make_backend(settings);
  REQUIRE(backend);
  CHECK((*backend)->is_up_to_date());
  static_cast<void>(folder.write("resolv.conf", "search example.net\nnameserver 127.0.0.1\n"));
  CHECK((*backend)->is_up_to_date());
  static_cast<void>(folder.write("resolv.conf", "nameserver 127.0.0.2\n"));
  CHECK_FALSE((*backend)->is_up_to_date());

  settings.forward.emplace();
  settings.forward->push_back({IpAddress::parse("127.0.0.1").value()});
  const auto named = make_backend(settings);
  REQUIRE(named);
  CHECK((*named)->is_up_to_date());
}

TEST_CASE("resolver/unbound: a whole message's lookups against a slow server add up to one", "[resolver][unbound]") {
  const FaultyDns server("*.many.test ! DELAY 100\n*.many.test 300 TXT \"x\"\n");
  const auto backend = backend_for(server);
  Lookups lookups(backend);
  lookups.set_deadline(std::chrono::steady_clock::now() + seconds(10));
  std::vector<dns::Question> questions;
  for (int i = 0; i < 20; ++i) {
    questions.push_back({std::to_string(i) + ".many.test", Type::TXT});
  }
  const milliseconds time = time_of([&] {
    lookups.prefetch(questions, nullptr);
    for (const dns::Question& question : questions) {
      CHECK(lookups.lookup(question)->status == Status::Found);
    }
  });
  CHECK(time < milliseconds(1000));
  CHECK(lookups.used().size() == 20);
}

TEST_CASE("resolver/unbound: a message's deadline ends its waiting", "[resolver][unbound]") {
  FaultyDns server("");
  server.set_mute(true);
  const auto backend = backend_for(server);
  Lookups lookups(backend);
  lookups.set_deadline(std::chrono::steady_clock::now() + milliseconds(100));
  const milliseconds time = time_of([&] {
    for (int i = 0; i < 10; ++i) {
      const auto answer = lookups.lookup({std::to_string(i) + ".test", Type::TXT});
      CHECK(answer->status == Status::TempFail);
      CHECK(answer->detail == "the deadline of the message passed");
    }
  });
  CHECK(time >= milliseconds(95));
  CHECK(time < milliseconds(1000));
}

}  // namespace
}  // namespace assay::resolver
