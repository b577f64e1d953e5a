#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzed_dns.h"
#include "verify/arc/set.h"
#include "verify/arc/verify.h"
#include "verify/dkim/tag_list.h"
#include "verify/limits.h"
#include "verify/message/split.h"

using namespace assay;

/// Input: header fields, of which those of ARC are a chain; the value of the first is read by itself, too.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Limits limits;
  const auto text = fuzz::as_text(data, size);
  const auto message = message::split(text);
  const std::string_view value = message.fields.empty() ? text : std::string_view(message.fields.front().value);

  if (const auto results = arc::parse_results(value)) {
    fuzz::require(results->instance >= 1 && results->instance <= arc::kMaxInstance);
    fuzz::require(fuzz::is_inside(results->payload, value));
  }
  const auto tags = dkim::TagList::parse(value, limits.tags);
  static_cast<void>(arc::read_chain_validation(tags));
  if (const auto instance = arc::read_instance(tags)) {
    fuzz::require(*instance >= 1 && *instance <= arc::kMaxInstance);
  }

  message::HeaderBlock headers;
  for (const auto& field : message.fields) {
    headers.add(field.name, field.value);
  }
  message::BodyDigests body;
  const auto chain = arc::Chain::collect(headers, body, limits);
  body.update(message.body);
  body.finish();
  // At most two keys for each set, all of which can be asked for, each once.
  const auto questions = chain.key_questions();
  fuzz::require(questions.size() <= 2 * limits.arc_sets);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    fuzz::require(dns::is_askable(questions[i].name) && questions[i].type == dns::Type::TXT);
    fuzz::require(std::count(questions.begin(), questions.end(), questions[i]) == 1);
  }
  // Without keys nothing passes, and a chain is there or is not, whatever DNS says.
  const bool has_fields = !headers.find("ARC-Seal").empty() || !headers.find("ARC-Message-Signature").empty() ||
                          !headers.find("ARC-Authentication-Results").empty();
  for (const char* const zone : {"", "* TXT !t", "* TXT !b", "* TXT v=DKIM1; p="}) {
    fuzz::FuzzedDns dns(zone);
    dkim::HeaderHashes hashes(headers);
    auto effort = dkim::Effort::for_chain(dkim::Effort::for_signatures(hashes, limits), limits);
    const auto outcome = chain.verify(body, dns, effort, limits, Time{std::chrono::seconds(1'750'000'000)});
    fuzz::require(outcome.status == (has_fields ? arc::Status::Fail : arc::Status::None));
    fuzz::require(outcome.hops.empty() && !outcome.oldest_pass && outcome.sealers.size() <= arc::kMaxInstance);
  }
  return 0;
}
