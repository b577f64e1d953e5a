#include "milter/runtime.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace fs = std::filesystem;

namespace assay::milter {
namespace {

/// A folder for a configuration, which may be absent, and the source that reads it; DNS is a zone file.
class Place {
 public:
  explicit Place(WhenAbsent absent)
      : source_(folder_.path("assay.yaml"), Overrides{{}, {folder_.write("zone", "example.com. 1 IN A 192.0.2.1\n")}},
                "host.example.net", absent) {}

  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(folder_.path(name)).parent_path());
    static_cast<void>(folder_.write(name, text));
  }
  void remove(const std::string& name) { fs::remove(folder_.path(name)); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }
  /// The problems of a load, as one text.
  std::string load() {
    std::string all;
    for (const std::string& problem : source_.load()) {
      all += problem + "\n";
    }
    return all;
  }
  /// The name in force: what the tests change.
  [[nodiscard]] std::string name() const { return source_.current()->settings.authserv_id; }

 private:
  test::TemporaryFolder folder_;
  RuntimeSource source_;
};

}  // namespace

TEST_CASE("milter/runtime: an absent file is looked for again at every load", "[milter][runtime]") {
  Place place(WhenAbsent::UseDefaults);
  REQUIRE(place.load().empty());
  CHECK(place.name() == "host.example.net");
  SECTION("it counts once it is there, and must be right") {
    place.write("assay.yaml", "authserv_id: file.example\n");
    REQUIRE(place.load().empty());
    CHECK(place.name() == "file.example");
    place.write("assay.yaml", "authserv_id: other.example\nmode: monitr\n");
    CHECK(place.load().find("assay.yaml:2:7: mode") != std::string::npos);
    CHECK(place.name() == "file.example");
    place.remove("assay.yaml");
    CHECK(place.load() == place.path("assay.yaml") +
                              ": is gone: on a reload that looks like a file that is being replaced; restart for the "
                              "defaults\n");
    CHECK(place.name() == "file.example");
  }
  SECTION("a wrong one is refused at once") {
    place.write("assay.yaml", "mode: monitr\n");
    CHECK(place.load().find("assay.yaml:1:7: mode") != std::string::npos);
    CHECK(place.name() == "host.example.net");
  }
  SECTION("a link to nothing is an error") {
    fs::create_symlink("nowhere", place.path("assay.yaml"));
    CHECK(place.load() == place.path("assay.yaml") + ": cannot be read: No such file or directory\n");
  }
  SECTION("drop-ins count without it") {
    place.write("assay.d/1.yaml", "authserv_id: drop-in.example\n");
    REQUIRE(place.load().empty());
    CHECK(place.name() == "drop-in.example");
    place.write("assay.d/2.yaml", "mode: monitr\n");
    CHECK(place.load().find("2.yaml:1:7: mode") != std::string::npos);
  }
}

TEST_CASE("milter/runtime: drop-ins count at the start without a file; one that was named must be there",
          "[milter][runtime]") {
  const auto absent = GENERATE(WhenAbsent::UseDefaults, WhenAbsent::Fail);
  Place place(absent);
  place.write("assay.d/1.yaml", "authserv_id: drop-in.example\n");
  const std::string problems = place.load();
  if (absent == WhenAbsent::UseDefaults) {
    REQUIRE(problems.empty());
    CHECK(place.name() == "drop-in.example");
  } else {
    CHECK(problems == place.path("assay.yaml") + ": cannot be read: No such file or directory\n");
  }
}

TEST_CASE("milter/runtime: on a reload an empty file is refused, whichever it is", "[milter][runtime]") {
  const std::string kEmpty = "it is empty, which on a reload looks like a file that is being written";
  Place place(WhenAbsent::Fail);
  const std::string kRule = "policy: {rules: [{name: a, when: {from_domain: \"@names\"}, then: reject}]}\n";
  place.write("assay.yaml", "authserv_id: file.example\n");
  place.write("assay.d/1.yaml", kRule);
  place.write("assay.d/names", "a.example\n");
  REQUIRE(place.load().empty());
  const std::string file = GENERATE("assay.yaml", "assay.d/1.yaml", "assay.d/names");
  CAPTURE(file);
  place.write(file, "");
  const std::string problems = place.load();
  CHECK(problems.find(place.path(file)) != std::string::npos);
  CHECK(problems.find(kEmpty) != std::string::npos);
  CHECK(place.name() == "file.example");
}

TEST_CASE("milter/runtime: a reload waits for a file that is being written", "[milter][runtime]") {
  Place place(WhenAbsent::Fail);
  place.write("assay.yaml", "mode: enforce\n");
  place.write("assay.d/1.yaml", "authserv_id: first.example\n");
  REQUIRE(place.load().empty());
  place.write("assay.d/1.yaml", "");
  std::thread writer([&place] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string aside = place.path("aside");
    place.write("aside", "authserv_id: second.example\n");
    fs::rename(aside, place.path("assay.d/1.yaml"));
  });
  const std::string problems = place.load();
  writer.join();
  CHECK(problems.empty());
  CHECK(place.name() == "second.example");
}

TEST_CASE("milter/runtime: at a start an empty file means the defaults", "[milter][runtime]") {
  Place place(WhenAbsent::Fail);
  place.write("assay.yaml", "");
  place.write("assay.d/1.yaml", "");
  CHECK(place.load().empty());
}

}  // namespace assay::milter
