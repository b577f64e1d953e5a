#include <algorithm>
#include <string>

#include "resolver/zone_file.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"

using namespace assay;

/// Input: a zone file.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  resolver::Zones zones;
  if (const auto error = zones.add(text, "file")) {
    // "file:line: reason", of a line that the file has.
    fuzz::require(error->starts_with("file:"));
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    const int line = std::atoi(error->c_str() + std::string_view("file:").size());
    fuzz::require(line >= 1 && line <= lines && error->find(": ") != std::string::npos);
    return 0;
  }
  // Once more it adds nothing but is still well formed.
  resolver::Zones twice;
  fuzz::require(!twice.add(text, "file") && !twice.add("\n" + std::string(text), "again"));
  for (const char* const name : {"example.com", "a.example.com", "_dmarc.example.com", "com", "xyz.example.com", "x"}) {
    for (const auto type : {dns::Type::A, dns::Type::AAAA, dns::Type::MX, dns::Type::TXT, dns::Type::PTR}) {
      const auto answer = zones.answer({name, type});
      const auto again = twice.answer({name, type});
      fuzz::require(answer != nullptr && again != nullptr && answer->status == again->status);
      const std::size_t records =
          answer->texts.size() + answer->addresses.size() + answer->exchanges.size() + answer->names.size();
      fuzz::require((answer->status == dns::Status::Found) == (records > 0) && answer->status != dns::Status::Bogus);
      fuzz::require(answer->texts == again->texts && answer->addresses == again->addresses &&
                    answer->names == again->names);
      fuzz::require(type == dns::Type::TXT || answer->texts.empty());
      fuzz::require(answer->ttl.count() >= 0);
    }
  }
  // RFC 8020: below a name that does not exist nothing does.
  if (zones.answer({"example.com", dns::Type::A})->status == dns::Status::NxDomain) {
    fuzz::require(zones.answer({"deep.down.example.com", dns::Type::A})->status == dns::Status::NxDomain);
  }
  return 0;
}
