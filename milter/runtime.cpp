#include "milter/runtime.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "config/checks.h"
#include "resolver/psl.h"
#include "verify/base/escape.h"

namespace assay::milter {

namespace {

/// Waits a moment for a file that is empty because it is being rewritten in place. An empty file means the defaults at
/// a start; on a reload it is more likely half of an edit. False if it stays empty. A file that cannot be looked at is
/// left to the loader's own error.
bool wait_until_written(const std::string& path) {
  constexpr std::chrono::milliseconds kMoment{10};
  constexpr int kMaxMoments = 30;
  std::error_code error;
  for (int moment = 0; moment < kMaxMoments; ++moment) {
    if (std::filesystem::file_size(path, error) != 0 || error) {
      return true;
    }
    std::this_thread::sleep_for(kMoment);
  }
  return false;
}

}  // namespace

RuntimeSource::RuntimeSource(std::string path, Overrides overrides, std::string host_name)
    : path_(std::move(path)), overrides_(std::move(overrides)), host_name_(std::move(host_name)) {}

std::vector<std::string> RuntimeSource::load() {
  const std::lock_guard<std::mutex> loading(load_mutex_);
  if (!path_.empty() && current() != nullptr && !wait_until_written(path_)) {
    return {path_ + ": the file is empty: on a reload that looks like one that is being written"};
  }
  config::Loaded loaded =
      path_.empty() ? config::load_text("", "defaults", host_name_) : config::load_file(path_, host_name_);
  if (!loaded) {
    std::vector<std::string> problems;
    problems.reserve(loaded.error().size());
    for (const config::Problem& problem : loaded.error()) {
      problems.push_back(config::to_string(problem));
    }
    return problems;
  }
  if (overrides_.listen) {
    if (const auto complaint = config::check_listen(*overrides_.listen)) {
      return {"--listen: \"" + escape(*overrides_.listen) + "\" " + *complaint};
    }
  }
  auto next = std::make_shared<Runtime>();
  next->settings = *std::move(loaded);
  if (overrides_.listen) {
    next->settings.listen.address = *overrides_.listen;
  }
  if (!overrides_.zones.empty()) {
    next->settings.dns.zones = overrides_.zones;
  }
  next->own_ids.push_back(next->settings.authserv_id);
  next->own_ids.insert(next->own_ids.end(), next->settings.authserv_aliases.begin(),
                       next->settings.authserv_aliases.end());
  next->added_fields = policy::added_fields(next->settings.policy);

  if (next->settings.dmarc.compare_psl) {
    auto suffixes = resolver::load_public_suffixes();
    if (!suffixes) {
      return {"dmarc.compare_psl: " + suffixes.error()};
    }
    next->public_suffixes = *std::move(suffixes);
  }

  const auto previous = current();
  if (previous && previous->settings.dns == next->settings.dns && previous->dns->is_up_to_date()) {
    next->dns = previous->dns;
  } else {
    auto backend = resolver::make_backend(next->settings.dns);
    if (!backend) {
      return {"dns: " + backend.error()};
    }
    next->dns = *std::move(backend);
  }
  const std::lock_guard<std::mutex> swapping(current_mutex_);
  current_ = std::move(next);
  return {};
}

std::shared_ptr<const Runtime> RuntimeSource::current() const {
  const std::lock_guard<std::mutex> lock(current_mutex_);
  return current_;
}

}  // namespace assay::milter
