#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/node.h"
#include "verify/base/parsed.h"

namespace assay::config {

/// The most drop-in files of one configuration.
inline constexpr std::size_t kMaxDropIns = 100;

/// The folder of what is read beside the file at `path`: X.d for X.yaml; empty if its name ends otherwise.
[[nodiscard]] std::string drop_in_folder(const std::string& path);

/// The paths of the files in the folder whose names end in .yaml and do not begin with a dot, in the order of their
/// octets; none if there is no such folder. The error says why it cannot be read.
[[nodiscard]] Parsed<std::vector<std::string>> list_drop_ins(const std::string& folder);

/// Lays the map `later` over the map `settings`: its values count instead of those of the same keys, but maps are
/// merged key by key, and policy.rules are appended. Of keys that `later` repeats, the first counts. Only a value of
/// the option's own kind takes the place of another: an empty `policy:` or `rules: {...}` removes nothing. What does
/// not count, for either reason, is kept in YamlNode::overridden, so that it can be checked as well.
void merge(YamlNode& settings, const YamlNode& later);

}  // namespace assay::config
