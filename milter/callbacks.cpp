#include "milter/callbacks.h"

#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>

#include "milter/internal_error.h"
#include "milter/negotiation.h"
#include "observe/log.h"

namespace assay::milter {
namespace {

std::optional<Services> shared_services;
CallbackAges* shared_ages = nullptr;

/// What libmilter holds for each connection.
struct Connection {
  CallbackAges::Connection age{*shared_ages};  // Before the session, whose end is part of a callback, too.
  Session session{*shared_services};
};

Connection* connection_of(SMFICTX* context) {
  return static_cast<Connection*>(smfi_getpriv(context));
}

Session* session_of(SMFICTX* context) {
  Connection* const connection = connection_of(context);
  return connection == nullptr ? nullptr : &connection->session;
}

/// A callback of a connection, which may be null, runs while this lives.
class Running {
 public:
  explicit Running(Connection* connection) noexcept : connection_(connection) {
    if (connection_ != nullptr) {
      connection_->age.enter();
    }
  }
  ~Running() {
    if (connection_ != nullptr) {
      connection_->age.leave();
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Connection* connection_;
};

/// The MTA is written to while this lives. One that does not read is no fault of ours: libmilter waits for it for two
/// hours (its time-out for a connection), and the callback is none that hangs.
class Writing {
 public:
  explicit Writing(SMFICTX* context) noexcept : connection_(*connection_of(context)) { connection_.age.leave(); }
  ~Writing() { connection_.age.enter(); }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  Connection& connection_;
};

/// libmilter's C interface takes pointers to char that it does not write to.
char* c_string(const std::string& text) {
  return const_cast<char*>(text.c_str());
}  // NOLINT(cppcoreguidelines-pro-type-const-cast)

class MilterEditor final : public Editor {
 public:
  explicit MilterEditor(SMFICTX* context) : context_(context) {}

  bool insert_header(const std::string& name, const std::string& value) override {
    const Writing writing(context_);
    return smfi_insheader(context_, 0, c_string(name), c_string(value)) == MI_SUCCESS;
  }
  bool remove_header(const std::string& name, std::size_t occurrence) override {
    const Writing writing(context_);
    return smfi_chgheader(context_, c_string(name), static_cast<int>(occurrence), nullptr) == MI_SUCCESS;
  }
  bool quarantine(const std::string& reason) override {
    const Writing writing(context_);
    return smfi_quarantine(context_, c_string(reason)) == MI_SUCCESS;
  }
  bool replace_recipients(const std::vector<std::string>& old_recipients, const std::string& recipient) override {
    const Writing writing(context_);
    if (smfi_addrcpt(context_, c_string(recipient)) != MI_SUCCESS) {
      return false;
    }
    for (const std::string& old : old_recipients) {
      if (smfi_delrcpt(context_, c_string(old)) != MI_SUCCESS) {
        return false;
      }
    }
    return true;
  }
  bool set_reply(const policy::Reply& reply) override {
    std::string text;
    for (const char c : reply.text) {
      text.append(c == '%' ? 2U : 1U, c);  // libmilter reads the text as a format.
    }
    return smfi_setreply(context_, c_string(std::to_string(reply.code)), c_string(reply.enhanced), c_string(text)) ==
           MI_SUCCESS;
  }

 private:
  SMFICTX* context_;
};

/// nullopt if the MTA did not send it, which is not the same as an empty one.
std::optional<std::string> optional_macro(SMFICTX* context, const char* name) {
  const char* value =
      smfi_getsymval(context, const_cast<char*>(name));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string macro(SMFICTX* context, const char* name) {
  return optional_macro(context, name).value_or("");
}

sfsistat code(Step step) {
  switch (step) {
    case Step::Continue: return SMFIS_CONTINUE;
    case Step::Reject: return SMFIS_REJECT;
    case Step::TempFail: return SMFIS_TEMPFAIL;
    case Step::Discard: return SMFIS_DISCARD;
    case Step::Skip: return SMFIS_SKIP;
  }
  return SMFIS_TEMPFAIL;
}

/// The catch barrier: runs one call of the session. A connection without a session (no memory for one) defers what it
/// can.
template <class Call>
sfsistat guarded(SMFICTX* context, const char* what, Call call) noexcept {
  const Running running(connection_of(context));
  Session* session = nullptr;
  try {
    session = session_of(context);
    return session == nullptr ? SMFIS_TEMPFAIL : call(*session);
  } catch (...) {
    report_internal_error(what);
  }
  if (session != nullptr) {
    session->fail();
  }
  return SMFIS_TEMPFAIL;
}

sfsistat quiet(bool no_reply) {
  return no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/// A step that has no reply agreed cannot defer: the message is marked failed instead and answered at its end.
sfsistat or_quiet(sfsistat answer, SMFICTX* context, bool Capabilities::*no_reply) {
  const Session* session = session_of(context);
  return session != nullptr && session->agreed().*no_reply ? SMFIS_NOREPLY : answer;
}

std::optional<IpAddress> client_address(const _SOCK_ADDR* address) {
  if (address == nullptr) {
    return std::nullopt;
  }
  const auto* generic =
      reinterpret_cast<const sockaddr*>(address);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
  if (generic->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    return IpAddress::from_v4(octets);
  }
  if (generic->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    return IpAddress::from_v6(octets);
  }
  return std::nullopt;
}

extern "C" {

sfsistat on_negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                      unsigned long* agreed_actions, unsigned long* agreed_steps, unsigned long* reserved2,
                      unsigned long* reserved3) noexcept {
  try {
    const Options agreed = negotiate({actions, steps});
    *agreed_actions = agreed.actions;
    *agreed_steps = agreed.steps;
    *reserved2 = 0;
    *reserved3 = 0;
    const Capabilities can = capabilities(agreed);
    auto connection = std::make_unique<Connection>();
    connection->session.negotiated(can);
    if (can.can_name_macros) {
      for (const MacroList& list : macro_lists()) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): libmilter copies it.
        static_cast<void>(smfi_setsymlist(context, list.stage, const_cast<char*>(list.names)));
      }
    }
    if (!can.can_insert_headers || !can.can_change_headers) {
      observe::log_warn("the MTA does not let this filter change headers: its mail will be deferred");
    }
    delete connection_of(context);  // NOLINT(cppcoreguidelines-owning-memory): libmilter holds the pointer.
    smfi_setpriv(context, connection.release());
    return SMFIS_CONTINUE;
  } catch (...) {
    report_internal_error("negotiation");
    return SMFIS_REJECT;  // libmilter then closes the connection.
  }
}

sfsistat on_connect(SMFICTX* context, char* name, _SOCK_ADDR* address) noexcept {
  const sfsistat answer = guarded(context, "connect", [&](Session& session) {
    session.connect(name == nullptr ? "" : name, client_address(address));
    return quiet(session.agreed().no_reply_connect);
  });
  return or_quiet(answer, context, &Capabilities::no_reply_connect);
}

sfsistat on_helo(SMFICTX* context, char* name) noexcept {
  const sfsistat answer = guarded(context, "helo", [&](Session& session) {
    session.helo(name == nullptr ? "" : name);
    return quiet(session.agreed().no_reply_helo);
  });
  return or_quiet(answer, context, &Capabilities::no_reply_helo);
}

sfsistat on_mail_from(SMFICTX* context, char** arguments) noexcept {
  return guarded(context, "mail from", [&](Session& session) {
    std::vector<std::string_view> parameters;
    for (char** next = arguments + 1; arguments[0] != nullptr && *next != nullptr; ++next) {
      parameters.emplace_back(*next);
    }
    MilterEditor editor(context);
    MailMacros macros{macro(context, "i"), macro(context, "{auth_authen}"), macro(context, "{tls_version}"),
                      optional_macro(context, "{mail_addr}"), macro(context, "v")};
    return code(session.mail_from(arguments[0] == nullptr ? "" : arguments[0], parameters, std::move(macros), editor));
  });
}

sfsistat on_recipient(SMFICTX* context, char** arguments) noexcept {
  return guarded(context, "rcpt to", [&](Session& session) {
    MilterEditor editor(context);
    return code(
        session.recipient(arguments[0] == nullptr ? "" : arguments[0], optional_macro(context, "{rcpt_addr}"), editor));
  });
}

sfsistat on_header(SMFICTX* context, char* name, char* value) noexcept {
  const sfsistat answer = guarded(context, "header", [&](Session& session) {
    session.header(name, value);
    return quiet(session.agreed().no_reply_header);
  });
  return or_quiet(answer, context, &Capabilities::no_reply_header);
}

sfsistat on_end_of_headers(SMFICTX* context) noexcept {
  const sfsistat answer = guarded(context, "end of headers", [&](Session& session) {
    session.end_of_headers();
    return quiet(session.agreed().no_reply_end_of_headers);
  });
  return or_quiet(answer, context, &Capabilities::no_reply_end_of_headers);
}

sfsistat on_body(SMFICTX* context, unsigned char* octets, size_t count) noexcept {
  return guarded(context, "body", [&](Session& session) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets are read as text everywhere else.
    const std::string_view chunk(reinterpret_cast<const char*>(octets), count);
    try {
      return code(session.body(chunk));
    } catch (...) {
      report_internal_error("body");
      session.fail();
    }
    return code(session.body(chunk));  // Deferred at its end, which makes its record, too.
  });
}

sfsistat on_end_of_message(SMFICTX* context) noexcept {
  return guarded(context, "end of message", [&](Session& session) {
    MilterEditor editor(context);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    try {
      return code(session.end_of_message(macro(context, "i"), now, editor));
    } catch (...) {
      report_internal_error("end of message");
      session.fail();
    }
    // Deferred, with its record. If not even that can be made, the barrier defers it.
    try {
      return code(session.end_of_message("", now, editor));
    } catch (...) {
      session.abort();
      throw;
    }
  });
}

sfsistat on_abort(SMFICTX* context) noexcept {
  const Running running(connection_of(context));
  if (Session* session = session_of(context)) {
    session->abort();
  }
  return SMFIS_CONTINUE;
}

sfsistat on_close(SMFICTX* context) noexcept {
  Connection* const connection = connection_of(context);
  if (connection != nullptr) {
    connection->age.enter();  // Until it is gone.
  }
  delete connection;  // NOLINT(cppcoreguidelines-owning-memory): libmilter held the pointer.
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

}  // extern "C"

}  // namespace

bool register_callbacks(Services services, CallbackAges& ages) {
  shared_services.emplace(services);
  shared_ages = &ages;
  static const std::string name = "assayd";
  smfiDesc description{};
  description.xxfi_name = c_string(name);
  description.xxfi_version = SMFI_VERSION;
  // What a configuration may need; the negotiation asks for it connection by connection.
  description.xxfi_flags = wanted_actions();
  description.xxfi_connect = on_connect;
  description.xxfi_helo = on_helo;
  description.xxfi_envfrom = on_mail_from;
  description.xxfi_envrcpt = on_recipient;
  description.xxfi_header = on_header;
  description.xxfi_eoh = on_end_of_headers;
  description.xxfi_body = on_body;
  description.xxfi_eom = on_end_of_message;
  description.xxfi_abort = on_abort;
  description.xxfi_close = on_close;
  description.xxfi_negotiate = on_negotiate;
  return smfi_register(description) == MI_SUCCESS;
}

}  // namespace assay::milter
