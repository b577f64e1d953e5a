#include "milter/apply.h"

#include "tests/milter/fake_editor.h"
#include "tests/support/catch.h"

using assay::milter::apply;
using assay::milter::Capabilities;
using assay::milter::Recipients;
using assay::milter::Step;
using assay::observe::Record;
using assay::policy::Action;
using assay::policy::Quarantine;
using assay::policy::QuarantineHow;
using assay::policy::Reply;
using assay::test::FakeEditor;
using Calls = std::vector<std::string>;

namespace {

Capabilities everything() {
  Capabilities all;
  all.can_insert_headers = true;
  all.can_change_headers = true;
  all.can_quarantine = true;
  all.can_redirect = true;
  all.has_leading_space = true;
  return all;
}

std::vector<assay::milter::ForgedField> results(const std::vector<std::size_t>& occurrences) {
  std::vector<assay::milter::ForgedField> fields;
  for (const std::size_t occurrence : occurrences) {
    fields.push_back({"Authentication-Results", occurrence});
  }
  return fields;
}

Recipients to_two() {
  Recipients recipients;
  recipients.add("<a@example.net>");
  recipients.add("<b@example.net>");
  return recipients;
}

Record accepted() {
  Record record;
  record.authentication_results = "mx.example.net; none";
  return record;
}

Record quarantined(QuarantineHow how) {
  Record record = accepted();
  record.decision.action = Action::Quarantine;
  record.decision.rule = "policy.indirect";
  record.decision.quarantine = Quarantine{how, "X-Junk", "yes", "junk@example.net"};
  return record;
}

}  // namespace

TEST_CASE("milter/apply: forged fields go highest occurrence first, before ours is inserted on top", "[milter]") {
  FakeEditor editor;
  Record record = accepted();
  CHECK(apply(record, results({1, 4, 7}), to_two(), everything(), editor) == Step::Continue);
  CHECK(editor.done == Calls{"remove Authentication-Results 7", "remove Authentication-Results 4",
                             "remove Authentication-Results 1", "insert Authentication-Results: mx.example.net; none"});
}

TEST_CASE("milter/apply: fields of rules stand below ours in the order of the rules", "[milter]") {
  FakeEditor editor;
  Record record = accepted();
  record.decision.headers = {{"X-Partner", "yes"}, {"X-Note", "b"}};
  CHECK(apply(record, {{"X-Partner", 1}, {"X-Partner", 2}}, to_two(), everything(), editor) == Step::Continue);
  CHECK(editor.done == Calls{"remove X-Partner 2", "remove X-Partner 1", "insert X-Note: b", "insert X-Partner: yes",
                             "insert Authentication-Results: mx.example.net; none"});
}

TEST_CASE("milter/apply: without HDR_LEADSPC the MTA adds the space itself", "[milter]") {
  FakeEditor editor;
  Record record = accepted();
  Capabilities old = everything();
  old.has_leading_space = false;
  CHECK(apply(record, {}, to_two(), old, editor) == Step::Continue);
  CHECK(editor.done == Calls{"insert Authentication-Results:mx.example.net; none"});
}

TEST_CASE("milter/apply: a refused or deferred message is not edited", "[milter]") {
  FakeEditor editor;
  Record record = accepted();
  record.decision.action = Action::Reject;
  record.decision.reply = Reply{550, "5.7.1", "no"};
  CHECK(apply(record, results({1}), to_two(), everything(), editor) == Step::Reject);
  CHECK(editor.done == Calls{"reply 550 5.7.1 no"});

  editor.done.clear();
  record.decision.action = Action::TempFail;
  record.decision.reply = Reply{451, "4.7.1", "later"};
  CHECK(apply(record, results({1}), to_two(), everything(), editor) == Step::TempFail);
  CHECK(editor.done == Calls{"reply 451 4.7.1 later"});

  editor.done.clear();
  record.decision.action = Action::Discard;
  record.decision.reply.reset();
  CHECK(apply(record, results({1}), to_two(), everything(), editor) == Step::Discard);
  CHECK(editor.done.empty());
}

TEST_CASE("milter/apply: each form of quarantine", "[milter]") {
  FakeEditor editor;
  SECTION("header") {
    Record record = quarantined(QuarantineHow::Header);
    CHECK(apply(record, {}, to_two(), everything(), editor) == Step::Continue);
    CHECK_FALSE(record.decision.unavailable_form);
    CHECK(editor.done == Calls{"insert X-Junk: yes", "insert Authentication-Results: mx.example.net; none"});
  }
  SECTION("hold") {
    Record record = quarantined(QuarantineHow::Hold);
    CHECK(apply(record, {}, to_two(), everything(), editor) == Step::Continue);
    CHECK(editor.done ==
          Calls{"quarantine assay: policy.indirect", "insert Authentication-Results: mx.example.net; none"});
  }
  SECTION("redirect replaces all recipients") {
    Record record = quarantined(QuarantineHow::Redirect);
    CHECK(apply(record, {}, to_two(), everything(), editor) == Step::Continue);
    CHECK(editor.done == Calls{"recipients <a@example.net> <b@example.net> -> <junk@example.net>",
                               "insert Authentication-Results: mx.example.net; none"});
  }
  SECTION("reject") {
    Record record = quarantined(QuarantineHow::Reject);
    record.decision.reply = Reply{550, "5.7.1", "quarantined"};
    CHECK(apply(record, {}, to_two(), everything(), editor) == Step::Reject);
    CHECK(editor.done == Calls{"reply 550 5.7.1 quarantined"});
  }
}

TEST_CASE("milter/apply: a redirection removes recipients by the form in which Postfix keeps them", "[milter]") {
  struct Row {
    const char *argument, *removed;
  };
  // What Postfix 3.7 keeps of each, seen by which names it removes it.
  for (const Row& row : {
           Row{"<@foo.example:bob@example.net>", " <bob@example.net>"},
           Row{"<@foo.example,@bar.example:BOB@example.net.>", " <BOB@example.net.>"},
           Row{"<\"b o\\b\"@example.net>", " <\"b o\\b\"@example.net>"},
           Row{"bob@example.net", " <bob@example.net>"},
           Row{"<bob>", " <bob>"},
           // The redirection's target stays, however it is spelled.
           Row{"<junk@example.net>", ""},
           Row{"<@foo.example:\"JUNK\"@EXAMPLE.NET.>", ""},
       }) {
    CAPTURE(row.argument);
    FakeEditor editor;
    Record record = quarantined(QuarantineHow::Redirect);
    Recipients recipients;
    recipients.add(row.argument);
    CHECK(apply(record, {}, recipients, everything(), editor) == Step::Continue);
    CHECK(editor.done.front() == std::string("recipients") + row.removed + " -> <junk@example.net>");
  }
}

TEST_CASE("milter/apply: a recipient that the MTA might keep defers a redirection, or the message would reach it",
          "[milter]") {
  for (const char* argument :
       {"<bob(x)@example.net>", "<b\\ob@example.net>", "<bob @ example.net>", "<bob@example.net>(x@junk.example>)",
        "<g:bob@example.net;>", "<a@foo.example@example.net>", "<>", ""}) {
    CAPTURE(argument);
    FakeEditor editor;
    Record record = quarantined(QuarantineHow::Redirect);
    Recipients recipients = to_two();
    recipients.add(argument);
    CHECK(apply(record, {}, recipients, everything(), editor) == Step::TempFail);
    CHECK(editor.done == Calls{"reply 451 4.3.0 Message could not be stamped, try again later"});
    CHECK(record.notes.size() == 2);
  }
}

TEST_CASE("milter/apply: what the MTA does not offer falls back to the header, and the record says so", "[milter]") {
  for (const QuarantineHow how : {QuarantineHow::Hold, QuarantineHow::Redirect}) {
    FakeEditor editor;
    Record record = quarantined(how);
    Capabilities less = everything();
    less.can_quarantine = false;
    less.can_redirect = false;
    CHECK(apply(record, {}, to_two(), less, editor) == Step::Continue);
    CHECK(editor.done == Calls{"insert X-Junk: yes", "insert Authentication-Results: mx.example.net; none"});
    CHECK(record.decision.quarantine->how == QuarantineHow::Header);
    CHECK(record.decision.unavailable_form == how);
    CHECK(record.notes.size() == 1);
  }
}

TEST_CASE("milter/apply: a message whose header cannot be made true is deferred, never passed", "[milter]") {
  const auto is_deferred = [](FakeEditor& editor, Record& record, const std::vector<assay::milter::ForgedField>& forged,
                              const Capabilities& can) {
    const Step step = apply(record, forged, to_two(), can, editor);
    return step == Step::TempFail && record.decision.action == Action::TempFail && record.decision.reply->code == 451 &&
           !record.notes.empty();
  };
  SECTION("a forged field stays") {
    FakeEditor editor;
    editor.fails = "remove";
    Record record = accepted();
    CHECK(is_deferred(editor, record, results({1}), everything()));
  }
  SECTION("the MTA does not let headers be changed") {
    FakeEditor editor;
    Record record = accepted();
    Capabilities less = everything();
    less.can_change_headers = false;
    CHECK(is_deferred(editor, record, results({1}), less));
    FakeEditor other;
    Record clean = accepted();
    CHECK(apply(clean, {}, to_two(), less, other) == Step::Continue);
  }
  SECTION("that of a rule cannot be inserted") {
    FakeEditor editor;
    editor.fails = "insert X-Partner";
    Record record = accepted();
    record.decision.headers = {{"X-Partner", "yes"}};
    CHECK(is_deferred(editor, record, {}, everything()));
    CHECK(record.decision.headers.empty());
  }
  SECTION("ours cannot be inserted") {
    FakeEditor editor;
    editor.fails = "insert Authentication-Results";
    Record record = accepted();
    CHECK(is_deferred(editor, record, {}, everything()));
  }
  SECTION("a quarantined message cannot be marked") {
    FakeEditor editor;
    editor.fails = "insert X-Junk";
    Record record = quarantined(QuarantineHow::Header);
    CHECK(is_deferred(editor, record, {}, everything()));
  }
}
