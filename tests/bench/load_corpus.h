#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mta/events.h"
#include "mta/message.h"
#include "tests/bench/load_results.h"

namespace assay::bench {

/// One message of a corpus, with its envelope and the right answer.
struct Sample {
  std::string file;
  mta::Client client;
  std::string helo;
  mta::Envelope envelope;
  mta::Message message;
  std::size_t octets = 0;
  Expected expected;
  /// It must get a verdict, whatever that is and however long it takes ("affected" in the manifest): for runs in which
  /// DNS fails for some messages on purpose, and the others count.
  bool is_affected = false;
};

/// Which messages of a corpus are sent; empty or negative: any.
struct Selection {
  std::string size;  ///< "10k"
  std::string kind;  ///< "good"
  int signatures = -1;
  int arc_sets = -1;
  std::size_t limit = 0;  ///< At most so many; 0: all.
};

/// The messages that make_corpus wrote to `folder`. Throws std::runtime_error if there are none, or files cannot be
/// read.
[[nodiscard]] std::vector<Sample> read_corpus(const std::string& folder, const Selection& selection);

}  // namespace assay::bench
