#include "config/load.h"

#include <utility>

#include "config/drop_ins.h"
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

/// A file of YAML.
struct Source {
  std::string path;
  std::string text;
};

/// The files as one map, each laid over those before it.
Parsed<YamlNode, std::vector<Finding>> read_sources(const std::vector<Source>& sources, Findings& findings) {
  std::vector<Finding> malformed;
  YamlNode all;
  for (const Source& source : sources) {
    auto root = read_yaml(source.text, findings.files().add(source.path));
    if (!root) {
      malformed.insert(malformed.end(), root.error().begin(), root.error().end());
    } else if (root->kind == YamlNode::Kind::Map) {
      report_repeated_keys(findings, *root);
      all.kind = YamlNode::Kind::Map;
      merge(all, *root);
    } else if (root->kind != YamlNode::Kind::Null) {
      findings.add(root->mark, "the file must consist of keys with values, such as \"mode: enforce\"");
    }
  }
  if (!malformed.empty()) {
    return failure(std::move(malformed));
  }
  return all;
}

Loaded load(const std::vector<Source>& sources, const ReadFile& read, const std::string& host_name) {
  Files files(read);
  Findings findings(files);
  const auto root = read_sources(sources, findings);
  if (!root) {
    return to_problems(root.error(), files);
  }
  Settings settings = default_settings(host_name);
  Section section(findings, *root);
  read_options(section, options(), settings);
  if (!findings.empty()) {
    return to_problems(findings.take(), files);
  }
  settings.fingerprint = fingerprint(settings);
  return settings;
}

tl::unexpected<std::vector<Problem>> fail(const std::string& file, const std::string& what) {
  return failure(std::vector<Problem>{{file, 0, 0, what}});
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
  return load({{file, text}}, read, host_name);
}

Loaded load_with_drop_ins(const std::string& text, const std::string& path, const std::string& host_name) {
  std::vector<Source> sources{{path, text}};
  if (const std::string folder = drop_in_folder(path); !folder.empty()) {
    const auto drop_ins = list_drop_ins(folder);
    if (!drop_ins) {
      return fail(folder, drop_ins.error().what);
    }
    for (const std::string& drop_in : *drop_ins) {
      auto content = read_regular_file(drop_in, kMaxConfigOctets);
      if (!content) {
        return fail(drop_in, "cannot be read: " + content.error().what);
      }
      sources.push_back({drop_in, *std::move(content)});
    }
  }
  return load(sources, read_regular_file, host_name);
}

Loaded load_file(const std::string& path, const std::string& host_name) {
  const auto text = read_any_file(path, kMaxConfigOctets);
  return text ? load_with_drop_ins(*text, path, host_name) : fail(path, "cannot be read: " + text.error().what);
}

}  // namespace assay::config
