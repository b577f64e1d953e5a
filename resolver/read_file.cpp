#include "resolver/read_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace assay::resolver {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

Parsed<std::string, std::string> cannot_read(const std::string& path) {
  return failure("cannot read " + path + ": " + std::generic_category().message(errno));
}

}  // namespace

Parsed<std::string, std::string> read_file(const std::string& path, std::size_t max_octets) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    return cannot_read(path);
  }
  std::string text;
  std::array<char, 65536> chunk{};
  while (true) {
    const std::size_t octets = std::fread(chunk.data(), 1, chunk.size(), file.get());
    if (octets == 0) {
      break;
    }
    if (text.size() + octets > max_octets) {
      return failure(path + " holds more than " + std::to_string(max_octets) + " octets");
    }
    text.append(chunk.data(), octets);
  }
  if (std::ferror(file.get()) != 0) {
    return cannot_read(path);
  }
  return text;
}

}  // namespace assay::resolver
