#include "milter/planner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

using assay::Domain;
using assay::IpAddress;
using assay::Limits;
using assay::dns::AnswerPtr;
using assay::dns::Question;
using assay::dns::Type;
using assay::milter::Planner;
using assay::resolver::Backend;
using assay::resolver::Lookups;

namespace {

constexpr const char* kZone = R"(
example.com        TXT "v=spf1 include:a.example -all"
a.example          TXT "v=spf1 include:b.example -all"
b.example          TXT "v=spf1 a:host.example -all"
host.example       A   192.0.2.1
1.2.0.192.in-addr.arpa PTR mail.example.com
mail.example.com   A   192.0.2.1
_dmarc.example.com TXT "v=DMARC1; p=reject"
s._domainkey.example.com TXT "v=DKIM1; p="
)";

/// A cache before a server that answers when it is told to, on the thread that tells it.
class Server final : public Backend {
 public:
  void ask(const Question& question, OnAnswer on_answer) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(question.name);
    waiting_.emplace_back(question, std::move(on_answer));
    changed_.notify_all();
  }
  AnswerPtr cached(const Question& question) override {
    const std::lock_guard lock(mutex_);
    ++looked_up_[question.name];
    return is_warm_ ? zone_.lookup(question) : nullptr;
  }

  void warm_up() { is_warm_ = true; }
  [[nodiscard]] unsigned looked_up(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return looked_up_[name];
  }
  [[nodiscard]] std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names = asked_;
    std::sort(names.begin(), names.end());
    return names;
  }
  /// Waits until questions are under way, then answers them.
  bool answer_all() {
    std::vector<std::pair<Question, OnAnswer>> waiting;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !waiting_.empty(); })) {
        return false;
      }
      waiting.swap(waiting_);
    }
    for (auto& [question, on_answer] : waiting) {
      on_answer(zone_.lookup(question));
    }
    return true;
  }
  bool wait_until_asked(const std::string& name) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return std::find(asked_.begin(), asked_.end(), name) != asked_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  assay::test::FakeResolver zone_{kZone};
  std::vector<std::string> asked_;
  std::map<std::string, unsigned> looked_up_;
  std::vector<std::pair<Question, OnAnswer>> waiting_;
  bool is_warm_ = false;
};

assay::plan::Known at_mail_from() {
  assay::plan::Known known;
  known.client = IpAddress::parse("192.0.2.1").value();
  known.mail_from = "alice@example.com";
  return known;
}

assay::plan::Known at_end_of_headers() {
  assay::plan::Known known = at_mail_from();
  known.authors = {Domain::parse("example.com").value()};
  known.signing_domains = known.authors;
  known.keys = {{"s._domainkey.example.com", Type::TXT}};
  return known;
}

struct Message {
  explicit Message(const std::shared_ptr<Server>& server)
      : lookups(std::make_shared<Lookups>(server)), plan(std::make_shared<Planner::Plan>(Limits{}, lookups)) {}
  std::shared_ptr<Lookups> lookups;
  std::shared_ptr<Planner::Plan> plan;
};

}  // namespace

TEST_CASE("milter/planner: with a warm cache one look is enough for all levels, without a thread",
          "[milter][planner]") {
  const auto server = std::make_shared<Server>();
  server->warm_up();
  Planner nobody(0);
  const Message message(server);
  nobody.update(message.plan, at_mail_from());
  for (const char* name : {"example.com", "a.example", "b.example"}) {
    CAPTURE(name);
    CHECK(message.lookups->known({name, Type::TXT}) != nullptr);
  }
  CHECK(message.lookups->known({"host.example", Type::A}) != nullptr);
  CHECK(message.lookups->known({"mail.example.com", Type::A}) != nullptr);
  CHECK(message.lookups->known({"_dmarc.example.com", Type::TXT}) == nullptr);

  nobody.update(message.plan, at_end_of_headers());
  CHECK(message.lookups->known({"_dmarc.example.com", Type::TXT}) != nullptr);
  CHECK(message.lookups->known({"s._domainkey.example.com", Type::TXT}) != nullptr);
  CHECK(server->asked().empty());
  CHECK(server->looked_up("b.example") == 1);
}

TEST_CASE("milter/planner: what the cache lacks is asked at once, by whoever shows the names", "[milter][planner]") {
  const auto server = std::make_shared<Server>();
  Planner nobody(0);
  const Message message(server);
  nobody.update(message.plan, at_mail_from());
  CHECK(server->asked() == std::vector<std::string>{"1.2.0.192.in-addr.arpa", "example.com"});
  // Unanswered, the client's names stay in the plan.
  nobody.update(message.plan, at_end_of_headers());
  CHECK(server->asked() == std::vector<std::string>{"1.2.0.192.in-addr.arpa", "_dmarc.com", "_dmarc.example.com",
                                                    "example.com", "s._domainkey.example.com"});
}

TEST_CASE("milter/planner: answers lead to the next level on a thread of the pool", "[milter][planner]") {
  const auto server = std::make_shared<Server>();
  Planner planner(1);
  const Message message(server);
  planner.update(message.plan, at_mail_from());
  REQUIRE(server->answer_all());
  REQUIRE(server->wait_until_asked("a.example"));
  REQUIRE(server->wait_until_asked("mail.example.com"));
  // Names shown meanwhile do not end the plan for the client.
  planner.update(message.plan, at_end_of_headers());
  REQUIRE(server->answer_all());
  REQUIRE(server->wait_until_asked("b.example"));
  REQUIRE(server->answer_all());
  REQUIRE(server->wait_until_asked("host.example"));
}

TEST_CASE("milter/planner: a message that ended is not planned any more", "[milter][planner]") {
  const auto server = std::make_shared<Server>();
  Planner nobody(0);
  const Message message(server);
  message.plan->ended = true;
  nobody.update(message.plan, at_mail_from());
  CHECK(server->asked().empty());
}

TEST_CASE("milter/planner: addresses and keys do not bring a message back to the planner", "[milter][planner]") {
  const auto server = std::make_shared<Server>();
  Planner nobody(0);
  const Message message(server);
  server->warm_up();
  nobody.update(message.plan, at_mail_from());
  CHECK(message.plan->steps == 1);
  const auto cold = std::make_shared<Server>();
  const Message other(cold);
  assay::plan::Known known = at_end_of_headers();
  known.client.reset();
  known.authors.clear();
  nobody.update(other.plan, known);
  CHECK(cold->asked() == std::vector<std::string>{"s._domainkey.example.com"});
  REQUIRE(cold->answer_all());
  CHECK_FALSE(other.plan->queued);
}

TEST_CASE("milter/planner: a message is planned kMaxSteps times, and not once more", "[milter][planner][bounds]") {
  for (const unsigned steps : {Planner::kMaxSteps - 1, Planner::kMaxSteps}) {
    const auto server = std::make_shared<Server>();
    Planner pool(1);
    const Message message(server);
    pool.update(message.plan, at_mail_from());
    message.plan->steps = steps;
    REQUIRE(server->answer_all());
    if (steps < Planner::kMaxSteps) {
      CHECK(server->wait_until_asked("a.example"));
    } else {
      while (message.plan->steps == steps) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      CHECK(server->asked().size() == 2);
    }
  }
}

TEST_CASE("milter/planner: what the client's DNS used up does not keep the author's policy from being asked ahead",
          "[milter][planner][bounds]") {
  const auto server = std::make_shared<Server>();
  Planner nobody(0);
  const Message message(server);
  nobody.update(message.plan, at_mail_from());
  std::vector<Question> questions;
  for (std::size_t i = 0; i < Lookups::kMaxAhead; ++i) {
    questions.push_back({"n" + std::to_string(i) + ".test", Type::A});
  }
  message.lookups->prefetch(questions, nullptr);
  REQUIRE(server->asked().size() == Lookups::kMaxAhead);
  message.plan->steps = Planner::kMaxSteps;
  nobody.update(message.plan, at_end_of_headers());
  CHECK(server->wait_until_asked("_dmarc.example.com"));
  CHECK(server->wait_until_asked("s._domainkey.example.com"));
}
