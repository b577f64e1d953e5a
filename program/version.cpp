#include "program/version.h"

namespace assay::program {

std::string version_text(std::string_view program, const std::vector<LibraryVersion>& libraries) {
  std::string text(program);
  text +=
      " " ASSAY_VERSION "\nBuilt by " ASSAY_COMPILER ", type " ASSAY_BUILD_TYPE ", sanitizers " ASSAY_SANITIZERS "\n";
  const char* separator = "";
  for (const LibraryVersion& library : libraries) {
    text += separator + std::string(library.name) + ' ' + library.running;
    if (library.running != library.built) {
      text += " (built with " + library.built + ')';
    }
    separator = ", ";
  }
  return text;
}

}  // namespace assay::program
