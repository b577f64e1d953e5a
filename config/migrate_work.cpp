#include "config/migrate_work.h"

#include <algorithm>
#include <utility>

#include "verify/base/text.h"

namespace assay::config {
namespace {

/// Longer than any sentence here; lists of what was left out may be longer still.
constexpr std::size_t kMaxWhyOctets = 400;

bool is_true(const std::string& value) {
  return !value.empty() && std::string_view("tTyY1").find(value.front()) != std::string_view::npos;
}

/// Gives a line its status, unless one of its uses (On-Default has several) is in the YAML.
void settle(PeerLine& line, LineStatus status, const std::string& why) {
  if (line.result.status != LineStatus::Migrated) {
    line.result.status = status;
    line.result.why = why;
  }
}

}  // namespace

Work::Work(const std::vector<PeerFile>& files) : files_(4) {
  for (const PeerFile& file : files) {
    auto read = read_peer_lines(file);
    lines.insert(lines.end(), std::make_move_iterator(read.begin()), std::make_move_iterator(read.end()));
    if (file.peer == Peer::Hosts) {
      host_files.push_back(file.name);
    } else {
      files_[static_cast<std::size_t>(file.peer)] = file.name;
    }
  }
}

bool Work::has(Peer peer) const {
  return !file(peer).empty();
}

std::size_t Work::program_count() const {
  return static_cast<std::size_t>(
      std::count_if(files_.begin(), files_.end(), [](const std::string& name) { return !name.empty(); }));
}

bool Work::verifies(Peer peer) {
  if (!has(peer)) {
    return false;
  }
  const std::string mode = text(peer, "Mode");
  return (peer != Peer::OpenDkim && peer != Peer::OpenArc) || mode.empty() || mode.find('v') != std::string::npos ||
         (peer == Peer::OpenArc && mode.find('s') == std::string::npos);
}

bool Work::signs(Peer peer) {
  if (!has(peer) || (peer != Peer::OpenDkim && peer != Peer::OpenArc)) {
    return false;
  }
  const std::string mode = text(peer, "Mode");
  return mode.empty() || mode.find('s') != std::string::npos ||
         (peer == Peer::OpenArc && mode.find('v') == std::string::npos);
}

PeerLine* Work::find(Peer peer, const char* option) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const PeerLine& line) {
    return line.counts && line.peer == peer && line.known != nullptr && std::string_view(option) == line.known->name;
  });
  return found == lines.end() ? nullptr : &*found;
}

bool Work::flag(Peer peer, const char* option) {
  return is_true(text(peer, option));
}

std::optional<int> Work::number(Peer peer, const char* option) {
  int value = 0;
  const PeerLine* const line = find(peer, option);
  if (line == nullptr || !parse_peer_number(peer, line->result.value, value)) {
    return std::nullopt;
  }
  return value;
}

std::string Work::text(Peer peer, const char* option) {
  const PeerLine* const line = find(peer, option);
  return line == nullptr ? std::string() : line->result.value;
}

void Work::migrated(PeerLine& line, const std::string& key, const std::string& why) {
  noted(line, key, why);
  draft.say(key, origin(line) + (why.empty() ? "" : ": " + comment_text(why, kMaxWhyOctets)));
}

void Work::noted(PeerLine& line, const std::string& key, const std::string& why) {
  line.result.status = LineStatus::Migrated;
  line.result.key = key;
  line.result.why = why;
}

void Work::noted_in_rules(PeerLine& line, Peer peer, const std::string& why) {
  noted(line, "policy.rules", why);
  line.in_rules_of = peer;
}

void Work::add_rule(Peer peer, const std::string& name, const std::string& when, const std::string& then, bool observe,
                    std::vector<std::string> comments) {
  with_rules_.insert(peer);
  draft.add_rule(name, when, then, observe, std::move(comments));
}

void Work::same(PeerLine& line, const std::string& why) {
  settle(line, LineStatus::Default, why.empty() && line.known != nullptr ? line.known->why : why);
}

void Work::no_equal(PeerLine& line, const std::string& why) {
  settle(line, LineStatus::NoEqual, why);
}

void Work::signing(PeerLine& line, const std::string& why) {
  settle(line, LineStatus::Signing, why);
}

std::string Work::origin(const PeerLine& line) {
  // Of files of hosts there may be several of one name.
  std::string text = comment_text(line.peer == Peer::Hosts ? line.result.file : base_name(line.result.file)) + ":" +
                     std::to_string(line.result.line);
  for (const std::string& part : {line.result.option, line.result.value}) {
    text += part.empty() ? "" : " " + comment_text(part);
  }
  return text;
}

std::string Work::silent(Peer peer, const char* option, const std::string& value, const std::string& key,
                         const std::string& why) {
  silent_.push_back({file(peer), option, value, key, why});
  return comment_text(base_name(file(peer))) + " does not set " + option + ": " + value + " is the default of " +
         to_string(peer) + (why.empty() ? "" : "; " + why);
}

std::string Work::file(Peer peer) const {
  return files_.at(static_cast<std::size_t>(peer));
}

Migration Work::finish() {
  Migration migration;
  migration.yaml = draft.yaml();
  migration.silent = std::move(silent_);
  for (PeerLine& line : lines) {
    if (line.result.key == "policy.rules" && line.in_rules_of && with_rules_.count(*line.in_rules_of) == 0) {
      line.result.status = LineStatus::Default;
      line.result.key.clear();
      line.result.why = "without effect: nothing here becomes a rule of " + std::string(to_string(*line.in_rules_of));
    }
    migration.lines.push_back(std::move(line.result));
  }
  return migration;
}

}  // namespace assay::config
