#include "cli/dump.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "cli/reasons.h"
#include "verify/arc/trace.h"
#include "verify/base/base64.h"
#include "verify/base/escape.h"
#include "verify/crypto/digest.h"
#include "verify/dkim/checks.h"
#include "verify/dkim/trace.h"
#include "verify/message/body.h"

namespace assay::cli {
namespace {

std::string error_words(const std::string& path, int error) {
  return path + ": " + std::generic_category().message(error);
}

/// A new file, hashed as it is written.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)),
        // O_EXCL: neither an existing file nor what a symbolic link points to is touched.
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)),
        error_(file_ < 0 ? errno : 0),
        digest_(crypto::Hash::Sha256) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (file_ >= 0) {
      ::close(file_);
    }
  }

  void write(std::string_view octets) {
    digest_.update(octets);
    octets_ += octets.size();
    while (error_ == 0 && !octets.empty()) {
      const ssize_t written = ::write(file_, octets.data(), octets.size());
      if (written >= 0) {
        octets.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
  }

  /// Ends the file: its line of the index, or what went wrong.
  [[nodiscard]] Input<DumpLine> finish(const std::string& name) {
    if (file_ >= 0 && ::close(std::exchange(file_, -1)) != 0 && error_ == 0) {
      error_ = errno;
    }
    if (error_ != 0) {
      return failure(error_words(path_, error_));
    }
    return DumpLine{name, octets_, encode_base64(digest_.finish().view()), {}};
  }

 private:
  std::string path_;
  int file_;
  int error_;
  crypto::Digest digest_;
  std::size_t octets_ = 0;
};

/// Writes the files of one message.
class Dump {
 public:
  Dump(const std::string& folder, std::string_view body) : folder_(folder), body_(body) {}

  /// `stem` is the name without its end; `skipped` says why there is nothing if there is none.
  void add(const std::string& stem, const dkim::Trace* trace, bool covers_body, const std::string& skipped) {
    if (error_) {
      return;
    }
    if (trace == nullptr || !trace->signature) {
      lines_.push_back({stem, 0, {}, skipped});
      return;
    }
    NewFile headers(folder_ + '/' + stem + ".header");
    headers.write(trace->header_octets);
    keep(headers.finish(stem + ".header"), "");
    if (covers_body) {
      add_body(stem, *trace);
    }
  }

  [[nodiscard]] Input<std::vector<DumpLine>> take() {
    if (error_) {
      return failure(*error_);
    }
    return std::move(lines_);
  }

 private:
  /// The verifier's own canonicalization, once more: it keeps no body.
  void add_body(const std::string& stem, const dkim::Trace& trace) {
    NewFile file(folder_ + '/' + stem + ".body");
    message::BodyDigests digests;
    const auto id = digests.require(dkim::body_digest_spec(*trace.signature));
    digests.copy_to(id, [&file](std::string_view octets) { file.write(octets); });
    digests.update(body_);
    digests.finish();
    const auto& claimed = trace.signature->body_hash;
    const auto actual = digests.value(id).view();
    const bool is_same = std::equal(actual.begin(), actual.end(), claimed.begin(), claimed.end());
    keep(file.finish(stem + ".body"), is_same ? "equals bh=" : "differs from bh=" + encode_base64(claimed));
  }

  void keep(Input<DumpLine> line, const std::string& note) {
    if (!line) {
      error_ = line.error();
      return;
    }
    line->note = note;
    lines_.push_back(*std::move(line));
  }

  const std::string& folder_;
  std::string_view body_;
  std::vector<DumpLine> lines_;
  std::optional<std::string> error_;
};

const dkim::Trace* get(const std::optional<dkim::Trace>& trace) {
  return trace ? &*trace : nullptr;
}

}  // namespace

Input<std::string> open_dump_folder(const std::string& path) {
  std::error_code error;
  if (::mkdir(path.c_str(), S_IRWXU) == 0) {
    return path;
  }
  if (errno != EEXIST) {
    return failure(error_words(path, errno));
  }
  if (!std::filesystem::is_directory(path, error)) {
    return failure(path + ": not a folder; name a new or an empty one");
  }
  const bool is_empty = std::filesystem::is_empty(path, error);
  if (error) {
    return failure(error_words(path, error.value()));
  }
  if (!is_empty) {
    return failure(path + ": the folder is not empty; nothing is overwritten, so name a new or an empty one");
  }
  return path;
}

Input<std::vector<DumpLine>> dump_canonical(const std::string& folder, const Verdict& verdict, std::string_view body) {
  Dump dump(folder, body);
  for (std::size_t i = 0; i < verdict.dkim.size(); ++i) {
    const dkim::Outcome& outcome = verdict.dkim[i];
    dump.add("dkim-" + std::to_string(i + 1), outcome.trace.get(), true, in_words(outcome.reason));
  }
  if (verdict.arc.trace) {
    const std::string skipped =
        verdict.arc.status == arc::Status::Pass ? "not verified: only newer ones are" : in_words(verdict.arc.reason);
    const auto& sets = verdict.arc.trace->sets;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      const std::string stem = "arc-" + std::to_string(i + 1);
      dump.add(stem + "-ams", get(sets[i].message_signature), true, skipped);
      if (sets[i].relaxed_signature) {
        dump.add(stem + "-ams-relaxed", get(sets[i].relaxed_signature), true, skipped);
      }
      dump.add(stem + "-seal", get(sets[i].seal), false, skipped);
    }
  }
  return dump.take();
}

std::string to_text(const std::vector<DumpLine>& lines, const std::string& folder) {
  std::string text =
      "Octets hashed, in " + escape(folder) + (lines.empty() ? ": none, there is no signature\n" : ":\n");
  for (const DumpLine& line : lines) {
    text += "  " + line.name;
    if (line.sha256.empty()) {
      text += ": nothing was hashed, " + line.note;
    } else {
      text += ' ' + std::to_string(line.octets) + " octets, sha256 " + line.sha256;
      text += line.note.empty() ? "" : ", " + line.note;
    }
    text += '\n';
  }
  return text;
}

}  // namespace assay::cli
