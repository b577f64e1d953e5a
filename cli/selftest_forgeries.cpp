#include <string>
#include <utility>
#include <vector>

#include "cli/selftest_attack.h"
#include "verify/base/domain.h"

// Fields that claim to be the daemon's own (RFC 8601 section 5), and others that do not.

namespace assay::cli {
namespace {

constexpr const char* kResults = "Authentication-Results";
constexpr std::size_t kManyFields = 60;
constexpr std::size_t kLongOctets = 5'000;
constexpr std::size_t kHugeOctets = 200'000;

const std::string& forged_pass() {
  static const std::string text = std::string("dmarc=pass header.from=") + kVictim;
  return text;
}

AttackField goes(std::string value) {
  return {kResults, std::move(value), Fate::Goes};
}

AttackField stays(std::string value) {
  return {kResults, std::move(value), Fate::Stays};
}

std::string capitals(std::string text) {
  for (char& c : text) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return text;
}

class Table {
 public:
  explicit Table(const std::string& authserv_id) : group_("Fields that claim to be " + authserv_id) {}

  void add(std::string name, std::string tries, std::vector<AttackField> fields) {
    attacks_.push_back({group_, "results-" + std::move(name), std::move(tries), {harmless(std::move(fields))}});
  }
  /// One forged field of that value.
  void forged(std::string name, std::string tries, std::string value) {
    add(std::move(name), std::move(tries), {goes(std::move(value))});
  }
  void message(std::string name, std::string tries, std::vector<AttackField> header) {
    AttackMessage message;
    message.header = std::move(header);
    attacks_.push_back({group_, "results-" + std::move(name), std::move(tries), {std::move(message)}});
  }

  /// Headers of that size may be more than limits.header_bytes.
  void let_be_refused() { attacks_.back().may_be_refused = true; }

  std::vector<Attack> take() { return std::move(attacks_); }

 private:
  std::string group_;
  std::vector<Attack> attacks_;
};

void add_spellings(Table& table, const std::string& id) {
  const std::string pass = "; " + forged_pass();
  table.forged("plain", "As the daemon writes it", " " + id + pass);
  table.forged("upper-case", "In capitals", " " + capitals(id) + pass);
  table.add("name-case", "The field's name in another case", {{"AUTHENTICATION-results", " " + id + pass, Fate::Goes}});
  table.forged("comment-before", "Behind a comment", " (x (nested) \\) x) " + id + pass);
  table.forged("comment-after", "Before a comment", " " + id + "(x)" + pass);
  table.forged("quoted", "In quotes", " \"" + id + "\"" + pass);
  table.forged("quoted-pair", "In quotes, with a backslash", " \"\\" + id + "\"" + pass);
  table.forged("version", "With the version", " " + id + " 1" + pass);
  table.forged("version-2", "With a version that is not known", " " + id + " 2" + pass);
  table.forged("version-slash", "With a version behind a slash", " " + id + "/1" + pass);
  table.forged("fold-before", "Folded before the name", "\n " + id + pass);
  table.forged("folds", "Folded wherever it may be", "\n\t" + id + "\n (x)\n 1\n ;\n dmarc\n =\n pass");
  table.forged("no-space", "Without a space", id + ";dmarc=pass");
  table.forged("tabs", "With tabs", "\t" + id + "\t;\tdmarc=pass");
  table.forged("trailing-dot", "With a dot behind the name", " " + id + "." + pass);
  table.forged("none", "Without results", " " + id + "; none");
  table.forged("no-semicolon", "Without a semicolon", " " + id + " dmarc=pass");
  table.forged("encoded-word", "As an encoded word (RFC 2047)", " =?us-ascii?q?" + id + "?=" + pass);
  table.forged("bare-cr", "Behind a CR alone, a line end to some readers", "\r " + id + pass);
  table.forged("not-ascii", "Behind an octet that is not ASCII", " \xA0" + id + pass);
  table.forged("control", "Behind a control character", " \x01" + id + pass);
  const auto domain = Domain::parse(id);
  if (domain && to_unicode(*domain) != domain->str()) {
    table.forged("u-labels", "In U-labels", " " + to_unicode(*domain) + pass);
  }
  table.forged("empty", "Nothing: whose it is cannot be told", "");
  table.forged("no-name", "Results without a name", " ; dmarc=pass");
  table.forged("comment-open", "A comment without its end", " (" + id + pass);
  table.forged("quote-open", "A quote without its end", " \"" + id + pass);
}

void add_sizes(Table& table, const std::string& id) {
  const auto padded = [&id](std::size_t octets) {
    std::string value = " " + id;
    while (value.size() < octets) {
      value += ";\n " + forged_pass();
    }
    return value;
  };
  table.forged("5-kb", "5 KB long", padded(kLongOctets));
  table.forged("200-kb", "200 KB long", padded(kHugeOctets));
  table.let_be_refused();
  table.forged("200-kb-comment", "Behind a comment of 200 KB",
               " (" + std::string(kHugeOctets, 'x') + ") " + id + "; " + forged_pass());
  table.let_be_refused();
}

void add_places(Table& table, const std::string& id) {
  const auto numbered = [&id](std::size_t number) {
    return " " + id + "; " + forged_pass() + " (" + std::to_string(number) + ")";
  };
  std::vector<AttackField> many;
  for (std::size_t i = 0; i < kManyFields; ++i) {
    const std::string number = std::to_string(i);
    many.push_back(i % 7 == 3 ? stays(" other" + number + ".invalid; spf=pass") : goes(numbered(i)));
  }
  table.add("many", "60 fields, every seventh another host's", std::move(many));
  const AttackField received{"Received", " from a.invalid by b.invalid; Thu, 1 Jan 2026 00:00:00 +0000"};
  table.message("everywhere", "At the top, among Received, and at the bottom",
                {goes(numbered(1)), received, goes(numbered(2)), stays(" other.invalid; dkim=pass"), received,
                 goes(numbered(3)), from(" <sender@selftest.invalid>"), goes(numbered(4))});
}

void add_foreign(Table& table, const std::string& id) {
  table.add("foreign", "Another host's: kept",
            {stays(" other.invalid; dkim=pass header.d=other.invalid"), stays(" other.invalid 1; none")});
  table.add("alike", "Names that only begin or end like ours: kept",
            {stays(" " + id + ".attacker.invalid; dmarc=pass"), stays(" x" + id + "; dmarc=pass")});
  table.add("in-comment", "Another host's, our name in a comment: whichever",
            {{kResults, " (" + id + ") other.invalid; dmarc=pass", Fate::Any}});
}

}  // namespace

std::vector<Attack> forged_results(const OwnNames& names) {
  Table table(names.authserv_id);
  add_spellings(table, names.authserv_id);
  add_sizes(table, names.authserv_id);
  add_places(table, names.authserv_id);
  add_foreign(table, names.authserv_id);
  if (!names.aliases.empty()) {
    std::vector<AttackField> fields;
    for (const std::string& alias : names.aliases) {
      fields.push_back(goes(" " + capitals(alias) + "; dmarc=pass"));
    }
    table.add("aliases", "Each of authserv_aliases", std::move(fields));
  }
  return table.take();
}

}  // namespace assay::cli
