#include "config/load.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "config/fingerprint.h"
#include "config/node.h"
#include "config/options.h"
#include "config/reader.h"

namespace assay::config {
namespace {

tl::unexpected<std::vector<Problem>> to_problems(std::vector<Finding> findings, const std::string& file) {
  std::vector<Problem> problems;
  problems.reserve(findings.size());
  for (Finding& finding : findings) {
    problems.push_back({file, finding.mark.line, finding.mark.column, std::move(finding.message)});
  }
  return failure(std::move(problems));
}

/// The octets of a file, or one problem. Reads a little more than the bound, so that read_yaml sees that it is passed.
Parsed<std::string, std::vector<Finding>> read_octets(const std::string& path) {
  const auto fail = [](int error) {
    return failure(std::vector<Finding>{{{}, "cannot be read: " + std::generic_category().message(error)}});
  };
  constexpr std::size_t kChunkOctets = 65536;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) {
    return fail(errno);
  }
  std::string text;
  std::vector<char> chunk(kChunkOctets);
  while (text.size() <= kMaxConfigOctets) {
    errno = 0;
    const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    text.append(chunk.data(), count);
    if (std::ferror(file.get()) != 0) {
      return fail(errno);
    }
    if (count < chunk.size()) {
      break;
    }
  }
  return text;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  return text + ": " + problem.message;
}

Loaded load_text(const std::string& text, const std::string& file, const std::string& host_name) {
  auto root = read_yaml(text);
  if (!root) {
    return to_problems(std::move(root.error()), file);
  }
  Findings findings;
  Settings settings = default_settings(host_name);
  Section section(findings, *root);
  read_options(section, options(), settings);
  if (!findings.empty()) {
    return to_problems(findings.take(), file);
  }
  settings.fingerprint = fingerprint(settings);
  return settings;
}

Loaded load_file(const std::string& path, const std::string& host_name) {
  auto text = read_octets(path);
  if (!text) {
    return to_problems(std::move(text.error()), path);
  }
  return load_text(*text, path, host_name);
}

}  // namespace assay::config
