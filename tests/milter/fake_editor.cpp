#include "tests/milter/fake_editor.h"

namespace assay::test {

bool FakeEditor::note(const std::string& call) {
  if (!fails.empty() && call.rfind(fails, 0) == 0) {
    return false;
  }
  done.push_back(call);
  return true;
}

bool FakeEditor::insert_header(const std::string& name, const std::string& value) {
  return note("insert " + name + ":" + value);
}

bool FakeEditor::remove_header(const std::string& name, std::size_t occurrence) {
  return note("remove " + name + " " + std::to_string(occurrence));
}

bool FakeEditor::quarantine(const std::string& reason) {
  return note("quarantine " + reason);
}

bool FakeEditor::replace_recipients(const std::vector<std::string>& old_recipients, const std::string& recipient) {
  std::string call = "recipients";
  for (const std::string& old : old_recipients) {
    call += " " + old;
  }
  return note(call + " -> " + recipient);
}

bool FakeEditor::set_reply(const policy::Reply& reply) {
  return note("reply " + std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text);
}

}  // namespace assay::test
