#pragma once

#include <string>
#include <vector>

#include "milter/editor.h"

namespace assay::test {

/// An MTA that writes down what the filter does to a message, in order: "insert NAME:VALUE", "remove NAME 3",
/// "quarantine REASON", "recipients <a> <b> -> <c>", "reply 550 5.7.1 TEXT". Calls named in `fails` are refused.
class FakeEditor final : public milter::Editor {
 public:
  bool insert_header(const std::string& name, const std::string& value) override;
  bool remove_header(const std::string& name, std::size_t occurrence) override;
  bool quarantine(const std::string& reason) override;
  bool replace_recipients(const std::vector<std::string>& old_recipients, const std::string& recipient) override;
  bool set_reply(const policy::Reply& reply) override;

  std::vector<std::string> done;
  std::string fails;  ///< First word of the calls that fail.

 private:
  bool note(const std::string& call);
};

}  // namespace assay::test
