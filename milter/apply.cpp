#include "milter/apply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "verify/message/smtp_path.h"

namespace assay::milter {
namespace {

using policy::Action;
using policy::QuarantineHow;

constexpr const char* kFieldName = "Authentication-Results";

/// The value of a field as the MTA wants it: with HDR_LEADSPC the filter supplies the space after the colon.
std::string field_value(const std::string& text, const Capabilities& agreed) {
  return agreed.has_leading_space ? " " + text : text;
}

/// Highest occurrence first, so that the numbers of the others stay right.
bool remove_fields(const std::vector<ForgedField>& fields, const Capabilities& agreed, Editor& editor) {
  if (fields.empty()) {
    return true;
  }
  if (!agreed.can_change_headers) {
    return false;
  }
  return std::all_of(fields.rbegin(), fields.rend(), [&editor](const ForgedField& field) {
    return editor.remove_header(field.name, field.occurrence);
  });
}

std::string in_brackets(const std::string& path) {
  return "<" + path + ">";
}

/// Those that rules ask for, the first on top.
bool add_fields(const std::vector<policy::HeaderField>& fields, const Capabilities& agreed, Editor& editor) {
  return fields.empty() || (agreed.can_insert_headers &&
                            std::all_of(fields.rbegin(), fields.rend(), [&](const policy::HeaderField& field) {
                              return editor.insert_header(field.name, field_value(field.value, agreed));
                            }));
}

bool add_quarantine_header(const policy::Quarantine& form, const Capabilities& agreed, Editor& editor) {
  return agreed.can_insert_headers && editor.insert_header(form.name, field_value(form.value, agreed));
}

/// Marks the message as quarantined in the form decided, or by header. False if not even that could be done.
bool quarantine(observe::Record& record, const Recipients& recipients, const Capabilities& agreed, Editor& editor) {
  policy::Quarantine& form = *record.decision.quarantine;
  switch (form.how) {
    case QuarantineHow::Header:
    case QuarantineHow::Reject:  // Refused before.
      break;
    case QuarantineHow::Hold:
      if (agreed.can_quarantine && editor.quarantine("assay: " + record.decision.rule)) {
        return true;
      }
      record.notes.emplace_back("the MTA does not offer quarantine: marked by a header instead");
      break;
    case QuarantineHow::Redirect:
      if (agreed.can_redirect) {
        const auto others = recipients.others_than(form.to);
        if (!others) {
          record.notes.emplace_back("a recipient is spelled so that the MTA might keep it");
          return false;
        }
        if (editor.replace_recipients(*others, in_brackets(form.to))) {
          return true;
        }
      }
      record.notes.emplace_back("the MTA does not offer a change of recipients: marked by a header instead");
      break;
  }
  if (form.how != QuarantineHow::Header) {
    record.decision.unavailable_form = std::exchange(form.how, QuarantineHow::Header);
  }
  return add_quarantine_header(form, agreed, editor);
}

Step defer(observe::Record& record, const char* why, Editor& editor) {
  record.notes.emplace_back(why);
  record.decision.action = Action::TempFail;
  record.decision.rule = policy::kMta;
  record.decision.would.reset();
  record.decision.would_rule.clear();
  record.decision.quarantine.reset();
  record.decision.unavailable_form.reset();
  record.decision.headers.clear();
  record.decision.override.reset();
  record.decision.reply = policy::Reply{451, "4.3.0", "Message could not be stamped, try again later"};
  return refuse(*record.decision.reply, editor);
}

}  // namespace

Step refuse(const policy::Reply& reply, Editor& editor) {
  // Without a reply of ours the MTA answers with its own default for the step, which is right too.
  static_cast<void>(editor.set_reply(reply));
  constexpr int kFirstPermanentCode = 500;
  return reply.code >= kFirstPermanentCode ? Step::Reject : Step::TempFail;
}

void Recipients::add(std::string_view path) {
  const auto read = message::parse_smtp_path(path);
  is_certain_ = is_certain_ && read && !read->is_null;
  if (is_certain_) {
    paths_.push_back(read->mailbox);
  }
}

std::optional<std::vector<std::string>> Recipients::others_than(const std::string& kept) const {
  if (!is_certain_) {
    return std::nullopt;
  }
  std::vector<std::string> others;
  for (const std::string& path : paths_) {
    if (!message::is_same_mailbox(path, kept)) {
      others.push_back(in_brackets(path));
    }
  }
  return others;
}

Step apply(observe::Record& record, const std::vector<ForgedField>& forged, const Recipients& recipients,
           const Capabilities& agreed, Editor& editor) {
  const policy::Decision& decision = record.decision;
  if (decision.reply) {
    return refuse(*decision.reply, editor);
  }
  switch (decision.action) {
    case Action::Discard: return Step::Discard;
    case Action::Reject: return Step::Reject;
    case Action::TempFail: return Step::TempFail;
    case Action::Accept:
    case Action::Quarantine: break;
  }
  if (!remove_fields(forged, agreed, editor)) {
    return defer(record, "a field that only this site may write could not be removed", editor);
  }
  if (!add_fields(decision.headers, agreed, editor)) {
    return defer(record, "a field that a rule asks for could not be added", editor);
  }
  if (decision.quarantine && !quarantine(record, recipients, agreed, editor)) {
    return defer(record, "the message could not be quarantined", editor);
  }
  if (!agreed.can_insert_headers ||
      !editor.insert_header(kFieldName, field_value(record.authentication_results, agreed))) {
    return defer(record, "the Authentication-Results field could not be added", editor);
  }
  return Step::Continue;
}

}  // namespace assay::milter
