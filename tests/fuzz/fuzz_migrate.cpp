#include <algorithm>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/migrate.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"

using namespace assay;

/// Input: files of other programs, separated by octets 0; the first octet of each says whose it is.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostFiles = 6;
  auto rest = fuzz::as_text(data, size);
  std::vector<config::PeerFile> files;
  while (!rest.empty() && files.size() < kMostFiles) {
    auto text = fuzz::take_part(rest);
    const auto peer = text.empty() ? 0U : static_cast<unsigned char>(text.front()) % 5U;
    text.remove_prefix(std::min<std::size_t>(text.size(), 1));
    files.push_back({static_cast<config::Peer>(peer), "/etc/file" + std::to_string(files.size()), std::string(text)});
  }
  const auto migration = config::migrate(files);
  if (!migration) {
    fuzz::require(!migration.error().empty());
    return 0;
  }
  // What is written loads without a problem, and is ASCII, so that no comment ends where a file says so.
  fuzz::require(std::all_of(migration->yaml.begin(), migration->yaml.end(),
                            [](char c) { return is_ascii(c) && (!is_control(c) || c == '\n'); }));
  const auto no_files = [](const std::string& /*path*/, std::size_t /*most*/) -> Parsed<std::string> {
    return std::string();
  };
  fuzz::require(config::load_text(migration->yaml, "assay.yaml", "mx.example.net", no_files).has_value());

  // Every line that says anything is there, in order, once.
  const config::MigratedLine* last = nullptr;
  for (const config::MigratedLine& line : migration->lines) {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const auto& each) { return each.name == line.file; });
    fuzz::require(file != files.end() && line.line >= 1);
    fuzz::require(line.line <= std::count(file->text.begin(), file->text.end(), '\n') + 1);
    fuzz::require(last == nullptr || last->file != line.file || last->line < line.line);
    fuzz::require((line.status == config::LineStatus::Migrated) == !line.key.empty());
    fuzz::require(!line.key.empty() || !line.why.empty());
    last = &line;
  }
  for (const config::PeerFile& file : files) {
    std::string_view text = file.text;
    for (int number = 1; !text.empty(); ++number) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      // A letter in front says something in all of these formats.
      if (!line.empty() && is_alpha(line.front())) {
        fuzz::require(std::any_of(migration->lines.begin(), migration->lines.end(),
                                  [&](const auto& each) { return each.file == file.name && each.line == number; }));
      }
    }
  }
  return 0;
}
