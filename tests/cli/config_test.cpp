#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::run_assay;
using assay::test::TemporaryFolder;

}  // namespace

TEST_CASE("assay config check: valid files, one line each", "[cli][config]") {
  const TemporaryFolder folder;
  const std::string empty = folder.write("empty.yaml", "");
  const std::string full = folder.write("full.yaml", "mode: monitor\n");
  const auto run = run_assay({"config", "check", empty, full});
  CHECK(run.status == 0);
  CHECK(run.out == empty + ": ok\n" + full + ": ok\n");
  CHECK(run.err.empty());
}

TEST_CASE("assay config check: every problem with its place, exit status 1", "[cli][config]") {
  const TemporaryFolder folder;
  const std::string good = folder.write("good.yaml", "mode: monitor\n");
  const std::string bad = folder.write("bad.yaml", "moed: monitor\nlog: {levle: info}\n");
  const auto run = run_assay({"config", "check", bad, good});
  CAPTURE(run.err);
  CHECK(run.status == 1);
  CHECK(run.out == good + ": ok\n");
  CHECK(run.err.find(bad + ":1:1: ") != std::string::npos);
  CHECK(run.err.find(bad + ":2:7: ") != std::string::npos);
}

TEST_CASE("assay config check: a file that cannot be read is exit status 2, the others are still checked",
          "[cli][config]") {
  const TemporaryFolder folder;
  const std::string good = folder.write("good.yaml", "");
  const std::string bad = folder.write("bad.yaml", "x: y\n");
  const auto run = run_assay({"config", "check", folder.path("missing"), bad, good});
  CAPTURE(run.err);
  CHECK(run.status == 2);
  CHECK(run.out == good + ": ok\n");
  CHECK(run.err.find("assay: cannot open " + folder.path("missing") + ": No such file or directory\n") !=
        std::string::npos);
  CHECK(run.err.find(bad + ":1:1: ") != std::string::npos);
}

TEST_CASE("assay config show: what it prints loads as the same configuration", "[cli][config]") {
  const TemporaryFolder folder;
  const auto defaults = run_assay({"config", "show"});
  REQUIRE(defaults.status == 0);
  const auto again = run_assay({"config", "show", "-"}, defaults.out);
  CAPTURE(defaults.out, again.err);
  CHECK(again.status == 0);
  CHECK(again.out == defaults.out);

  const std::string file = folder.write("assay.yaml", "mode: monitor\nauthserv_id: mx.example.net\n");
  const auto shown = run_assay({"config", "show", file});
  CHECK(shown.out.find("mode: monitor\n") != std::string::npos);
  CHECK(shown.out != defaults.out);
  CHECK(run_assay({"config", "show", "-"}, shown.out).out == shown.out);
}

TEST_CASE("assay config show: a file that is not valid cannot be shown", "[cli][config]") {
  const TemporaryFolder folder;
  const auto run = run_assay({"config", "show", folder.write("bad.yaml", "x: y\n")});
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK(!run.err.empty());
}

TEST_CASE("assay config check: no octet of a file or of its name reaches the terminal as it is", "[cli][config]") {
  const TemporaryFolder folder;
  const std::string odd = folder.write("\x1B[31m", "\"\\e[31m\": x\nk\xC2\x9B: y\nk\x80: z\n");
  const auto run = run_assay({"config", "check", odd, "missing\x1B[31m"});
  CAPTURE(run.err);
  CHECK(run.status == 2);
  CHECK(assay::test::is_fit_for_terminal(run.err));
  CHECK(run.err.find("\xC2\x9B") == std::string::npos);
  CHECK(run.err.find("missing\\x1B[31m") != std::string::npos);
}
