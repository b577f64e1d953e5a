#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/settings.h"
#include "resolver/backend.h"
#include "verify/dmarc/public_suffixes.h"

namespace assay::milter {

/// Everything a message needs to be judged, immutable: a message holds on to the one it started with, so that a reload
/// never shows half of the old and half of the new.
struct Runtime {
  config::Settings settings;
  std::vector<std::string> own_ids;       ///< authserv_id and its aliases.
  std::vector<std::string> added_fields;  ///< Names of the fields that rules of the policy add, each once.
  std::shared_ptr<resolver::Backend> dns;
  std::shared_ptr<const dmarc::PublicSuffixes> public_suffixes;  ///< Null unless dmarc.compare_psl is on.
};

/// What the command line fixes, whatever the file says.
struct Overrides {
  std::optional<std::string> listen;
  std::vector<std::string> zones;
};

/// What a configuration file that does not exist means.
enum class WhenAbsent : std::uint8_t {
  Fail,
  UseDefaults,  ///< Looked for again at every load; its drop-ins count without it, too.
};

/// The runtime in force, and how to make the next one. Thread-safe.
class RuntimeSource {
 public:
  RuntimeSource(std::string path, Overrides overrides, std::string host_name, WhenAbsent absent = WhenAbsent::Fail);

  /// Reads the configuration and puts it in force. On error everything stays as it was, and the text of each problem is
  /// returned. Once one is in force, a file that is empty (a drop-in and a file of names, too), or gone since, is
  /// waited for a moment, then refused: it looks like one that is being written.
  /// The DNS backend with its cache is kept when neither the dns section nor the servers of resolv.conf changed; zone
  /// files and the public suffix list are always read again.
  [[nodiscard]] std::vector<std::string> load();

  /// The runtime in force; null before the first successful load().
  [[nodiscard]] std::shared_ptr<const Runtime> current() const;

 private:
  [[nodiscard]] config::Loaded read_configuration(bool is_reload, bool& has_file) const;

  std::string path_;
  Overrides overrides_;
  std::string host_name_;
  WhenAbsent absent_;
  bool has_file_ = false;  ///< Whether the configuration in force has the file at `path_`. Under load_mutex_.
  std::mutex load_mutex_;  ///< One load at a time.
  mutable std::mutex current_mutex_;
  std::shared_ptr<const Runtime> current_;
};

}  // namespace assay::milter
