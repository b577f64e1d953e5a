#pragma once

#include <string>

namespace assay {

/// A library as the running program found it, and as it was when the program was built.
struct LibraryVersion {
  const char* name = "";
  std::string running;
  std::string built;
};

}  // namespace assay
