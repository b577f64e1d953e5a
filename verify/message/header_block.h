#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verify/message/field_name.h"

namespace assay::message {

/// One header field as received. Views into the HeaderBlock that made it.
struct Field {
  std::string_view raw;    ///< Name, colon, value, inner folds as CRLF WSP; without the CRLF that ends the field.
  std::string_view name;   ///< Without WSP before the colon; letter case kept.
  std::string_view value;  ///< Everything after the colon, its leading space included.
};

/// The header fields of one message, octets kept, in the order received (top first). One buffer holds them all: adding
/// a field copies its octets once. Field views are valid until the next add() or the end of the block.
class HeaderBlock {
 public:
  /// Adds a field. `value` is what stands after the colon, leading space included; line ends inside it may be LF (as
  /// MTAs hand them to a milter) or CRLF and are stored as CRLF. A lone CR is data. A trailing line end is dropped.
  void add(std::string_view name, std::string_view value);

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Octets held, the CRLF of each field counted.
  [[nodiscard]] std::size_t octets() const noexcept { return bytes_.size() + 2 * entries_.size(); }
  /// Field number `index`, 0 = topmost.
  [[nodiscard]] Field operator[](std::size_t index) const noexcept;
  /// Its name, ready to be compared; valid as long as the field.
  [[nodiscard]] FieldName name(std::size_t index) const noexcept;
  /// Indexes of the fields of that name (any letter case), top first.
  [[nodiscard]] std::vector<std::size_t> find(std::string_view text) const;
  void clear() noexcept;

 private:
  struct Entry {
    std::uint32_t begin;
    std::uint32_t name_length;
    std::uint32_t colon;  ///< Offset of the colon from `begin`.
    std::uint32_t length;
    FieldName::Keys name_keys;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

}  // namespace assay::message
