#include "resolver/zone_file.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <utility>

#include "resolver/answer_reader.h"
#include "resolver/ldns_handles.h"
#include "resolver/read_file.h"
#include "resolver/records.h"
#include "resolver/wire_name.h"
#include "verify/base/text.h"

namespace assay::resolver {
namespace {

using std::chrono::seconds;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::optional<dns::Type> type_of(ldns_rr_type type) {
  for (const dns::Type known : {dns::Type::A, dns::Type::AAAA, dns::Type::MX, dns::Type::TXT, dns::Type::PTR}) {
    if (to_ldns(known) == type) {
      return known;
    }
  }
  return std::nullopt;
}

/// Whether each '"' outside comments has its partner. ldns takes the end of a line for one.
bool has_closed_quotes(std::string_view entry) {
  bool quoted = false;
  bool comment = false;
  for (std::size_t i = 0; i < entry.size(); ++i) {
    const char c = entry[i];
    if (comment) {
      comment = c != '\n';
    } else if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ';' && !quoted) {
      comment = true;
    }
  }
  return !quoted;
}

/// An entry as ldns takes it, without the lines before it that hold nothing but a comment or white space.
std::string_view without_comment_lines(std::string_view entry) {
  for (;;) {
    const std::size_t content = entry.find_first_not_of(" \t\r");
    const std::size_t line_end = entry.find('\n');
    if (content == std::string_view::npos || line_end == std::string_view::npos ||
        (entry[content] != ';' && entry[content] != '\n')) {
      return entry;
    }
    entry.remove_prefix(line_end + 1);
  }
}

/// `entry` with its TTL before its class; nullopt unless they stand the other way round.
std::optional<std::string> with_ttl_first(std::string_view entry) {
  const std::size_t owner_end = std::min(entry.find_first_of(" \t"), entry.size());
  const std::size_t begin = entry.find_first_not_of(" \t", owner_end);
  const std::size_t end = entry.find_first_of(" \t", begin);
  const std::size_t ttl = entry.find_first_not_of(" \t", end);
  const std::size_t ttl_end = entry.find_first_of(" \t", ttl);
  if (ttl_end == std::string_view::npos || !iequals(entry.substr(begin, end - begin), "IN") || !is_digit(entry[ttl])) {
    return std::nullopt;
  }
  return std::string(entry.substr(0, begin)) + std::string(entry.substr(ttl, ttl_end - ttl)) + " IN" +
         std::string(entry.substr(ttl_end));
}

/// The argument of a $ORIGIN or $TTL line.
std::string_view argument_of(std::string_view directive) {
  directive = trim_fws(directive);
  directive.remove_prefix(std::min(directive.find_first_of(" \t"), directive.size()));
  directive = trim_fws(directive);
  return directive.substr(0, directive.find_first_of(" \t;"));
}

bool is_absolute(std::string_view name) {
  return !name.empty() && name.back() == '.' && (name.size() == 1 || name[name.size() - 2] != '\\');
}

}  // namespace

/// Reads one file, entry by entry.
class Zones::Reader {
 public:
  Reader(Zones& zones, std::string_view text)
      : zones_(zones), text_(std::string(text) + "\n"), origin_(ldns_dname_new_frm_str(".")) {}

  /// nullopt at the end of a good file, else what is wrong at line().
  std::optional<std::string> read() {
    const File stream(fmemopen(text_.data(), text_.size(), "r"));
    if (!stream || !origin_) {
      return "out of memory";
    }
    while (begin_ < text_.size()) {
      const bool has_previous = previous_ != nullptr;
      origin_before_.reset(ldns_rdf_clone(origin_.get()));
      LdnsRecord record;
      ldns_status status = next(*stream, record);
      const long position = std::ftell(stream.get());
      if (position < 0 || static_cast<std::size_t>(position) <= begin_) {
        return "the entry cannot be read";
      }
      const auto end = static_cast<std::size_t>(position);
      const std::string_view entry = without_comment_lines(std::string_view(text_).substr(begin_, end - begin_));
      // RFC 1035 section 5.1 has class and TTL in either order, ldns reads one.
      if (auto ordered = record == nullptr ? with_ttl_first(entry) : std::nullopt) {
        const auto again = next_of(*ordered, record);
        if (!again) {
          return "out of memory";
        }
        status = *again;
      }
      if (auto problem = take(status, record.get(), entry, has_previous)) {
        return problem;
      }
      begin_ = end;
    }
    return std::nullopt;
  }

  /// Where the entry read last begins, from 1. ldns counts where it ends, blank lines after it included.
  [[nodiscard]] std::size_t line() const {
    const std::string_view rest = without_comment_lines(std::string_view(text_).substr(begin_));
    const auto end_of_blank = text_.end() - static_cast<std::ptrdiff_t>(rest.size());
    return 1 + static_cast<std::size_t>(std::count(text_.begin(), end_of_blank, '\n'));
  }

 private:
  /// The next entry of `stream`; `record` is null if it is none or cannot be read.
  ldns_status next(std::FILE& stream, LdnsRecord& record) {
    // ldns replaces both fields as it reads.
    ldns_rr* raw = nullptr;
    ldns_rdf* origin = origin_.release();
    ldns_rdf* previous = previous_.release();
    const ldns_status status = ldns_rr_new_frm_fp_l(&raw, &stream, &ttl_, &origin, &previous, nullptr);
    origin_.reset(origin);
    previous_.reset(previous);
    record.reset(status == LDNS_STATUS_OK ? raw : nullptr);
    return status;
  }

  /// As next, of a text that holds one entry; nullopt if there is no memory for it.
  std::optional<ldns_status> next_of(std::string& text, LdnsRecord& record) {
    const File stream(fmemopen(text.data(), text.size(), "r"));
    return stream ? std::optional(next(*stream, record)) : std::nullopt;
  }

  std::optional<std::string> take(ldns_status status, const ldns_rr* record, std::string_view entry,
                                  bool has_previous) {
    if (status == LDNS_STATUS_SYNTAX_EMPTY) {
      return std::nullopt;
    }
    if (status == LDNS_STATUS_SYNTAX_ORIGIN) {
      return take_origin(argument_of(entry));
    }
    if (status == LDNS_STATUS_SYNTAX_TTL) {
      const std::string_view ttl = argument_of(entry);
      return !ttl.empty() && is_digit(ttl.front()) ? std::nullopt : std::optional<std::string>("$TTL is no number");
    }
    if (status == LDNS_STATUS_SYNTAX_INCLUDE) {
      return "$INCLUDE is not supported: name the other file as a zone file, too";
    }
    if (record == nullptr) {
      return ldns_get_errorstr_by_id(status);
    }
    if (!has_closed_quotes(entry)) {
      return "a quoted string is not closed";
    }
    if (!has_previous && is_wsp(entry.front())) {
      return "the first record has no name";
    }
    return zones_.add_record(*record);
  }

  /// RFC 1035 section 5.1: a relative name is relative to the origin before; ldns takes it for absolute.
  std::optional<std::string> take_origin(std::string_view name) {
    const bool is_good = origin_ && origin_before_ &&
                         (is_absolute(name) || ldns_dname_cat(origin_.get(), origin_before_.get()) == LDNS_STATUS_OK);
    return is_good ? std::nullopt : std::optional<std::string>("$ORIGIN is no name");
  }

  Zones& zones_;
  std::string text_;
  LdnsField origin_;
  LdnsField origin_before_;
  LdnsField previous_;
  std::uint32_t ttl_ = static_cast<std::uint32_t>(kDefaultZoneTtl.count());
  std::size_t begin_ = 0;  ///< Of the entry being read.
};

std::optional<std::string> Zones::add(std::string_view text, const std::string& file) {
  Reader reader(*this, text);
  if (auto problem = reader.read()) {
    return file + ":" + std::to_string(reader.line()) + ": " + *problem;
  }
  return std::nullopt;
}

std::optional<std::string> Zones::add_file(const std::string& path) {
  const auto text = read_file(path, kMaxZoneFileOctets);
  return text ? add(*text, path) : text.error();
}

std::optional<std::string> Zones::add_record(const ldns_struct_rr& record) {
  if (ldns_rr_get_class(&record) != LDNS_RR_CLASS_IN) {
    return "the class of the record is not IN";
  }
  const std::string owner = owner_of(record);
  Node& node = nodes_[owner];
  for (std::string_view above = parent_of(owner); !above.empty() && nodes_.find(above) == nodes_.end();
       above = parent_of(above)) {
    nodes_.try_emplace(std::string(above));
  }
  const ldns_rr_type type = ldns_rr_get_type(&record);
  if (type == LDNS_RR_TYPE_DNAME) {
    return "DNAME is not supported";
  }
  if (type == LDNS_RR_TYPE_RRSIG || type == LDNS_RR_TYPE_NSEC) {
    return std::nullopt;  // These may stand beside a CNAME (RFC 4035 section 2.5).
  }
  if (type == LDNS_RR_TYPE_CNAME) {
    if (!node.alias.empty() && node.alias != target_of(record)) {
      return "a second CNAME at the same name";
    }
    node.alias = target_of(record);
    node.alias_ttl = ttl_of(record);
  } else if (!add_answer(node, record)) {
    node.has_others = true;
  }
  if (type == LDNS_RR_TYPE_SOA) {
    node.negative_ttl = negative_ttl_of(record);
  }
  if (!node.alias.empty() && (node.has_others || !node.records.empty())) {
    return "a CNAME and other records at the same name (RFC 1034 section 3.6.2)";
  }
  return std::nullopt;
}

bool Zones::add_answer(Node& node, const ldns_struct_rr& record) {
  const auto type = type_of(ldns_rr_get_type(&record));
  if (!type) {
    return false;
  }
  // A record that two files hold counts once (RFC 2181 section 5).
  if (!node.seen.insert({*type, data_of(record)}).second) {
    return true;
  }
  dns::Answer read;
  if (append_record(read, *type, record) != Appended::Yes) {
    return false;
  }
  auto& kept = node.records[*type];
  if (kept == nullptr) {
    kept = std::make_shared<dns::Answer>();
  }
  dns::Answer& answer = *kept;
  static_cast<void>(append_record(answer, *type, record));
  sort_exchanges(answer);
  answer.ttl = answer.status == dns::Status::Found ? std::min(answer.ttl, ttl_of(record)) : ttl_of(record);
  answer.status = dns::Status::Found;
  return true;
}

const Zones::Node* Zones::find(const std::string& name) const {
  if (const auto node = nodes_.find(name); node != nodes_.end()) {
    return &node->second;
  }
  // RFC 4592 section 3.3.1: the wildcard below the closest name that exists, and no other.
  std::string_view encloser = parent_of(name);
  while (!encloser.empty() && nodes_.find(encloser) == nodes_.end()) {
    encloser = parent_of(encloser);
  }
  const auto wildcard = encloser.empty() ? nodes_.end() : nodes_.find(std::string("\1*").append(encloser));
  return wildcard == nodes_.end() ? nullptr : &wildcard->second;
}

seconds Zones::negative_ttl(std::string_view name) const {
  for (; !name.empty(); name = parent_of(name)) {
    if (const auto node = nodes_.find(name); node != nodes_.end() && node->second.negative_ttl) {
      return *node->second.negative_ttl;
    }
  }
  return seconds(0);
}

dns::AnswerPtr Zones::answer(const dns::Question& question) const {
  std::string name = to_wire(question.name);
  std::optional<seconds> alias_ttl;
  for (std::size_t aliases = 0; aliases <= kMaxAliases; ++aliases) {
    const Node* const node = find(name);
    const auto records =
        node == nullptr ? decltype(node->records)::const_iterator{} : node->records.find(question.type);
    if (node == nullptr || (records == node->records.end() && node->alias.empty())) {
      auto none = std::make_shared<dns::Answer>();
      none->status = node == nullptr ? dns::Status::NxDomain : dns::Status::NoData;
      none->ttl = std::min(negative_ttl(name), alias_ttl.value_or(seconds::max()));
      return none;
    }
    if (records != node->records.end()) {
      if (!alias_ttl || *alias_ttl >= records->second->ttl) {
        return records->second;
      }
      auto found = std::make_shared<dns::Answer>(*records->second);
      found->ttl = *alias_ttl;
      return found;
    }
    alias_ttl = std::min(node->alias_ttl, alias_ttl.value_or(seconds::max()));
    name = node->alias;
  }
  return std::make_shared<const dns::Answer>(
      temp_fail("the CNAME chain is a loop, or longer than " + std::to_string(kMaxAliases)));
}

namespace {

class ZoneBackend final : public Backend {
 public:
  explicit ZoneBackend(Zones zones) : zones_(std::move(zones)) {}

  void ask(const dns::Question& question, OnAnswer on_answer) override { on_answer(cached(question)); }

  [[nodiscard]] dns::AnswerPtr cached(const dns::Question& question) override {
    questions_.fetch_add(1, std::memory_order_relaxed);
    if (dns::is_askable(question.name)) {
      return zones_.answer(question);
    }
    auto none = std::make_shared<dns::Answer>();
    none->status = dns::Status::NxDomain;
    return none;
  }

  [[nodiscard]] Health health() const override {
    Health health;
    health.questions = questions_.load(std::memory_order_relaxed);
    return health;
  }

 private:
  const Zones zones_;
  std::atomic<std::uint64_t> questions_{0};
};

}  // namespace

Parsed<std::shared_ptr<Backend>, std::string> make_zone_backend(const std::vector<std::string>& files) {
  Zones zones;
  for (const std::string& file : files) {
    if (auto problem = zones.add_file(file)) {
      return failure(std::move(*problem));
    }
  }
  return std::make_shared<ZoneBackend>(std::move(zones));
}

}  // namespace assay::resolver
