#pragma once

#include <cstddef>

#include "verify/dns/answer.h"

namespace assay::resolver {

/// The most that `answer.parsed` will take, in octets of the heap: what SPF, DMARC and DKIM keep of its texts (an
/// RSA key of 2048 bits with its OpenSSL handles some 2,200). Told from the texts alone, before anybody has read them,
/// so that the cache need not count again when a message fills the memo. Zero where nothing is kept.
[[nodiscard]] std::size_t parsed_octets(const dns::Question& question, const dns::Answer& answer) noexcept;

}  // namespace assay::resolver
