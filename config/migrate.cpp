#include "config/migrate.h"

#include <algorithm>
#include <array>

#include "config/migrate_work.h"
#include "config/node.h"

namespace assay::config {
namespace {

/// The comments of a YAML document.
std::vector<std::string> comments_of(const std::string& yaml) {
  std::vector<std::string> comments;
  for (std::size_t start = 0; start < yaml.size();) {
    const auto end = std::min(yaml.find('\n', start), yaml.size());
    const auto text = std::min(yaml.find_first_not_of(' ', start), end);
    if (text < end && yaml[text] == '#') {
      comments.push_back(yaml.substr(std::min(text + 2, end), end - std::min(text + 2, end)));
    }
    start = end + 1;
  }
  return comments;
}

/// The lines that the comments above the keys do not name, as comments below them: nobody must look for a line in vain.
std::string closing_comment(const Migration& migration) {
  constexpr std::size_t kMaxWhyOctets = 400;
  auto above = comments_of(migration.yaml);
  std::sort(above.begin(), above.end());
  const auto is_above = [&](const std::string& origin) {
    const auto found = std::lower_bound(above.begin(), above.end(), origin);
    return found != above.end() && found->compare(0, origin.size(), origin) == 0;
  };
  std::string text;
  const auto block = [&](LineStatus status, const char* heading) {
    bool is_first = true;
    for (const MigratedLine& line : migration.lines) {
      PeerLine shown;
      shown.peer = line.option.empty() ? Peer::Hosts : Peer::OpenDkim;
      shown.result = line;
      const std::string origin = Work::origin(shown);
      if (line.status != status || (status == LineStatus::Migrated && is_above(origin))) {
        continue;
      }
      if (is_first) {
        text += std::string("\n# ") + heading + "\n";
        is_first = false;
      }
      const std::string why = (line.key.empty() || line.why.empty() ? line.key : line.key + ": ") + line.why;
      text += "#   " + origin + (why.empty() ? "" : " -- " + comment_text(why, kMaxWhyOctets)) + "\n";
    }
  };
  block(LineStatus::Migrated, "Taken over in what stands above:");
  block(LineStatus::NoEqual, "Not taken over:");
  block(LineStatus::Unknown, "Not understood, by the program itself or here:");
  block(LineStatus::Signing, "About signing, which assayd does not do:");
  block(LineStatus::Default, "As assayd does anyway:");
  return text;
}

Parsed<void, std::string> check_bounds(const std::vector<PeerFile>& files) {
  std::size_t line_count = 0;
  std::array<bool, 4> is_given{};
  for (const PeerFile& file : files) {
    if (file.text.size() > kMaxPeerFileOctets) {
      return failure(file.name + " is larger than " + std::to_string(kMaxPeerFileOctets >> 10U) +
                     " KiB: is it the right file?");
    }
    line_count += static_cast<std::size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
    if (file.peer != Peer::Hosts) {
      bool& given = is_given.at(static_cast<std::size_t>(file.peer));
      if (given) {
        return failure("two files of " + std::string(to_string(file.peer)) + ": give one at a time");
      }
      given = true;
    } else if (std::any_of(files.data(), &file, [&](const PeerFile& other) {
                 return other.peer == Peer::Hosts && other.name == file.name;
               })) {
      return failure(file.name + " is given twice");
    }
  }
  if (line_count > kMaxPeerLines) {
    return failure("the files have more than " + std::to_string(kMaxPeerLines) +
                   " lines together: are they the right ones?");
  }
  return {};
}

}  // namespace

const char* to_string(Peer peer) noexcept {
  switch (peer) {
    case Peer::OpenDkim: return "OpenDKIM";
    case Peer::OpenDmarc: return "OpenDMARC";
    case Peer::OpenArc: return "OpenARC";
    case Peer::PolicydSpf: return "policyd-spf";
    case Peer::Hosts: return "hosts";
  }
  return "";
}

const char* to_string(LineStatus status) noexcept {
  switch (status) {
    case LineStatus::Migrated: return "migrated";
    case LineStatus::Default: return "default";
    case LineStatus::NoEqual: return "no_equal";
    case LineStatus::Signing: return "signing";
    case LineStatus::Unknown: return "unknown";
  }
  return "";
}

Parsed<Migration, std::string> migrate(const std::vector<PeerFile>& files) {
  if (auto bounds = check_bounds(files); !bounds) {
    return failure(std::move(bounds.error()));
  }
  Work work(files);
  migrate_names(work);
  migrate_sockets(work);
  migrate_dns(work);
  migrate_log(work);
  migrate_hosts(work);
  migrate_limits(work);
  // In the order in which mail met the programs: SPF before the body, then DKIM, then DMARC.
  migrate_spf(work);
  migrate_dkim(work);
  migrate_dmarc(work);
  Migration migration = work.finish();
  std::string head = "# Written by assay config migrate from";
  for (const PeerFile& file : files) {
    head += (&file == &files.front() ? " " : ", ") + comment_text(base_name(file.name));
  }
  migration.yaml = head +
                   ".\n# Each key stands below the lines that it comes from; what became of the others is told "
                   "at the end.\n\n" +
                   migration.yaml + closing_comment(migration);
  if (migration.yaml.size() > kMaxConfigOctets) {
    return failure(
        std::string("the configuration would be larger than 1 MiB, which assayd does not read: are they the "
                    "right files?"));
  }
  return migration;
}

}  // namespace assay::config
