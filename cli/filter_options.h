#pragma once

#include <string>
#include <vector>

#include "cli/input.h"

namespace CLI {
class App;
}

namespace assay::cli {

/// The options that choose messages, as given.
struct FilterOptions {
  std::vector<std::string> from_domain;
  std::vector<std::string> action;
  std::vector<std::string> rule;
  std::vector<std::string> result;
  std::vector<std::string> client_ip;
};

void add_filter_options(CLI::App& verb, FilterOptions& options);

/// The request that follows what they choose; an error tells which of them is wrong.
[[nodiscard]] Input<std::string> tail_request(const FilterOptions& options);

}  // namespace assay::cli
