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

std::vector<Problem> to_problems(std::vector<Finding> findings, const Files& files) {
  std::vector<Problem> problems;
  problems.reserve(findings.size());
  for (Finding& finding : findings) {
    problems.push_back(
        {*files.name(finding.mark.file), finding.mark.line, finding.mark.column, std::move(finding.message)});
  }
  return problems;
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

/// Notes where the elements of the lists below `node` stand; `path` is that of `node`.
void find_elements(const YamlNode& node, const std::string& path, const Files& files, Reading& reading) {
  for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i) {
    const YamlNode& value = node.items[i];
    const std::string below = (path.empty() ? "" : path + ".") + node.keys[i].text;
    if (value.kind == YamlNode::Kind::Map) {
      find_elements(value, below, files, reading);
    } else if (value.kind == YamlNode::Kind::List) {
      std::vector<policy::Place>& places = reading.elements[below];
      for (const YamlNode& item : value.items) {
        places.push_back({files.name(item.mark.file), item.mark.line, item.mark.column});
      }
    }
  }
}

Reading read(const std::vector<Source>& sources, const ReadFile& read_file, const std::string& host_name) {
  Reading reading;
  reading.settings = default_settings(host_name);
  Files files(read_file);
  Findings findings(files);
  const auto root = read_sources(sources, findings);
  if (!root) {
    reading.problems = to_problems(root.error(), files);
    return reading;
  }
  Section section(findings, *root);
  read_options(section, options(), reading.settings);
  reading.problems = to_problems(findings.take(), files);
  find_elements(*root, {}, files, reading);
  return reading;
}

Loaded to_loaded(Reading reading) {
  if (!reading.problems.empty()) {
    return failure(std::move(reading.problems));
  }
  reading.settings.fingerprint = fingerprint(reading.settings);
  return std::move(reading.settings);
}

Problem unreadable(const std::string& file, const std::string& why) {
  return {file, 0, 0, why};
}

/// The file and its drop-ins.
Parsed<std::vector<Source>, Problem> find_sources(const std::string& text, const std::string& path,
                                                  const ReadFile& read_file) {
  std::vector<Source> sources{{path, text}};
  if (const std::string folder = drop_in_folder(path); !folder.empty()) {
    const auto drop_ins = list_drop_ins(folder);
    if (!drop_ins) {
      return failure(unreadable(folder, drop_ins.error().what));
    }
    for (const std::string& drop_in : *drop_ins) {
      auto content = read_file(drop_in, kMaxConfigOctets);
      if (!content) {
        return failure(unreadable(drop_in, "cannot be read: " + content.error().what));
      }
      sources.push_back({drop_in, *std::move(content)});
    }
  }
  return sources;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  return text + ": " + problem.message;
}

Loaded load_text(const std::string& text, const std::string& file, const std::string& host_name,
                 const ReadFile& read_file) {
  return to_loaded(read({{file, text}}, read_file, host_name));
}

Reading read_with_drop_ins(const std::string& text, const std::string& path, const std::string& host_name,
                           const ReadFile& read_file) {
  auto sources = find_sources(text, path, read_file);
  if (!sources) {
    return {default_settings(host_name), {std::move(sources.error())}, {}};
  }
  return read(*sources, read_file, host_name);
}

Loaded load_with_drop_ins(const std::string& text, const std::string& path, const std::string& host_name,
                          const ReadFile& read_file) {
  return to_loaded(read_with_drop_ins(text, path, host_name, read_file));
}

Loaded load_file(const std::string& path, const std::string& host_name) {
  const auto text = read_any_file(path, kMaxConfigOctets);
  if (!text) {
    return failure(std::vector<Problem>{unreadable(path, "cannot be read: " + text.error().what)});
  }
  return load_with_drop_ins(*text, path, host_name);
}

}  // namespace assay::config
