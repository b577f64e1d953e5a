#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::config {

/// Whose configuration file a text is.
enum class Peer : std::uint8_t {
  OpenDkim,    ///< opendkim.conf(5)
  OpenDmarc,   ///< opendmarc.conf(5)
  OpenArc,     ///< openarc.conf(5)
  PolicydSpf,  ///< policyd-spf.conf(5)
  Hosts,  ///< One host or network a line, as OpenDMARC's IgnoreHosts and OpenDKIM's InternalHosts and PeerList name.
};
[[nodiscard]] const char* to_string(
    Peer peer) noexcept;  ///< "OpenDKIM", "OpenDMARC", "OpenARC", "policyd-spf", "hosts"

struct PeerFile {
  Peer peer = Peer::OpenDkim;
  std::string name;  ///< Of the file, for comments and to find the option that names it.
  std::string text;  ///< Any octets.
};

/// What became of a line.
enum class LineStatus : std::uint8_t {
  Migrated,  ///< It is in the YAML, at `key`.
  Default,   ///< assayd does so anyway.
  NoEqual,   ///< assayd cannot or shall not do so.
  Signing,   ///< Belongs to a program that signs, which assayd is not.
  Unknown,   ///< The program itself does not know it, or cannot read it.
};
[[nodiscard]] const char* to_string(LineStatus status) noexcept;  ///< "migrated", "default", "no_equal" ...

/// A line of a file that is neither empty nor a comment. The texts are as in the file, whatever octets they hold; a
/// password is left out.
struct MigratedLine {
  std::string file;
  int line = 0;
  std::string option;  ///< Empty in a list of hosts.
  std::string value;
  LineStatus status = LineStatus::Unknown;
  std::string key;  ///< Where in the YAML, `policy.published`; empty unless Migrated.
  std::string why;  ///< A sentence, or empty where `key` says all.
};

/// What a program does because its file says nothing, written out where assayd would do otherwise by itself.
struct SilentDefault {
  std::string file;
  std::string option;
  std::string value;
  std::string key;  ///< Empty if there is nothing to write.
  std::string why;
};

struct Migration {
  std::string yaml;                 ///< Loads without a problem. ASCII; at its end, in comments, what is not in it.
  std::vector<MigratedLine> lines;  ///< In the order of the files.
  std::vector<SilentDefault> silent;
};

/// Of one file. Larger ones are no configuration files of these programs.
inline constexpr std::size_t kMaxPeerFileOctets = std::size_t{256} << 10U;
/// Of all files together.
inline constexpr std::size_t kMaxPeerLines = 4000;
/// A longer line is listed as unknown: the programs read no more than 1024 octets at once.
inline constexpr std::size_t kMaxPeerLineOctets = 1022;
/// Octets of a value that are shown in the YAML's comments.
inline constexpr std::size_t kMaxShownOctets = 120;

/// Writes a configuration that treats inbound mail as the programs do whose files are given, each file of a program at
/// most once. Every line of every file is in `lines`, so that nothing is lost in silence. An error, a sentence, only if
/// a bound is passed or a file is given twice. Pure; reads none of the files that the options name.
[[nodiscard]] Parsed<Migration, std::string> migrate(const std::vector<PeerFile>& files);

}  // namespace assay::config
