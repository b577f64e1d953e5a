#include "cli/record_sources.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/control_client.h"
#include "cli/daemon_view.h"
#include "observe/journal_fields.h"
#include "verify/base/escape.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared by its user.

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

/// Whether `rest` is what logrotate puts behind a name: .1, .2.gz, -20261122, -20261122.gz, -20261122-1763820309. What
/// is compressed otherwise (compresscmd) is one, too: whoever reads it says that it cannot be read.
bool is_rotation(std::string_view rest) {
  for (const std::string_view compressed : {".gz", ".xz", ".zst", ".bz2"}) {
    if (rest.ends_with(compressed)) {
      rest.remove_suffix(compressed.size());
      break;
    }
  }
  return rest.size() > 1 && (rest.front() == '.' || rest.front() == '-') &&
         rest.find_first_not_of("0123456789-", 1) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> with_rotated(const std::string& path) {
  const fs::path file(path);
  const std::string name = file.filename().string();
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator entry(file.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    const std::string its_name = entry->path().filename().string();
    const bool is_one =
        its_name == name || (its_name.starts_with(name) && is_rotation(std::string_view(its_name).substr(name.size())));
    std::error_code unknown;
    if (is_one && entry->is_regular_file(unknown)) {
      found.emplace_back(entry->last_write_time(unknown), entry->path().string());
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  paths.reserve(found.size());
  for (auto& [time, its_path] : found) {
    paths.push_back(std::move(its_path));
  }
  return paths;
}

RecordSources::~RecordSources() {
  static_cast<void>(finish());
}

RecordSources::RecordSources(RecordSources&& other) noexcept
    : files_(std::move(other.files_)),
      names_(std::move(other.names_)),
      has_journal_(other.has_journal_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      process_(std::exchange(other.process_, -1)) {}

/// Words if it cannot be started.
std::string RecordSources::start_journalctl(const std::string& queue_id) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return "cannot make a pipe: " + std::generic_category().message(errno);
  }
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  // What came by log.target: journald has its queue id in a field. What came by stderr or syslog has no fields, and is
  // looked through.
  std::vector<std::string> words{"journalctl",
                                 "--quiet",
                                 "--no-pager",
                                 "--output=cat",
                                 "--identifier=assayd",
                                 "ASSAY_QUEUE_ID=" + escape(queue_id, observe::kMaxFieldValueOctets),
                                 "+",
                                 "_TRANSPORT=stdout",
                                 "+",
                                 "_TRANSPORT=syslog"};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const int error = ::posix_spawnp(&process_, "journalctl", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    process_ = -1;
    return "cannot run journalctl: " + std::generic_category().message(error);
  }
  descriptor_ = ends[0];
  return {};
}

Input<RecordSources> RecordSources::given(const std::vector<std::string>& words, const std::string& queue_id) {
  RecordSources sources;
  if (std::count(words.begin(), words.end(), "-") > 1 || std::count(words.begin(), words.end(), kJournal) > 1) {
    return failure(std::string("standard input (-) and the journal can be given once each"));
  }
  for (const std::string& word : words) {
    sources.names_.push_back(word == "-" ? "standard input" : word == kJournal ? "the journal of assayd" : word);
    if (word != kJournal) {
      sources.files_.push_back(word);
      continue;
    }
    sources.has_journal_ = true;
    if (std::string problem = sources.start_journalctl(queue_id); !problem.empty()) {
      return failure(std::move(problem));
    }
    sources.files_.push_back("/dev/fd/" + std::to_string(sources.descriptor_));
  }
  return sources;
}

Input<RecordSources> RecordSources::of_daemon(const std::optional<std::string>& socket, const std::string& queue_id) {
  const auto why = [](const std::string& problem) {
    return failure(problem + "; name the files with --records FILE..., or --records journal");
  };
  auto client = ControlClient::connect(socket);
  if (!client) {
    return why(client.error());
  }
  const auto line = client->ask(R"({"command":"status"})");
  if (!line) {
    return why(line.error());
  }
  const auto view = read_daemon_view(*line);
  if (!view) {
    return why(view.error());
  }
  if (view->log_target == "journald") {
    return given({kJournal}, queue_id);
  }
  if (!view->log_target.starts_with('/')) {
    return why("assayd logs to " + view->log_target + ", which cannot be searched from here");
  }
  std::vector<std::string> files = with_rotated(view->log_target);
  if (files.empty()) {
    return why("assayd logs to " + view->log_target + ", which cannot be seen from here");
  }
  return given(files, queue_id);
}

std::string RecordSources::names() const {
  std::string words;
  for (const std::string& name : names_) {
    words += (words.empty() ? "" : ", ") + name;
  }
  return words;
}

std::string RecordSources::finish() {
  if (process_ < 0) {
    return {};
  }
  ::close(std::exchange(descriptor_, -1));
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::string() : std::string("journalctl failed");
}

}  // namespace assay::cli
