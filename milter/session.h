#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "milter/apply.h"
#include "milter/editor.h"
#include "milter/gate.h"
#include "milter/negotiation.h"
#include "milter/planner.h"
#include "milter/runtime.h"
#include "observe/metrics.h"
#include "verify/base/ip_address.h"
#include "verify/base/time.h"

namespace assay::milter {

class Control;

/// What all sessions of the daemon share.
struct Services {
  const RuntimeSource& runtime;
  Planner& planner;
  Gate& gate;
  observe::Metrics& metrics;
  Control* control = nullptr;  ///< Null: nobody looks.
};

/// What the MTA's macros say at MAIL FROM.
struct MailMacros {
  std::string queue_id;       ///< May be empty: Postfix knows it only after the first recipient.
  std::string authenticated;  ///< SASL login; empty without.
  std::string tls;            ///< TLS version; empty without.
  /// What it made of the reverse-path ({mail_addr}), empty for the null sender; nullopt if it does not tell.
  std::optional<std::string> address;
  std::string mta_version;  ///< {v}: of Sendmail a number, of Postfix its name and a number.
};

/// One SMTP connection and the message on it: takes the MTA's events in their order, gives back what the MTA shall do.
/// Knows no libmilter. One thread at a time, any thread.
///
/// Calls throw only what the standard library throws when memory ends, and what broken code throws; the caller's catch
/// barrier then calls fail(). All state of a message ends with end_of_message(), abort() and the next mail_from().
class Session {
 public:
  explicit Session(Services services);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Connections of the MTA that are open, in the whole process.
  [[nodiscard]] static std::size_t open() noexcept { return open_sessions.load(std::memory_order_relaxed); }

  void negotiated(const Capabilities& agreed) noexcept { agreed_ = agreed; }
  [[nodiscard]] const Capabilities& agreed() const noexcept { return agreed_; }

  void connect(std::string_view client_name, const std::optional<IpAddress>& client);
  void helo(std::string_view name);
  /// `arguments` are the ESMTP parameters. TempFail, with a reply set, while the daemon drains, or has as many messages
  /// in flight as it may, and if something broke while the connection told of itself. If it throws there is no message.
  [[nodiscard]] Step mail_from(std::string_view path, const std::vector<std::string_view>& arguments, MailMacros macros,
                               Editor& editor);
  /// `address` is what the MTA made of the path ({rcpt_addr}), if it tells. TempFail, with a reply set, for a recipient
  /// beyond the bound; the message goes on for the others.
  [[nodiscard]] Step recipient(std::string_view path, const std::optional<std::string>& address, Editor& editor);
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  /// Skip once nothing more of the body can matter.
  [[nodiscard]] Step body(std::string_view chunk);
  /// Judges the message, edits it and writes its record. Waits for DNS at most as long as the configuration says.
  /// `queue_id` replaces an earlier one unless empty.
  [[nodiscard]] Step end_of_message(std::string_view queue_id, Time now, Editor& editor);
  void abort() noexcept;

  /// Something broke while the message was handled: its data goes, and its end is answered by TempFail.
  void fail() noexcept;

 private:
  struct Message;

  void begin(std::string_view path, const std::vector<std::string_view>& arguments, MailMacros macros);
  [[nodiscard]] Step judge(Time now, Editor& editor);

  static std::atomic<std::size_t> open_sessions;

  Services services_;
  Capabilities agreed_;
  std::optional<IpAddress> client_;
  std::string client_name_;
  std::string helo_;
  bool is_whole_ = true;  ///< All that connect() and helo() were told is kept.
  std::unique_ptr<Message> message_;
};

}  // namespace assay::milter
