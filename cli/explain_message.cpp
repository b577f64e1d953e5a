#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/control_client.h"
#include "cli/explain.h"
#include "cli/find_records.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "cli/record_sources.h"
#include "cli/verbs.h"
#include "observe/printable.h"
#include "observe/record_reader.h"

namespace assay::cli {
namespace {

struct Options {
  std::string queue_id;
  std::vector<std::string> records;
  std::optional<std::string> socket;
  bool json = false;
};

constexpr std::size_t kMaxShownOctets = 4000;

/// The story of one record, or the record itself where it is not whole enough to be told.
std::string story(const std::string& line, const Paint& paint) {
  observe::RecordReader reader(observe::Depth::Everything);
  observe::Record record;
  const observe::Line what = reader.read(line, record);
  if (what == observe::Line::Record) {
    return explain_recorded(record, paint);
  }
  if (what == observe::Line::Incomplete && reader.is_tellable()) {
    return explain_recorded(record, paint) + "\nThe record is not whole (" +
           observe::printable(reader.why(), kMaxShownOctets) + "): there is more than is told here.\n";
  }
  return "This record cannot be told by this version (" + observe::printable(reader.why(), kMaxShownOctets) +
         "). It says:\n" + observe::printable(line, line.size()) + '\n';
}

void print_stories(const Options& options, const Found& found) {
  const Paint paint(wants_colour());
  const std::size_t count = found.records.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (options.json) {
      std::cout << found.records[i] << '\n';
      continue;
    }
    if (count > 1) {
      std::cout << (i == 0 ? "" : "\n")
                << paint.bold("=== " + std::to_string(i + 1) + " of " + std::to_string(count) +
                              " messages with this queue id")
                << "\n\n";
    }
    std::cout << story(found.records[i], paint);
  }
  if (found.omitted != 0) {
    complain(with_commas(found.omitted) + " more messages with this queue id are not told");
  }
}

/// What may be wrong with what was searched.
const char* doubt(const RecordSources& sources, const Found& found) {
  if (found.lines == 0) {
    // journalctl says nothing of entries that it may not read.
    return sources.has_journal() ? "; only root and the group systemd-journal see all of a journal" : "";
  }
  return found.has_records ? "" : "; none of them is a decision record: assayd writes them with log: {format: json}";
}

/// Says what was searched, and what to do.
void tell_none(const Options& options, const RecordSources& sources, const Found& found) {
  complain("no decision record of " + options.queue_id + " among " + with_commas(found.lines) + " lines of " +
           sources.names() + doubt(sources, found) +
           (found.is_sampled ? "; of ordinary messages only some are logged there (log.sample)" : ""));
  for (const std::string& line : found.log_lines) {
    std::cout << observe::printable(line, kMaxShownOctets) << '\n';
  }
}

int run_explain(const Options& options) {
  auto sources = options.records.empty() ? RecordSources::of_daemon(options.socket, options.queue_id)
                                         : RecordSources::given(options.records, options.queue_id);
  if (!sources) {
    return complain(sources.error());
  }
  const Found found = find_records(options.queue_id, sources->files());
  const std::string problem = sources->finish();
  if (!problem.empty()) {
    complain(problem);
  }
  print_stories(options, found);
  if (!found.is_whole || !problem.empty()) {
    return kExitUsage;
  }
  if (found.records.empty()) {
    tell_none(options, *sources, found);
    return kExitFound;
  }
  return kExitDone;
}

}  // namespace

void add_explain(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand(
      "explain",
      "Finds the decision record of a past message by its queue id, and tells its story: what `assay verify --explain` "
      "tells, as far as a record holds it. It holds no DNS answers, SPF terms or hashes.");
  verb->group(kVerbs);
  verb->add_option("QUEUE-ID", options->queue_id, "The MTA's queue id, as its log has it.")->type_name("")->required();
  verb->add_option("--records", options->records,
                   "Where to look: files of decision records (log.format: json), plain or compressed by gzip; - for "
                   "standard input; the word journal for the system's journal. Default: where the running assayd logs, "
                   "with the files that logrotate made of it.")
      ->type_name("FILE|journal");
  verb->add_option("--socket", options->socket,
                   "The control socket of the assayd that is asked where it logs. Default: /run/assay/control.sock.")
      ->type_name("SOCKET");
  verb->add_flag("--json", options->json, "Print the records, one JSON object a line.");
  verb->footer(
      "MTAs use a queue id again in time: every message found is told, the oldest\n"
      "first.\n\n"
      "Exit status: 0 found; 1 no record of it (what was searched is said, and log\n"
      "lines of other kinds that name it are printed); 2 usage, or something that\n"
      "cannot be read.\n\n"
      "Examples:\n"
      "  assay explain 4XyZ1\n"
      "  assay explain 4XyZ1 --records /var/log/assay/records.json*\n"
      "  assay explain 4XyZ1 --records journal");
  verb->callback([options, &run] { run = [options] { return run_explain(*options); }; });
}

}  // namespace assay::cli
