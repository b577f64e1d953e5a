#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace assay::milter {

/// A field of the message, the `occurrence`-th (from 1) of its name.
struct ForgedField {
  std::string name;
  std::size_t occurrence = 0;
  friend bool operator==(const ForgedField&, const ForgedField&) = default;
};

/// Finds the fields of one message that say what this site alone may say: Authentication-Results under our name, and
/// the fields that rules of the policy add. The lists must outlive the object.
class ForgedFields {
 public:
  /// The most that are removed from one message. A message that passed a host a hundred times is in a loop (RFC 5321
  /// section 6.3); and Postfix reads the whole header again for each that is removed: 10,000 took it six seconds.
  static constexpr std::size_t kMax = 100;
  /// Authentication-Results fields whose writer's name is not all ASCII and is compared with ours; more are removed,
  /// whatever they say. To convert a name (RFC 8616) takes up to a tenth of a millisecond.
  static constexpr std::size_t kMaxInternational = 10;

  /// `own_ids` are our names in Authentication-Results; `added` the names of fields that rules add.
  ForgedFields(const std::vector<std::string>& own_ids, const std::vector<std::string>& added)
      : own_ids_(own_ids), added_(added), added_seen_(added.size()) {}

  /// The client is one of ours: its results are kept. Not what rules add: its mail is asked the rules, too.
  void keep_results() noexcept { keeps_results_ = true; }
  /// The message is our own: fields that a rule could have added are kept.
  void keep_added() noexcept { keeps_added_ = true; }

  /// The next field of the header.
  void see(std::string_view name, std::string_view value);

  /// Which must go; those of one name ascend.
  [[nodiscard]] const std::vector<ForgedField>& fields() const noexcept { return fields_; }
  /// There are more than kMax.
  [[nodiscard]] bool too_many() const noexcept { return too_many_; }

 private:
  void add(std::string_view name, std::size_t occurrence);
  [[nodiscard]] bool is_too_costly(std::string_view value);

  const std::vector<std::string>& own_ids_;
  const std::vector<std::string>& added_;
  std::size_t results_seen_ = 0;
  std::size_t international_ = 0;
  std::vector<std::size_t> added_seen_;
  std::vector<ForgedField> fields_;
  bool keeps_results_ = false;
  bool keeps_added_ = false;
  bool too_many_ = false;
};

}  // namespace assay::milter
