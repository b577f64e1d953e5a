#include <string>
#include <utility>
#include <vector>

#include "cli/selftest_attack.h"

// From fields in which a filter may find another author than the reader of the message does. docs/from-field.md tells
// which are refused; the shapes are those of "Composition Kills" (Chen, Paxson, Jiang; USENIX Security 2020) and of
// CVE-2024-7208, among others.

namespace assay::cli {
namespace {

class Table {
 public:
  /// No reader may be sure who wrote it: dmarc=permerror.
  void bad(std::string name, std::string tries, std::vector<AttackField> header) {
    Attack attack = make(std::move(name), std::move(tries), std::move(header));
    attack.ground = policy::Ground::BadFrom;
    attacks_.push_back(std::move(attack));
  }
  void bad(std::string name, std::string tries, const std::string& value) {
    bad(std::move(name), std::move(tries), {from(" " + value)});
  }
  /// Judged by those domains, each.
  void judged(std::string name, std::string tries, std::vector<AttackField> header, std::vector<std::string> authors) {
    Attack attack = make(std::move(name), std::move(tries), std::move(header));
    attack.authors = std::move(authors);
    attacks_.push_back(std::move(attack));
  }
  void judged(std::string name, std::string tries, const std::string& value, std::vector<std::string> authors) {
    judged(std::move(name), std::move(tries), {from(" " + value)}, std::move(authors));
  }

  std::vector<Attack> take() { return std::move(attacks_); }

 private:
  static Attack make(std::string name, std::string tries, std::vector<AttackField> header) {
    AttackMessage message;
    message.header = std::move(header);
    Attack attack{"From fields that mislead", "from-" + std::move(name), std::move(tries), {std::move(message)}};
    attack.may_be_refused = true;
    return attack;
  }

  std::vector<Attack> attacks_;
};

}  // namespace

std::vector<Attack> doubtful_authors() {
  const std::string victim = "<ceo@bank.invalid>";
  const std::string first = "<first@attacker.invalid>";
  const AttackField from_victim = from(" " + victim);
  const AttackField from_first = from(" " + first);
  Table table;
  table.bad("missing", "No From field", {{"Subject", " x"}});
  table.bad("empty", "An empty one", std::string());
  table.bad("twice", "Two From fields", {from_first, from_victim});
  table.bad("twice-case", "Two, one of them spelt fRoM", {from_victim, {"fRoM", " " + first}});
  table.bad("twice-apart", "Two, hundred fields apart", [&] {
    std::vector<AttackField> header(100, AttackField{"X-Between", " x"});
    header.insert(header.begin(), from_first);
    header.push_back(from_victim);
    return header;
  }());
  table.bad("bare-cr", "A second one behind a CR alone in another field", {from_first, {"X-A", " b\rFrom: " + victim}});
  table.bad("sender-alone", "Sender and no From", {{"Sender", " " + victim}});
  table.judged("sender", "Sender names the victim", {from_first, {"Sender", " " + victim}}, {kAttacker});
  table.judged("resent-from", "Resent-From names the victim", {from_first, {"Resent-From", " " + victim}}, {kAttacker});
  table.judged("two-addresses", "Two addresses in one field", first + ", " + victim, {kAttacker, kVictim});
  table.judged("group", "Both in a group", "Us: " + first + ", " + victim + ";", {kAttacker, kVictim});
  table.bad("group-empty", "A group of nobody", "bank.invalid:;");
  table.judged("display-name", "The victim as a quoted display name", "\"ceo@bank.invalid\" " + first, {kAttacker});
  table.judged("comment", "The victim in a comment", first + " (ceo@bank.invalid)", {kAttacker});
  table.bad("bare-display-name", "The victim before the brackets", "ceo@bank.invalid " + first);
  table.bad("two-brackets", "Two addresses in brackets", victim + first);
  table.bad("bracket-open", "A bracket without its end", "<first@attacker.invalid");
  table.bad("nested-brackets", "Brackets in brackets", "<<ceo@bank.invalid>first@attacker.invalid>");
  table.bad("quote-open", "A quote without its end", "\"ceo@bank.invalid " + first);
  table.bad("comment-open", "A comment without its end", "first@attacker.invalid (ceo@bank.invalid");
  table.bad("route", "A source route", "<@attacker.invalid,@any.invalid:ceo@bank.invalid>");
  table.bad("two-at", "Two '@'", "<ceo@bank.invalid@attacker.invalid>");
  table.bad("encoded-address", "An address as an encoded word", "=?utf-8?b?PGNlb0BiYW5rLmludmFsaWQ+?=, " + first);
  table.bad("escape", "An escape sequence", "\x1B[8m " + first);
  table.bad("delete", "A DEL in the domain", "<ceo@bank.invalid\x7F>");
  table.bad("vertical-tab", "A vertical tab between two addresses", first + "\x0B, " + victim);
  table.bad("right-to-left", "RIGHT-TO-LEFT OVERRIDE in the address",
            "<ceo@\xE2\x80\xAE"
            "bank.invalid>");
  table.judged("other-case", "The victim in capitals is the victim", "<CEO@BANK.INVALID>", {kVictim});
  table.judged("homograph", "Cyrillic letters: another domain", "<ceo@b\xD0\xB0nk.invalid>", {"xn--bnk-6cd.invalid"});
  table.judged("full-width", "Full-width letters: the victim",
               "<ceo@\xEF\xBD\x82"
               "ank.invalid>",
               {kVictim});
  table.judged("look-alike", "A name that begins like the victim's", "<ceo@bank.invalid.attacker.invalid>",
               {"bank.invalid.attacker.invalid"});
  std::string crowd = first;
  for (int i = 0; i < 1000; ++i) {
    crowd += ",\n a@attacker.invalid";
  }
  table.bad("1002-addresses", "The victim behind 1,001 other addresses", crowd + ",\n " + victim);
  return table.take();
}

}  // namespace assay::cli
