#include "milter/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "milter/control.h"
#include "milter/forged_fields.h"
#include "milter/own_domain.h"
#include "observe/log.h"
#include "policy/decide.h"
#include "policy/facts.h"
#include "policy/redact.h"
#include "policy/stamp.h"
#include "resolver/lookups.h"
#include "verify/authres/format.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"
#include "verify/verification.h"

namespace assay::milter {
namespace {

/// Recipients of one message. RFC 5321 section 4.5.3.1.8 asks for at least 100.
constexpr std::size_t kMaxRecipients = 10'000;

const policy::Reply draining_reply{421, "4.3.2", "Service is restarting, try again later"};
const policy::Reply too_many_messages_reply{451, "4.3.2", "Too many messages at a time, try again later"};
const policy::Reply internal_error_reply{451, "4.3.0", "Message could not be verified, try again later"};
const policy::Reply too_many_recipients_reply{452, "4.5.3", "Too many recipients"};  // RFC 5321 section 4.5.3.1.10
/// No genuine message has more than ForgedFields::kMax.
const policy::Reply too_many_forged_reply{552, "5.3.4", "Too many fields that only this site may write"};

bool contains(const std::vector<IpNetwork>& networks, const std::optional<IpAddress>& client) {
  return client && std::any_of(networks.begin(), networks.end(),
                               [&client](const IpNetwork& network) { return network.contains(*client); });
}

/// libmilter 8.17.1 appends the ESMTP parameters of an internationalized transaction to the path itself.
bool says_smtputf8(std::string_view argument) {
  const auto space = argument.rfind(' ');
  return iequals(space == std::string_view::npos ? argument : argument.substr(space + 1), "SMTPUTF8");
}

/// Sendmail's {v} is "8.17.1"; Postfix's is milter_macro_v, "Postfix 3.7.11" if nobody changed it.
bool is_sendmail(std::string_view version) {
  return !version.empty() && is_digit(version.front());
}

void count_forged(const std::vector<ForgedField>& fields, observe::Handling& handling) {
  for (const ForgedField& field : fields) {
    ++(iequals(field.name, "Authentication-Results") ? handling.forged_results : handling.forged_added);
  }
}

policy::Decision failed(std::string_view rule, policy::Action action, const policy::Reply& reply) {
  policy::Decision decision;
  decision.action = action;
  decision.rule = rule;
  decision.reply = reply;
  return decision;
}

/// The Authentication-Results field of a message, stamped or recorded.
std::string field_of(const Verdict& verdict, const policy::Facts& facts, const authres::Stamp& stamp) {
  return facts.local ? authres::format_unverified(stamp.authserv_id, facts.authenticated)
                     : authres::format(verdict, stamp);
}

}  // namespace

/// One message, from MAIL FROM to its end.
struct Session::Message {
  Message(std::shared_ptr<const Runtime> runtime_in_force, Gate& entered, bool sendmail_delivers)
      : runtime(std::move(runtime_in_force)),
        gate(entered),
        lookups(std::make_shared<resolver::Lookups>(runtime->dns)),
        plan(std::make_shared<Planner::Plan>(runtime->settings.limits, lookups, runtime->public_suffixes)),
        verification(runtime->settings.limits,
                     {runtime->settings.authserv_id, false, runtime->public_suffixes.get(), sendmail_delivers}),
        forged(runtime->own_ids, runtime->added_fields),
        begun(std::chrono::steady_clock::now()) {}
  ~Message() {
    plan->ended = true;
    gate.leave();
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  const std::shared_ptr<const Runtime> runtime;
  Gate& gate;
  const std::shared_ptr<resolver::Lookups> lookups;
  const std::shared_ptr<Planner::Plan> plan;
  Verification verification;
  policy::Facts facts;
  Recipients recipients;
  ForgedFields forged;
  const std::chrono::steady_clock::time_point begun;
  bool failed = false;  ///< Something broke; only the end of the message is still answered.
};

std::atomic<std::size_t> Session::open_sessions{0};

Session::Session(Services services) : services_(services) {
  open_sessions.fetch_add(1, std::memory_order_relaxed);
}

Session::~Session() {
  open_sessions.fetch_sub(1, std::memory_order_relaxed);
}

void Session::connect(std::string_view client_name, const std::optional<IpAddress>& client) {
  // Without memory for the name, say, mail would be judged as if nobody had sent it.
  is_whole_ = false;
  client_ = client;
  client_name_ = client_name;
  is_whole_ = true;
}

void Session::helo(std::string_view name) {
  const bool was_whole = std::exchange(is_whole_, false);
  helo_ = name;
  is_whole_ = was_whole;
}

Step Session::mail_from(std::string_view path, const std::vector<std::string_view>& arguments, MailMacros macros,
                        Editor& editor) {
  message_.reset();
  if (!is_whole_) {
    return refuse(internal_error_reply, editor);
  }
  auto runtime = services_.runtime.current();
  switch (services_.gate.enter(runtime->settings.messages)) {
    case Gate::Entry::Granted: break;
    case Gate::Entry::Closed: return refuse(draining_reply, editor);
    case Gate::Entry::Full:
      // Neither kept nor logged one by one: a flood must not cost what the bound saves.
      services_.metrics.exceeded(observe::Excess::Messages);
      return refuse(too_many_messages_reply, editor);
  }
  try {
    message_ = std::make_unique<Message>(std::move(runtime), services_.gate, is_sendmail(macros.mta_version));
  } catch (...) {
    services_.gate.leave();
    throw;
  }
  try {
    begin(path, arguments, std::move(macros));
  } catch (...) {
    message_.reset();  // The MTA hears that it did not begin, and sends no end.
    throw;
  }
  return Step::Continue;
}

void Session::begin(std::string_view path, const std::vector<std::string_view>& arguments, MailMacros macros) {
  const config::LocalMail& local = message_->runtime->settings.local;
  policy::Facts& facts = message_->facts;
  facts.client_ip = client_;
  facts.client_name = client_name_;
  facts.helo = helo_;
  facts.mail_from = message::read_smtp_path(path, macros.address);
  facts.has_envelope = true;
  facts.queue_id = std::move(macros.queue_id);
  facts.tls = std::move(macros.tls);
  facts.authenticated = std::move(macros.authenticated);
  facts.internationalized = says_smtputf8(path) || std::any_of(arguments.begin(), arguments.end(), says_smtputf8);
  facts.local = contains(local.networks, client_) || (local.skip_authenticated && !facts.authenticated.empty());
  if (contains(local.trusted_authserv, client_)) {
    message_->forged.keep_results();
  }
  if (facts.local) {
    message_->forged.keep_added();
  }
  if (!facts.local) {
    message_->verification.client(client_, helo_);
    message_->verification.mail_from(facts.mail_from);
    const auto at_hand = [&lookups = *message_->lookups](const dns::Question& question) {
      return lookups.at_hand(question);
    };
    if (message_->verification.evaluate_client(at_hand)) {
      message_->plan->client_is_planned = true;
    } else {
      services_.planner.update(message_->plan, message_->verification.known());
    }
  }
}

Step Session::recipient(std::string_view path, const std::optional<std::string>& address, Editor& editor) {
  if (!message_) {
    return Step::Continue;
  }
  if (message_->facts.rcpt.size() == kMaxRecipients) {
    // One that is not kept would still get a message that is redirected away from the others.
    services_.metrics.exceeded(observe::Excess::Recipients);
    return refuse(too_many_recipients_reply, editor);
  }
  message_->facts.rcpt.push_back(message::read_smtp_path(path, address));
  message_->recipients.add(path);
  return Step::Continue;
}

void Session::header(std::string_view name, std::string_view value) {
  if (!message_ || message_->failed) {
    return;
  }
  Message& message = *message_;
  // Without HDR_LEADSPC the MTA took away the one space that nearly every field has after its colon.
  std::string restored;
  if (!agreed_.has_leading_space) {
    restored.append(" ").append(value);
    value = restored;
  }
  constexpr std::size_t kColonAndLineEnd = 3;
  message.facts.size += name.size() + value.size() + kColonAndLineEnd;
  message.forged.see(name, value);
  message.facts.resent = message.facts.resent || iequals(name, "Resent-From");
  if (!message.facts.local) {
    message.verification.header(name, value);
  }
}

void Session::end_of_headers() {
  if (!message_ || message_->failed || message_->facts.local) {
    return;
  }
  message_->verification.end_of_headers();
  services_.planner.update(message_->plan, message_->verification.known());
}

Step Session::body(std::string_view chunk) {
  bool wants_more = false;
  if (message_ && !message_->failed) {
    message_->facts.size += chunk.size();
    wants_more = !message_->facts.local && message_->verification.body(chunk);
  }
  return wants_more || !agreed_.can_skip ? Step::Continue : Step::Skip;
}

Step Session::end_of_message(std::string_view queue_id, Time now, Editor& editor) {
  if (!message_) {
    // An end without a beginning: nothing is known of the message, so it must wait.
    return refuse(internal_error_reply, editor);
  }
  if (!queue_id.empty()) {
    message_->facts.queue_id = queue_id;
  }
  const Step step = judge(now, editor);
  message_.reset();
  return step;
}

Step Session::judge(Time now, Editor& editor) {
  Message& message = *message_;
  const auto ended = std::chrono::steady_clock::now();
  const config::Settings& settings = message.runtime->settings;
  observe::Record record;
  record.time = now;
  record.settings = settings.fingerprint;
  observe::Handling handling;
  count_forged(message.forged.fields(), handling);
  if (message.failed || message.forged.too_many()) {
    // Nothing was evaluated: that must not read as if the domain had no policy.
    record.verdict.spf_mail_from.status = spf::Status::TempError;
    record.verdict.dmarc.status = dmarc::Status::TempError;
  }
  if (message.failed) {
    record.decision = failed(policy::kInternalError, policy::Action::TempFail, internal_error_reply);
  } else if (message.forged.too_many()) {
    services_.metrics.exceeded(observe::Excess::ForgedFields);
    record.decision = failed(policy::kForgedResults, policy::Action::Reject, too_many_forged_reply);
  } else if (message.facts.local) {
    record.decision = policy::decide(record.verdict, message.facts, settings.policy, record.time);
  } else {
    message.lookups->set_deadline(ended + settings.dns.message_deadline);
    record.verdict = message.verification.finish(*message.lookups, now);
    handling.is_verified = true;
    handling.fails_as_own = fails_as_own(record.verdict, settings.local.domains, settings.authserv_id);
    record.decision = policy::decide(record.verdict, message.facts, settings.policy, record.time);
  }
  const bool is_judged = !message.failed && !message.forged.too_many();
  const authres::Stamp stamp = policy::make_stamp(settings.authserv_id, message.facts, record.decision);
  if (is_judged) {
    record.authentication_results = field_of(record.verdict, message.facts, stamp);
  }
  const Step step = apply(record, message.forged.fields(), message.recipients, agreed_, editor);
  const auto judged = std::chrono::steady_clock::now();
  handling.wait_at_end = judged - ended;
  handling.since_mail_from = judged - message.begun;
  auto slow = services_.control != nullptr ? message.lookups->slower_than(observe::kSlow) : std::vector<dns::Timed>();
  if (settings.log.redact_local_parts) {
    std::erase_if(slow, [&message](const dns::Timed& answer) {
      return policy::may_hold_local_part(answer.question.name, message.facts);
    });
    policy::redact_local_parts(record.verdict, message.facts);
    policy::redact_local_parts(record.decision);
    record.is_redacted = true;
    if (is_judged) {
      record.authentication_results = field_of(record.verdict, message.facts, stamp);
    }
  }
  record.facts = std::move(message.facts);  // Last: a second try after an exception needs them.
  observe::log_record(record);
  services_.metrics.count(record, handling);
  if (services_.control != nullptr) {
    services_.control->note(record, slow);
  }
  return step;
}

void Session::abort() noexcept {
  message_.reset();
}

void Session::fail() noexcept {
  if (message_) {
    message_->failed = true;
  }
}

}  // namespace assay::milter
