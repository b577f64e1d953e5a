#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/input.h"
#include "config/settings.h"
#include "observe/record.h"
#include "policy/facts.h"
#include "resolver/backend.h"
#include "resolver/lookups.h"
#include "verify/base/time.h"
#include "verify/dmarc/public_suffixes.h"
#include "verify/message/split.h"

namespace assay::cli {

/// What messages are judged with. Any number of them, one after the other.
struct Engine {
  config::Settings settings;
  std::shared_ptr<resolver::Backend> backend;
  std::shared_ptr<const dmarc::PublicSuffixes> public_suffixes;  ///< Null unless dmarc.compare_psl is on.
};

/// Opens the zone files, or gets ready to ask servers, as `settings` say.
[[nodiscard]] Input<Engine> make_engine(config::Settings settings);

/// The configuration of that file, or the defaults. What is wrong with it comes on one line.
[[nodiscard]] Input<config::Settings> load_settings(const std::optional<std::string>& path);

/// One message with the connection that it came by.
struct Mail {
  policy::Facts facts;
  message::SplitMessage message;
  Time now{};  ///< When it came.
};

/// The envelope as given on a command line, addresses with or without angle brackets; no `mail_from`: no envelope.
[[nodiscard]] policy::Facts envelope_facts(const std::string& helo, const std::optional<std::string>& mail_from,
                                           const std::vector<std::string>& rcpt);

/// Verifies and decides as assayd would; the record that it would write. `lookups` (of the engine's backend) then tells
/// what was asked. `trace`: with what explain() needs.
[[nodiscard]] observe::Record judge(const Engine& engine, const Mail& mail, resolver::Lookups& lookups, bool trace);

}  // namespace assay::cli
