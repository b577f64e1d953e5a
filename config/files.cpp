#include "config/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace assay::config {
namespace {

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

tl::unexpected<ParseError> fail(int error) {
  return parse_error(std::generic_category().message(error));
}

Parsed<std::string> read_octets(const Descriptor& file, std::size_t most) {
  constexpr std::size_t kChunkOctets = 65536;
  std::string text;
  std::vector<char> chunk(kChunkOctets);
  while (text.size() <= most) {
    const auto count = ::read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(errno);
    }
    if (count == 0) {
      break;
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Parsed<std::string> read_any_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.get() < 0 ? Parsed<std::string>(fail(errno)) : read_octets(file, most);
}

Parsed<std::string> read_regular_file(const std::string& path, std::size_t most) {
  // O_NONBLOCK: opening a named pipe would wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return fail(errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(EISDIR);
  }
  if (!S_ISREG(status.st_mode)) {
    return parse_error("is not a regular file");
  }
  return read_octets(file, most);
}

std::size_t Files::add(const std::string& name) {
  const auto found = std::find_if(names_.begin(), names_.end(), [&name](const auto& other) { return *other == name; });
  if (found != names_.end()) {
    return static_cast<std::size_t>(found - names_.begin());
  }
  names_.push_back(std::make_shared<const std::string>(name));
  return names_.size() - 1;
}

std::string Files::resolve(const std::string& path, std::size_t file) const {
  const std::filesystem::path folder = std::filesystem::path(*name(file)).parent_path();
  std::error_code error;
  const auto absolute = std::filesystem::absolute(folder / path, error);
  return (error ? folder / path : absolute).lexically_normal().string();
}

const Parsed<std::string>& Files::read(const std::string& path, std::size_t most) {
  const auto found = contents_.find(path);
  return found != contents_.end() ? found->second : contents_.emplace(path, read_(path, most)).first->second;
}

}  // namespace assay::config
