#include "policy/decision.h"

namespace assay::policy {

const char* to_string(Action action) noexcept {
  switch (action) {
    case Action::Accept: return "accept";
    case Action::Reject: return "reject";
    case Action::TempFail: return "tempfail";
    case Action::Quarantine: return "quarantine";
    case Action::Discard: return "discard";
  }
  return "";
}

int severity(Action action) noexcept {
  switch (action) {
    case Action::Accept: return 0;
    case Action::Quarantine: return 1;
    case Action::TempFail: return 2;
    case Action::Reject: return 3;
    case Action::Discard: return 4;
  }
  return 0;
}

const char* to_string(QuarantineHow how) noexcept {
  switch (how) {
    case QuarantineHow::Header: return "header";
    case QuarantineHow::Hold: return "hold";
    case QuarantineHow::Reject: return "reject";
    case QuarantineHow::Redirect: return "redirect";
  }
  return "";
}

const char* to_string(Indirect evidence) noexcept {
  switch (evidence) {
    case Indirect::SignedHeaders: return "signed_headers";
    case Indirect::ArcOrigin: return "arc_origin";
    case Indirect::List: return "list";
    case Indirect::Forwarder: return "forwarder";
  }
  return "";
}

}  // namespace assay::policy
