#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/input.h"

namespace assay::cli {

/// The word that stands for the journal in place of a file.
inline constexpr const char* kJournal = "journal";

/// Files to read decision records from. Keeps journalctl's output open while it exists.
class RecordSources {
 public:
  RecordSources() = default;
  ~RecordSources();
  RecordSources(RecordSources&& other) noexcept;
  RecordSources& operator=(RecordSources&&) = delete;
  RecordSources(const RecordSources&) = delete;
  RecordSources& operator=(const RecordSources&) = delete;

  /// What --records names: files, "-", and "journal", for which journalctl is started and asked for the entries that
  /// assayd gave this queue id (observe::journal_fields).
  [[nodiscard]] static Input<RecordSources> given(const std::vector<std::string>& words, const std::string& queue_id);
  /// Where the assayd that serves `socket` writes its log: its file with those that logrotate made of it, or the
  /// journal.
  [[nodiscard]] static Input<RecordSources> of_daemon(const std::optional<std::string>& socket,
                                                      const std::string& queue_id);

  /// To be opened, the oldest first.
  [[nodiscard]] const std::vector<std::string>& files() const noexcept { return files_; }
  /// Whether the journal is among them.
  [[nodiscard]] bool has_journal() const noexcept { return has_journal_; }
  /// For people.
  [[nodiscard]] std::string names() const;
  /// Words if journalctl, which must have been read to its end, failed; empty otherwise.
  [[nodiscard]] std::string finish();

 private:
  [[nodiscard]] std::string start_journalctl(const std::string& queue_id);

  std::vector<std::string> files_;
  std::vector<std::string> names_;
  bool has_journal_ = false;
  int descriptor_ = -1;  ///< journalctl's output.
  int process_ = -1;
};

/// `path` and what logrotate made of it (PATH.1, PATH-20261122, PATH.2.gz ...), as far as it is there, oldest first.
[[nodiscard]] std::vector<std::string> with_rotated(const std::string& path);

}  // namespace assay::cli
