#include "verify/dkim/trace.h"

#include "verify/dkim/checks.h"
#include "verify/dkim/verify.h"

namespace assay::dkim {

Trace begin_trace(const Signature& signature, const message::HeaderBlock& headers, std::size_t field,
                  const Limits& limits, Time now) {
  Trace trace;
  trace.field = headers[field].value;
  trace.signature = signature;
  trace.times = check_times(signature, limits, now);
  trace.key_name = key_question(signature).name;
  return trace;
}

Trace begin_trace(const Signature& signature, HeaderHashes& hashes, std::size_t field, const message::BodyDigests& body,
                  message::BodyDigests::Id body_id, const Limits& limits, Time now) {
  Trace trace = begin_trace(signature, hashes.headers(), field, limits, now);
  trace.header_hash = hashes.hash(signature, field, &trace.header_octets);
  trace.body_hash = body.value(body_id);
  trace.body = check_body(signature, body, body_id);
  return trace;
}

void note_key(Trace& trace, const dns::Answer& answer, const KeyCheck& check) {
  trace.key_answer = answer.status;
  trace.key_records = answer.texts.size();
  if (const Reason lookup = check_answer(answer.status); lookup != Reason::None) {
    trace.key = lookup;
    trace.key_detail = answer.detail;
    return;
  }
  if (check.position) {
    trace.key_record = answer.texts[*check.position];
  }
  if (check.reason == Reason::None || check.reason == Reason::SignatureMismatch) {
    trace.key = Reason::None;
    trace.headers = check.reason;
  } else {
    trace.key = check.reason;
    trace.key_detail = check.detail;
  }
}

}  // namespace assay::dkim
