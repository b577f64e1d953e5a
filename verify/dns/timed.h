#pragma once

#include <chrono>

#include "verify/dns/answer.h"

namespace assay::dns {

/// How long the answer to a question took, for people.
struct Timed {
  Question question;
  Status status = Status::TempFail;
  std::chrono::milliseconds took{0};
};

}  // namespace assay::dns
