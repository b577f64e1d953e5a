#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::config {

/// The octets of the file at an absolute path: at most a few more than `most`, so that the caller sees that it is
/// passed. The error says why it cannot be read: "No such file or directory".
using ReadFile = std::function<Parsed<std::string>(const std::string& path, std::size_t most)>;

/// Reads from the disk. Refuses what is no regular file: a named pipe would never end.
[[nodiscard]] Parsed<std::string> read_regular_file(const std::string& path, std::size_t most);
/// As above, but any file: the shell's <(...) is a pipe.
[[nodiscard]] Parsed<std::string> read_any_file(const std::string& path, std::size_t most);

/// The files that one configuration is read from: those of YAML, and the lists of names that they refer to.
class Files {
 public:
  explicit Files(ReadFile read) : read_(std::move(read)) {}

  /// Notes a file, as it is named in messages; its number is for Mark::file.
  std::size_t add(const std::string& name);
  [[nodiscard]] const std::shared_ptr<const std::string>& name(std::size_t file) const { return names_.at(file); }

  /// The absolute path of `path`, relative to the folder of that file.
  [[nodiscard]] std::string resolve(const std::string& path, std::size_t file) const;

  /// The octets of a file, the same ones however often it is asked for. Valid until the object dies.
  [[nodiscard]] const Parsed<std::string>& read(const std::string& path, std::size_t most);

 private:
  ReadFile read_;
  std::vector<std::shared_ptr<const std::string>> names_;
  std::map<std::string, Parsed<std::string>> contents_;
};

}  // namespace assay::config
