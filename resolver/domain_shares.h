#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "resolver/question_hash.h"
#include "verify/dns/answer.h"

namespace assay::resolver {

/// The end of `name` that is one owner's, as far as that can be told cheaply: one label more than a public suffix. For
/// addresses written as names it is the network, /16 of IPv4 and /32 of IPv6. Any octets.
[[nodiscard]] std::string_view domain_of(const std::string& name) noexcept;

/// Shares the places for questions under way out among the domains that they are about: each gets an eighth of what the
/// others and itself leave free, and one at least; what is more waits for its turn. Senders choose names, and may have
/// servers for them that never answer: without this a few dozen messages would take all places for as long as servers
/// are waited for, and nobody's policy could be looked up. An attacker with many domains gets less and less for each.
/// Where servers do answer, those that wait have their turn within a moment; so the line is long, for a forger would
/// gain by every question about his victim's domain that fails for want of a place. Not thread-safe.
template <class Asker>
class DomainShares {
 public:
  using Line = std::list<Asker>;

  struct Domain {
    const dns::Question* key = nullptr;  ///< In the table.
    std::size_t under_way = 0;
    Line waiting;  ///< Oldest first.
  };

  /// `most_waiting` questions about one domain may wait, eight times as many in all.
  DomainShares(std::size_t places, std::size_t most_waiting) : places_(places), most_waiting_(most_waiting) {}

  /// Moves `asker`, a line of one, to the end of `now`, or lets it wait. Null, and nothing done, if too many wait. What
  /// was taken is given back once, by end() or give_up(). Throws for want of memory alone, with nothing done.
  Domain* begin(const dns::Question& question, Line& asker, Line& now) {
    const auto found = domains_.try_emplace({std::string(domain_of(question.name)), dns::Type::TXT}).first;
    Domain& domain = found->second;
    domain.key = &found->first;
    if (domain.under_way < share()) {
      ++domain.under_way;
      ++under_way_;
      now.splice(now.end(), asker);
      return &domain;
    }
    if (domain.waiting.size() >= most_waiting_ || waiting_ >= kParts * most_waiting_) {
      return nullptr;
    }
    domain.waiting.splice(domain.waiting.end(), asker);
    ++waiting_;
    return &domain;
  }

  /// For one that had its turn: moves the one that waited longest, if any, to the end of `now`; true if so.
  bool end(Domain& domain, Line& now) noexcept {
    if (domain.waiting.empty()) {
      --under_way_;
      if (--domain.under_way == 0) {
        domains_.erase(domains_.find(*domain.key));
      }
      return false;
    }
    now.splice(now.end(), domain.waiting, domain.waiting.begin());
    --waiting_;
    return true;
  }

  /// For one that waits. Those that wait in vain are given up from the oldest on, so that it is found at once.
  void give_up(Domain& domain, const Asker& asker) noexcept {
    const auto place = std::find(domain.waiting.begin(), domain.waiting.end(), asker);
    if (place != domain.waiting.end()) {
      domain.waiting.erase(place);
      --waiting_;
    }
  }

  void clear() noexcept {
    domains_.clear();
    under_way_ = 0;
    waiting_ = 0;
  }

  /// How many wait.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  static constexpr std::size_t kParts = 8;

  /// How many of one domain may be under way now.
  [[nodiscard]] std::size_t share() const noexcept {
    const std::size_t free = places_ - std::min(places_, under_way_);
    return std::max(free / kParts, std::size_t{1});
  }

  const std::size_t places_;
  const std::size_t most_waiting_;
  std::unordered_map<dns::Question, Domain, QuestionHash> domains_;  ///< By name. The type is always the same.
  std::size_t under_way_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace assay::resolver
