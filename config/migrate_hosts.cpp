// Lists of hosts that a program lets through.

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "config/migrate_work.h"
#include "policy/proof.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// An element of a list.
struct Host {
  PeerLine* line = nullptr;  ///< nullptr: a program's default, of an option that is not set.
  PeerLine* by = nullptr;    ///< The line of the option that names its file; nullptr if none does.
  std::string text;
  bool is_negated = false;
  std::optional<IpNetwork> network;
  std::string name;  ///< As a pattern: `example.com`, or `*.example.com`.
  std::string fate;  ///< Where it went; empty if nowhere.
  std::string why;   ///< Why it went nowhere.
};

/// What one program lets through.
struct Listed {
  Peer peer = Peer::OpenDkim;
  std::vector<Host> hosts;
};

std::string to_text(const IpNetwork& network) {
  const unsigned all = network.address.is_v4() ? 32 : 128;
  return network.address.to_string() + (network.prefix_bits == all ? "" : "/" + std::to_string(network.prefix_bits));
}

bool covers(const IpNetwork& wide, const IpNetwork& narrow) {
  return wide.prefix_bits <= narrow.prefix_bits && wide.contains(narrow.address);
}

/// `text` with the bits beyond the prefix cleared, and without the brackets that the programs allow.
std::optional<IpNetwork> read_network(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '[' || c == ']'; }), text.end());
  const auto network = IpNetwork::parse(text);
  return network ? std::optional<IpNetwork>(*network) : std::nullopt;
}

/// A host or domain as a pattern; empty if it is neither. ".example.com" is all that is below it (dmarcf_checkhost()).
std::string read_name(const std::string& text) {
  const bool is_below = !text.empty() && text.front() == '.';
  const auto domain = read_peer_domain(text.substr(is_below ? 1 : 0), policy::kMinOwnedLabels);
  return !domain ? "" : (is_below ? "*." : "") + domain->str();
}

Host read_host(PeerLine& line, const std::string& text) {
  Host host;
  host.line = &line;
  host.text = text;
  host.is_negated = text.front() == '!';
  const std::string rest = text.substr(host.is_negated ? 1 : 0);
  host.network = read_network(rest);
  if (!host.network) {
    host.name = read_name(rest);
  }
  if (!host.network && host.name.empty()) {
    host.why = host.is_negated ? "is no exception that can be read" : "is neither a network nor a name";
  } else if (host.network && !host.is_negated && host.network->prefix_bits == 0) {
    host.network.reset();
    host.why = "covers every client, so that nothing would be verified";
  }
  return host;
}

/// Whether the value names a file rather than listing hosts (opendkim(8), DATA SETS). Takes the kind off.
bool takes_file(Peer peer, const std::string& option, std::string& value) {
  for (const char* const kind : {"refile:", "file:"}) {
    if (istarts_with(value, kind)) {
      value.erase(0, std::string_view(kind).size());
      return true;
    }
  }
  if (istarts_with(value, "csl:")) {
    value.erase(0, 4);
    return false;
  }
  const bool is_path = value.front() == '/' || value.compare(0, 2, "./") == 0 || value.compare(0, 3, "../") == 0;
  // OpenDMARC's IgnoreHosts and OpenARC's lists name a file always.
  return is_path || (peer == Peer::OpenDmarc && iequals(option, "IgnoreHosts"));
}

/// How many parts two paths have in common, counted from the end: 2 for /etc/opendkim/hosts and backup/opendkim/hosts.
std::size_t common_tail(std::string_view left, std::string_view right) {
  std::size_t count = 0;
  while (!left.empty() && !right.empty() && base_name(left) == base_name(right)) {
    ++count;
    for (std::string_view* const path : {&left, &right}) {
      const auto slash = path->rfind('/');
      *path = path->substr(0, slash == std::string_view::npos ? 0 : slash);
    }
  }
  return count;
}

/// An option that lists hosts, or names a file of them.
struct HostsOption {
  Peer peer;
  const char* name;
  /// Whether loopback is let through where it is not set: DEFINTERNAL of OpenDKIM, and the manuals of the others. What
  /// other options of the program say changes nothing in that.
  bool has_default;
};

constexpr std::array<HostsOption, 8> kHostsOptions{{{Peer::OpenDkim, "InternalHosts", true},
                                                    {Peer::OpenDkim, "PeerList", false},
                                                    {Peer::OpenDmarc, "IgnoreHosts", true},
                                                    {Peer::OpenArc, "InternalHosts", true},
                                                    {Peer::OpenArc, "PeerList", false},
                                                    {Peer::PolicydSpf, "skip_addresses", true},
                                                    {Peer::PolicydSpf, "Whitelist", false},
                                                    {Peer::PolicydSpf, "InternalHosts", false}}};

/// Whether the value is a data base.
bool is_database(const std::string& value) {
  constexpr std::array<const char*, 9> kKinds{
      "db:", "dsn:", "ldap:", "ldaps:", "lua:", "mdb:", "memcache:", "repute:", "socket:"};
  return std::any_of(kKinds.begin(), kKinds.end(), [&](const char* kind) { return istarts_with(value, kind); });
}

bool is_exception_within(const Host& exception, const Host& host) {
  if (exception.network && host.network) {
    return covers(*host.network, *exception.network);
  }
  if (exception.network) {
    return false;  // Names are matched before addresses, so that the exception does not reach them.
  }
  if (host.network || exception.name.empty()) {
    return true;  // A host of that name may have any address.
  }
  const auto bare = [](const std::string& name) { return name.substr(name.compare(0, 2, "*.") == 0 ? 2 : 0); };
  const std::string inner = bare(exception.name);
  const std::string outer = bare(host.name);
  return inner == outer ||
         (inner.size() > outer.size() && inner.compare(inner.size() - outer.size(), outer.size(), outer) == 0);
}

/// Takes out what has exceptions: assayd's lists have none, and to verify more is safe.
void apply_exceptions(Listed& listed) {
  for (const Host& exception : listed.hosts) {
    if (!exception.is_negated) {
      continue;
    }
    for (Host& host : listed.hosts) {
      if (host.line != nullptr && !host.is_negated && host.why.empty() && is_exception_within(exception, host)) {
        host.why =
            "has the exception " + exception.text + ", which no list of assayd can have: such clients are verified";
      }
    }
  }
  for (Host& host : listed.hosts) {
    if (host.is_negated && host.why.empty()) {
      host.fate = "verified";
      host.why = "an exception: what it is taken from was left out";
    }
  }
}

/// Which of the given files of hosts is which file that an option names: the one of the same path; else the one that
/// shares the longest end of it, if there is but one, and if that file shares no end as long with another option's
/// path. The list of one program must never become that of another.
class HostFiles {
 public:
  explicit HostFiles(Work& work) : files_(work.host_files) {
    for (const HostsOption& option : kHostsOptions) {
      const PeerLine* const line = work.find(option.peer, option.name);
      std::string path = line == nullptr ? std::string() : line->result.value;
      if (!path.empty() && !is_database(path) && takes_file(option.peer, option.name, path) &&
          std::find(paths_.begin(), paths_.end(), path) == paths_.end()) {
        paths_.push_back(std::move(path));
      }
    }
  }

  [[nodiscard]] std::optional<std::size_t> find(const std::string& path) const {
    const auto file = nearest(path, files_);
    return file && nearest(files_[*file], paths_) && paths_[*nearest(files_[*file], paths_)] == path ? file
                                                                                                     : std::nullopt;
  }
  /// Whether the file's name is like that of one that an option names.
  [[nodiscard]] bool is_like_a_named_one(const std::string& file) const {
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](const std::string& path) { return common_tail(file, path) > 0; });
  }

 private:
  /// The one path of `among` that is `path`, or is nearest to it; nullopt if none or several are.
  static std::optional<std::size_t> nearest(const std::string& path, const std::vector<std::string>& among) {
    if (const auto same = std::find(among.begin(), among.end(), path); same != among.end()) {
      return static_cast<std::size_t>(same - among.begin());
    }
    std::optional<std::size_t> found;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < among.size(); ++i) {
      const std::size_t tail = common_tail(path, among[i]);
      if (tail > longest) {
        found = i;
        longest = tail;
      } else if (tail == longest) {
        found.reset();
      }
    }
    return found;
  }

  const std::vector<std::string>& files_;
  std::vector<std::string> paths_;  ///< That the options name.
};

/// Reads the options of one program and the files of hosts that they name.
class Reader {
 public:
  explicit Reader(Work& work) : work_(work), files_(work), used_(work.host_files.size(), false) {}

  void read(Listed& listed, const HostsOption& option) {
    PeerLine* const line = work_.find(listed.peer, option.name);
    if (line == nullptr) {
      for (const char* const network : {"127.0.0.0/8", "::1"}) {
        if (option.has_default) {
          Host host;
          host.text = option.name;
          host.network = read_network(network);
          listed.hosts.push_back(std::move(host));
        }
      }
      return;
    }
    std::string value = line->result.value;
    if (value.empty()) {
      Work::no_equal(*line, "is empty");
      return;
    }
    if (line->is_hidden || is_database(value)) {  // What is hidden is a data base with its login.
      Work::no_equal(*line,
                     "assayd reads no data base: list its networks in local.networks; until then such clients "
                     "are verified");
      return;
    }
    if (takes_file(listed.peer, line->known->name, value)) {
      read_file(listed, *line, value);
      return;
    }
    for (const std::string& text : split_commas(value)) {
      listed.hosts.push_back(read_host(*line, text));
    }
    if (listed.hosts.empty() || listed.hosts.back().line != line) {
      Work::no_equal(*line, "lists nothing");
    }
  }

  /// An option of a program that does not verify: neither it nor the file that it names says anything of inbound mail.
  void skip(PeerLine& line) {
    const std::string why = std::string(to_string(line.peer)) + " does not verify in this mode";
    Work::signing(line, why);
    std::string value = line.result.value;
    if (takes_file(line.peer, line.known->name, value)) {
      if (const auto file = files_.find(value)) {
        used_[*file] = true;
        std::vector<Host> hosts;
        append(hosts, work_.host_files[*file]);
        for (const Host& host : hosts) {
          Work::signing(*host.line, why);
        }
      }
    }
  }

  /// Files of hosts that no option names: the administrator's own word, for every program. One that may be a named
  /// one, but was not taken for it, is nobody's.
  [[nodiscard]] std::vector<Host> rest() {
    std::vector<Host> hosts;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) {
        continue;
      }
      const bool is_ambiguous = files_.is_like_a_named_one(work_.host_files[i]);
      const std::size_t first = hosts.size();
      append(hosts, work_.host_files[i]);
      for (std::size_t host = first; is_ambiguous && host < hosts.size(); ++host) {
        hosts[host].why =
            "was not used: it is not certain which option names its file; give the file by the path that the option "
            "has";
      }
    }
    return hosts;
  }

 private:
  void append(std::vector<Host>& hosts, const std::string& file) {
    for (PeerLine& line : work_.lines) {
      if (line.peer == Peer::Hosts && line.counts && line.result.file == file) {
        hosts.push_back(read_host(line, line.result.value));
      }
    }
  }

  void read_file(Listed& listed, PeerLine& line, const std::string& path) {
    const auto file = files_.find(path);
    if (!file) {
      Work::no_equal(line,
                     "the file that it names was not read: run this again with --ignore-hosts and its path as it "
                     "stands here; until then such clients are verified");
      return;
    }
    used_[*file] = true;
    const std::size_t first = listed.hosts.size();
    append(listed.hosts, work_.host_files[*file]);
    for (std::size_t i = first; i < listed.hosts.size(); ++i) {
      listed.hosts[i].by = &line;
    }
    Work::no_equal(line, "none of the hosts in " + work_.host_files[*file] + " is taken over, see there");
  }

  Work& work_;
  HostFiles files_;
  std::vector<bool> used_;
};

std::vector<IpNetwork> networks_of(const Listed& listed) {
  std::vector<IpNetwork> networks;
  for (const Host& host : listed.hosts) {
    if (host.network && !host.is_negated && host.why.empty()) {
      networks.push_back(*host.network);
    }
  }
  return networks;
}

bool is_in(const std::vector<IpNetwork>& networks, const IpNetwork& network) {
  return std::any_of(networks.begin(), networks.end(), [&](const IpNetwork& wide) { return covers(wide, network); });
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) {
    list.push_back(text);
  }
}

/// Whether clients of these addresses may be let in for them alone: a rule that accepts must name somebody.
bool is_proof(const Host& host) {
  return !host.network || policy::names_somebody(*host.network);
}

/// Whether a program's rules can leave clients out, or its checks be skipped for them by a rule.
bool has_rules(Peer peer) {
  return peer != Peer::OpenArc;
}

/// Sends each host of one program to local.networks, if every program lets it through, else to that program's rules.
void place(Work& work, Listed& listed, const std::vector<std::vector<IpNetwork>>& all, std::vector<std::string>& local,
           std::vector<const PeerLine*>& local_lines, std::map<Peer, std::string>& defaults) {
  for (Host& host : listed.hosts) {
    if (host.is_negated || !host.why.empty()) {
      continue;
    }
    const bool is_shared = host.network && std::all_of(all.begin(), all.end(), [&](const auto& networks) {
                             return is_in(networks, *host.network);
                           });
    if (is_shared) {
      add_once(local, to_text(*host.network));
      if (host.line == nullptr) {
        defaults.emplace(listed.peer, host.text);
      } else if (local_lines.empty() || local_lines.back() != host.line) {
        local_lines.push_back(host.line);
      }
      host.fate = "local.networks";
    } else if (listed.peer == Peer::OpenDmarc && !is_proof(host)) {
      host.why = "is too wide for a rule that accepts whatever DMARC says: list the networks that are meant";
    } else if (has_rules(listed.peer)) {
      Passed& passed = work.passed[listed.peer];
      add_once(host.network ? passed.networks : passed.names, host.network ? to_text(*host.network) : host.name);
      add_once(passed.comments, host.line != nullptr
                                    ? Work::origin(*host.line)
                                    : work.silent(listed.peer, host.text.c_str(), "loopback", "policy.rules", ""));
      host.fate = "policy.rules";
    } else {
      host.why = host.network ? "the other programs verify mail of these clients, and so does assayd"
                              : "no list of networks can hold a name";
    }
  }
}

/// Notes where a host of the line went; of several places local.networks is told.
void note(PeerLine& line, const std::string& fate, Peer peer, const std::string& why) {
  if (line.result.key == "local.networks" || fate == "local.networks") {
    Work::noted(line, "local.networks", why);
  } else {
    Work::noted_in_rules(line, peer, why);
  }
}

/// Gives each line its status, from all of its hosts.
void tell(const std::vector<Listed>& all) {
  for (const Listed& listed : all) {
    for (const Host& host : listed.hosts) {
      if (host.line == nullptr) {
        continue;
      }
      PeerLine& line = *host.line;
      const bool is_first = line.result.status != LineStatus::Migrated && line.result.status != LineStatus::Default &&
                            (line.result.why.empty() || (line.known != nullptr && line.result.why == line.known->why));
      std::string why = host.why.empty() ? "" : comment_text(host.text) + " " + host.why;
      if (is_first) {
        line.result.why.clear();
      }
      if (host.fate == "verified") {
        Work::same(line, why);
      } else if (!host.fate.empty()) {
        note(line, host.fate, listed.peer,
             line.result.why.empty() && host.fate == "policy.rules"
                 ? "left out of the rules of " + std::string(to_string(listed.peer)) + ", whose own list it is"
                 : line.result.why);
        if (host.by != nullptr) {
          note(*host.by, host.fate, listed.peer, "read from " + line.result.file);
        }
      } else if (!why.empty()) {
        line.result.why += (line.result.why.empty() ? "" : "; ") + why;
      }
    }
  }
}

}  // namespace

void migrate_hosts(Work& work) {
  Reader reader(work);
  std::vector<Listed> all;
  for (const Peer peer : {Peer::OpenDkim, Peer::OpenDmarc, Peer::OpenArc, Peer::PolicydSpf}) {
    if (!work.has(peer)) {
      continue;
    }
    Listed listed;
    listed.peer = peer;
    for (const HostsOption& option : kHostsOptions) {
      if (option.peer != peer) {
        continue;
      }
      if (work.verifies(peer)) {
        reader.read(listed, option);
      } else if (PeerLine* const line = work.find(peer, option.name); line != nullptr) {
        reader.skip(*line);
      }
    }
    if (work.verifies(peer)) {
      all.push_back(std::move(listed));
    }
  }
  Listed own;
  own.peer = Peer::Hosts;
  own.hosts = reader.rest();

  std::vector<std::vector<IpNetwork>> networks;
  for (Listed& listed : all) {
    apply_exceptions(listed);
    // OpenARC refuses nothing on what it verifies, so that it has no say against the others.
    if (listed.peer != Peer::OpenArc || all.size() == 1) {
      networks.push_back(networks_of(listed));
    }
  }
  apply_exceptions(own);
  std::vector<std::string> local;
  std::vector<const PeerLine*> local_lines;
  std::map<Peer, std::string> defaults;  // Options that are not set, but let loopback through.
  for (Listed& listed : all) {
    place(work, listed, networks, local, local_lines, defaults);
  }
  // A file that no option names is meant for all programs: nobody has a say against it.
  place(work, own, {}, local, local_lines, defaults);
  all.push_back(std::move(own));
  tell(all);
  if (networks.empty()) {  // No program verifies: what assayd does by itself.
    add_once(local, "127.0.0.0/8");
    add_once(local, "::1");
  }
  if (local_lines.empty() && local.size() == 2) {
    return;  // All of them are silent: loopback, as by default here.
  }
  work.draft.set("local.networks", flow_list(local));
  if (local.empty()) {
    work.draft.say("local.networks", "no list that could be read lets a client through all of the programs");
  }
  for (const PeerLine* const line : local_lines) {
    work.draft.say("local.networks", Work::origin(*line));
  }
  for (const auto& [peer, option] : defaults) {
    work.draft.say("local.networks", work.silent(peer, option.c_str(), "loopback", "local.networks", ""));
  }
}

}  // namespace assay::config
