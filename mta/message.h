#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::mta {

/// A header field as it goes over the milter protocol.
struct HeaderField {
  std::string name;
  std::string value;  ///< All that follows the colon, white space included; lines are separated by LF alone.
  /// Written by the MTA itself and not shown to filters (its own Received): counts for insertion, not for changes.
  bool hidden = false;
};

/// A message as an MTA hands it to a filter.
struct Message {
  std::vector<HeaderField> header;
  std::string body;  ///< After the empty line; lines end in CR LF.
};

/// Splits the text of a message, with line ends CR LF or LF, as Postfix does: the header ends at an empty line or at
/// the first line that is neither a field nor the continuation of one, which then begins the body. White space between
/// a name and its colon is not kept. Takes any octets.
[[nodiscard]] Message split_message(std::string_view text);

/// The whole message again, with CR LF.
[[nodiscard]] std::string to_text(const Message& message);

/// A change that a filter asks for at the end of a message.
struct Edit {
  enum class Kind : std::uint8_t {
    AddHeader,
    InsertHeader,
    ChangeHeader,
    AddRecipient,
    DeleteRecipient,
    ChangeFrom,
    ReplaceBody,
  };
  Kind kind = Kind::AddHeader;
  std::uint32_t index = 0;  ///< InsertHeader, ChangeHeader.
  std::string name;         ///< Of the field; empty for the others.
  std::string value;        ///< Of the field, as it came; else the address, the parameters cut off, or the body's text.
};

/// Applies the header edits in their order:
/// - AddHeader appends.
/// - InsertHeader puts the field before the index-th field (0: at the very top) of the header as delivered, hidden
///   fields counted; beyond the end it appends.
/// - ChangeHeader counts fields of that name as shown to the filter, from 1 (0 means 1). An empty value removes; an
///   index that is not there appends, or does nothing if the value is empty.
/// `leading_space`: values carry their own white space after the colon; otherwise one space is put before each.
void apply_header_edits(std::vector<HeaderField>& header, const std::vector<Edit>& edits, bool leading_space);

}  // namespace assay::mta
