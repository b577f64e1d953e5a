#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

// The milter protocol, version 6, as Sendmail and Postfix speak it. There is no RFC; the values are those of Sendmail's
// libmilter/mfdef.h, the order of events and the meaning of replies those of Postfix's milter8.c.
//
// A packet is: length (4 octets, big endian, of what follows), one octet command, data. Strings end in NUL, numbers are
// big endian.

namespace assay::mta {

/// Why a conversation with a filter could not go on. A real MTA applies its default action in each case.
struct Failure {
  enum class Kind : std::uint8_t {
    Unreachable,  ///< No connection.
    Lost,         ///< The filter closed the connection, or an I/O error.
    TimedOut,     ///< No (complete) answer in time.
    Protocol,     ///< The filter broke the protocol.
  };
  Kind kind = Kind::Lost;
  std::string what;
  int error = 0;  ///< Unreachable: errno, if the system said why.
};

template <class T>
using Result = Parsed<T, Failure>;

/// What the MTA sends (SMFIC_*).
enum class Command : char {
  Abort = 'A',
  Body = 'B',
  Connect = 'C',
  Macro = 'D',  ///< Octet: the command they are for; then name NUL value NUL, repeated.
  EndOfMessage = 'E',
  Helo = 'H',
  QuitNewConnection = 'K',  ///< This SMTP session is over, another one follows on the same connection.
  Header = 'L',
  Mail = 'M',
  EndOfHeader = 'N',
  Negotiate = 'O',
  Quit = 'Q',
  Rcpt = 'R',
  Data = 'T',
  Unknown = 'U',
};

/// What the filter answers (SMFIR_*).
enum class ReplyKind : char {
  AddRecipient = '+',
  DeleteRecipient = '-',
  AddRecipientWithParameters = '2',
  Shutdown = '4',
  Accept = 'a',
  ReplaceBody = 'b',
  Continue = 'c',
  Discard = 'd',
  ChangeFrom = 'e',
  ConnectionFailure = 'f',
  AddHeader = 'h',
  InsertHeader = 'i',
  ChangeHeader = 'm',
  Negotiate = 'O',
  Progress = 'p',
  Quarantine = 'q',
  Reject = 'r',
  Skip = 's',
  TempFail = 't',
  ReplyCode = 'y',
};

/// Actions that a filter may use (SMFIF_*).
namespace actions {
inline constexpr std::uint32_t kAddHeaders = 0x001;
inline constexpr std::uint32_t kChangeBody = 0x002;
inline constexpr std::uint32_t kAddRecipients = 0x004;
inline constexpr std::uint32_t kDeleteRecipients = 0x008;
inline constexpr std::uint32_t kChangeHeaders = 0x010;
inline constexpr std::uint32_t kQuarantine = 0x020;
inline constexpr std::uint32_t kChangeFrom = 0x040;
inline constexpr std::uint32_t kAddRecipientsWithParameters = 0x080;
inline constexpr std::uint32_t kSetMacroLists = 0x100;
inline constexpr std::uint32_t kAll = 0x1FF;  ///< What Postfix 3.7 offers.
}  // namespace actions

/// Protocol steps (SMFIP_*): in an offer, what the MTA can leave out; in the answer, what it shall leave out.
namespace steps {
inline constexpr std::uint32_t kNoConnect = 0x1;
inline constexpr std::uint32_t kNoHelo = 0x2;
inline constexpr std::uint32_t kNoMail = 0x4;
inline constexpr std::uint32_t kNoRcpt = 0x8;
inline constexpr std::uint32_t kNoBody = 0x10;
inline constexpr std::uint32_t kNoHeaders = 0x20;
inline constexpr std::uint32_t kNoEndOfHeader = 0x40;
inline constexpr std::uint32_t kNoReplyHeader = 0x80;
inline constexpr std::uint32_t kNoUnknown = 0x100;
inline constexpr std::uint32_t kNoData = 0x200;
inline constexpr std::uint32_t kSkip = 0x400;
inline constexpr std::uint32_t kRejectedRecipients = 0x800;
inline constexpr std::uint32_t kNoReplyConnect = 0x1000;
inline constexpr std::uint32_t kNoReplyHelo = 0x2000;
inline constexpr std::uint32_t kNoReplyMail = 0x4000;
inline constexpr std::uint32_t kNoReplyRcpt = 0x8000;
inline constexpr std::uint32_t kNoReplyData = 0x10000;
inline constexpr std::uint32_t kNoReplyUnknown = 0x20000;
inline constexpr std::uint32_t kNoReplyEndOfHeader = 0x40000;
inline constexpr std::uint32_t kNoReplyBody = 0x80000;
/// Header values keep the white space after the colon, both ways. Without it the MTA removes one space from what it
/// sends and adds one to what it receives.
inline constexpr std::uint32_t kHeaderLeadingSpace = 0x100000;
inline constexpr std::uint32_t kAll = 0x1FFFFF;  ///< What Postfix 3.7 offers.
}  // namespace steps

inline constexpr std::uint32_t kProtocolVersion = 6;
/// Largest body chunk that an MTA sends (MILTER_CHUNK_SIZE), octets.
inline constexpr std::size_t kMaxChunkOctets = 65535;
/// Largest packet read from a filter, octets after the length. libmilter itself writes 64 KB unless told more.
inline constexpr std::size_t kMaxReplyOctets = 1U << 20U;

struct Packet {
  char command = 0;
  std::string data;
};

void append_uint16(std::string& out, std::uint16_t value);
void append_uint32(std::string& out, std::uint32_t value);
/// Appends `text` up to its first NUL, and a NUL: a string of the protocol cannot hold one.
void append_string(std::string& out, std::string_view text);
/// Appends a whole packet.
void append_packet(std::string& out, Command command, std::string_view data);

/// Reads the data of a packet from the front. The first thing that is not there makes every later read fail too.
class DataReader {
 public:
  explicit DataReader(std::string_view data) : rest_(data) {}

  [[nodiscard]] std::uint32_t uint32();
  [[nodiscard]] std::string string();  ///< Up to the next NUL, which must be there.
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// Whether `text` is an SMTP reply that an MTA would pass on: lines "ddd-..." and a last line "ddd ...", 4yz or 5yz,
/// separated by CR LF, with an enhanced status code of the same class where there is one.
[[nodiscard]] bool is_smtp_reply(std::string_view text);

}  // namespace assay::mta
