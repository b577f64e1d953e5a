#pragma once

#include <string>
#include <vector>

#include "policy/decision.h"

namespace assay::milter {

/// What may be done to a message at its end: libmilter's calls, or a recording in tests. Each returns whether the MTA
/// was told; none throws. Valid during the end-of-message callback alone.
class Editor {
 public:
  virtual ~Editor() = default;

  /// Inserts a field at the very top.
  virtual bool insert_header(const std::string& name, const std::string& value) = 0;
  /// Removes the `occurrence`-th (from 1) field of that name, counted as the filter saw them.
  virtual bool remove_header(const std::string& name, std::size_t occurrence) = 0;
  virtual bool quarantine(const std::string& reason) = 0;
  /// `old_recipients` are those that go.
  virtual bool replace_recipients(const std::vector<std::string>& old_recipients, const std::string& recipient) = 0;
  /// The SMTP reply for a refusal or deferral.
  virtual bool set_reply(const policy::Reply& reply) = 0;
};

}  // namespace assay::milter
