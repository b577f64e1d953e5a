#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "verify/dns/answer.h"

namespace assay::resolver {

/// SipHash-1-3 of `text`, a hash that nobody finds collisions for without knowing the key (Aumasson and Bernstein,
/// "SipHash: a fast short-input PRF").
[[nodiscard]] std::uint64_t sip_hash(std::string_view text, const std::array<std::uint64_t, 2>& key) noexcept;

/// The hash by which the tables of this process find a question. Its key is drawn when the process starts: senders
/// choose the names that are asked, and must not be able to choose names that meet in one bucket.
[[nodiscard]] std::uint64_t question_hash(const dns::Question& question) noexcept;

/// For containers of the standard library.
struct QuestionHash {
  [[nodiscard]] std::size_t operator()(const dns::Question& question) const noexcept { return question_hash(question); }
};

}  // namespace assay::resolver
