#include "milter/runtime.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "config/checks.h"
#include "config/files.h"
#include "config/node.h"
#include "resolver/psl.h"
#include "verify/base/escape.h"

namespace assay::milter {

namespace {

/// How long one reload waits for files that are being rewritten in place, all of them together.
constexpr std::chrono::milliseconds kMoment{10};
constexpr int kMaxMoments = 30;

/// Reads as `read` does, but waits for a file that is empty, while `moments` are left, and refuses it then. An empty
/// file may be meant at a start; on a reload it is more likely half of an edit.
config::ReadFile wait_for_content(config::ReadFile read, int& moments) {
  return [read = std::move(read), &moments](const std::string& path, std::size_t most) -> Parsed<std::string> {
    for (;; --moments) {
      auto text = read(path, most);
      if (!text || !text->empty()) {
        return text;
      }
      if (moments <= 0) {
        return parse_error(
            "it is empty, which on a reload looks like a file that is being written; write a comment into one that "
            "shall say nothing");
      }
      std::this_thread::sleep_for(kMoment);
    }
  };
}

/// A link to nothing is there, and an error.
bool is_absent(const std::string& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() == std::filesystem::file_type::not_found;
}

}  // namespace

RuntimeSource::RuntimeSource(std::string path, Overrides overrides, std::string host_name, WhenAbsent absent)
    : path_(std::move(path)), overrides_(std::move(overrides)), host_name_(std::move(host_name)), absent_(absent) {}

config::Loaded RuntimeSource::read_configuration(bool is_reload, bool& has_file) const {
  int moments = kMaxMoments;
  const auto patiently = [&](config::ReadFile read) {
    return is_reload ? wait_for_content(std::move(read), moments) : read;
  };
  const auto fail = [this](const std::string& why) {
    return failure(std::vector<config::Problem>{{path_, 0, 0, why}});
  };
  has_file = !is_absent(path_);
  while (!has_file && has_file_ && moments-- > 0) {
    std::this_thread::sleep_for(kMoment);
    has_file = !is_absent(path_);
  }
  std::string text;
  if (has_file || absent_ == WhenAbsent::Fail) {
    auto content = patiently(config::read_any_file)(path_, config::kMaxConfigOctets);
    if (!content) {
      return fail("cannot be read: " + content.error().what);
    }
    text = *std::move(content);
  } else if (has_file_) {
    return fail("is gone: on a reload that looks like a file that is being replaced; restart for the defaults");
  }
  return config::load_with_drop_ins(text, path_, host_name_, patiently(config::read_regular_file));
}

std::vector<std::string> RuntimeSource::load() {
  const std::lock_guard<std::mutex> loading(load_mutex_);
  bool has_file = false;
  config::Loaded loaded = read_configuration(current() != nullptr, has_file);
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
  has_file_ = has_file;
  const std::lock_guard<std::mutex> swapping(current_mutex_);
  current_ = std::move(next);
  return {};
}

std::shared_ptr<const Runtime> RuntimeSource::current() const {
  const std::lock_guard<std::mutex> lock(current_mutex_);
  return current_;
}

}  // namespace assay::milter
