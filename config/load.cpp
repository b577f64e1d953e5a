#include "config/load.h"

#include <utility>

#include "config/files.h"
#include "config/fingerprint.h"
#include "config/node.h"
#include "config/options.h"
#include "config/reader.h"

namespace assay::config {
namespace {

tl::unexpected<std::vector<Problem>> to_problems(std::vector<Finding> findings, const Files& files) {
  std::vector<Problem> problems;
  problems.reserve(findings.size());
  for (Finding& finding : findings) {
    problems.push_back(
        {*files.name(finding.mark.file), finding.mark.line, finding.mark.column, std::move(finding.message)});
  }
  return failure(std::move(problems));
}

Loaded load(const std::string& text, Files& files, const std::string& host_name) {
  auto root = read_yaml(text);
  if (!root) {
    return to_problems(std::move(root.error()), files);
  }
  Findings findings(files);
  report_repeated_keys(findings, *root);
  Settings settings = default_settings(host_name);
  Section section(findings, *root);
  read_options(section, options(), settings);
  if (!findings.empty()) {
    return to_problems(findings.take(), files);
  }
  settings.fingerprint = fingerprint(settings);
  return settings;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  return text + ": " + problem.message;
}

Loaded load_text(const std::string& text, const std::string& file, const std::string& host_name, const ReadFile& read) {
  Files files(read);
  files.add(file);
  return load(text, files, host_name);
}

Loaded load_file(const std::string& path, const std::string& host_name) {
  Files files(read_regular_file);
  files.add(path);
  const auto text = read_any_file(path, kMaxConfigOctets);
  if (!text) {
    return failure(std::vector<Problem>{{path, 0, 0, "cannot be read: " + text.error().what}});
  }
  return load(*text, files, host_name);
}

}  // namespace assay::config
