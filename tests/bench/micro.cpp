// Each part of the engine by itself, on messages of a corpus: Google Benchmark. README.md says how to run it.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "mta/wire.h"
#include "observe/record.h"
#include "policy/decide.h"
#include "policy/stamp.h"
#include "tests/bench/corpus.h"
#include "verify/arc/verify.h"
#include "verify/authres/format.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/signature.h"
#include "verify/dkim/verify.h"
#include "verify/dmarc/evaluate.h"
#include "verify/message/author.h"
#include "verify/message/body.h"
#include "verify/message/body_canonical.h"
#include "verify/message/canonical.h"
#include "verify/spf/evaluate.h"

namespace {

using namespace assay;
using bench::Corpus;
using bench::Message;
using message::Canonicalization;

constexpr std::size_t kTextOctets = 512 * 1024;

/// One message taken apart, for the steps that come after the header. Lives as long as the benchmarks.
struct Parts {
  Parts(const Message& of, const Corpus& corpus, dns::Resolver& dns) : message(of) {
    for (const auto& field : of.fields) {
      headers.add(field.name, field.value);
    }
    authors = message::find_authors(headers, limits.author_domains);
    candidates = dkim::select(headers, authors.domains, digests, limits);
    chain = arc::Chain::collect(headers, digests, limits);
    digests.update(of.body);
    digests.finish();
    record.time = corpus.now;
    record.verdict = bench::verify(of, dns, limits, corpus.now);
    record.facts.client_ip = of.client;
    record.facts.client_name = of.helo;
    record.facts.helo = of.helo;
    record.facts.mail_from = of.mail_from;
    record.facts.has_envelope = true;
    record.facts.rcpt = {"bob@rcpt.example"};
    record.facts.queue_id = "4XyZ1234Abc";
    record.facts.tls = "TLSv1.3";
    record.facts.size = of.octets;
    record.decision = policy::decide(record.verdict, record.facts, policy::Rules{}, corpus.now);
    record.authentication_results =
        authres::format(record.verdict, policy::make_stamp("mx.rcpt.example", record.facts, record.decision));
  }

  const Message& message;
  const Limits limits{};
  message::HeaderBlock headers;
  message::BodyDigests digests;
  message::Authors authors;
  std::vector<dkim::Candidate> candidates;
  arc::Chain chain;
  observe::Record record;  ///< Of the whole message.
};

/// Canonical text that nobody wants.
class Nowhere final : public message::CanonicalText {
  void take(std::string_view octets) override { benchmark::DoNotOptimize(octets.data()); }
};

template <class Body>
void canonicalize(std::string_view text) {
  Body body;
  Nowhere out;
  for (std::size_t at = 0; at < text.size(); at += mta::kMaxChunkOctets) {
    body.update(text.substr(at, mta::kMaxChunkOctets), out);
  }
  body.finish(out);
  benchmark::DoNotOptimize(out.octets());
}

using Claim = std::function<bool(const Message&)>;

class Micro {
 public:
  explicit Micro(const Corpus& corpus) : corpus_(corpus), dns_(corpus.zones) {}

  /// Names what is wrong; the number of messages of which something is.
  std::size_t check() {
    return static_cast<std::size_t>(
        std::count_if(corpus_.messages.begin(), corpus_.messages.end(), [this](const Message& message) {
          const std::string found = mistakes(bench::verify(message, dns_, Limits{}, corpus_.now), message.expected);
          if (!found.empty()) {
            std::cerr << message.file << ":" << found << "\n";
          }
          return !found.empty();
        }));
  }

  void add_all() {
    add_body();
    add_header();
    add_dkim();
    add_arc();
    add_spf();
    add_dmarc();
    add_results();
    add_policy();
    add_messages();
  }

 private:
  static bool is_good(const Message& message) {
    return message.kind == "good" && message.expected.arc != arc::Status::Fail;
  }

  /// The first message of which the claim is true.
  const Message& find(const std::string& what, const Claim& claim) const {
    const auto found = std::find_if(corpus_.messages.begin(), corpus_.messages.end(),
                                    [&claim](const Message& message) { return is_good(message) && claim(message); });
    if (found == corpus_.messages.end()) {
      throw std::runtime_error("the corpus has no message with " + what +
                               ": make a larger one, with the default sizes");
    }
    return *found;
  }

  Parts& take_apart(const std::string& what, const Claim& claim) {
    parts_.push_back(std::make_unique<Parts>(find(what, claim), corpus_, dns_));
    return *parts_.back();
  }

  /// A good message of the usual size with one signature, which the other steps share.
  Parts& usual() {
    if (usual_ == nullptr) {
      usual_ = &take_apart("10k and one signature", [](const Message& message) {
        return message.size_class == "10k" && message.signatures == 1 && message.arc_sets == 0;
      });
    }
    return *usual_;
  }

  /// Registers a benchmark of `work`, which reads `octets` each time; 0 if speed by octets says nothing.
  static void add(const std::string& name, std::size_t octets, std::function<void()> work) {
    benchmark::RegisterBenchmark(name.c_str(), [octets, work = std::move(work)](benchmark::State& state) {
      for (auto unused : state) {
        static_cast<void>(unused);
        work();
      }
      if (octets != 0) {
        state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets));
      }
    });
  }

  /// Bodies of that size, one after the other, kTextOctets of them.
  std::string text_of(const std::string& size_class) const {
    std::string text;
    while (text.size() < kTextOctets) {
      const std::size_t before = text.size();
      for (const Message& message : corpus_.messages) {
        if (message.size_class == size_class && text.size() < kTextOctets) {
          text += message.body;
        }
      }
      if (text.size() == before) {
        throw std::runtime_error("the corpus has no messages of " + size_class);
      }
    }
    return text;
  }

  void add_body() {
    const std::pair<const char*, Canonicalization> kinds[] = {{"simple", Canonicalization::Simple},
                                                              {"relaxed", Canonicalization::Relaxed}};
    const std::pair<const char*, std::string> texts[] = {{"text", text_of("10k")}, {"attachment", text_of("100k")}};
    for (const auto& [name, text] : texts) {
      add(std::string("body/canonicalize/simple/") + name, text.size(),
          [octets = text] { canonicalize<message::SimpleBody>(octets); });
      add(std::string("body/canonicalize/relaxed/") + name, text.size(),
          [octets = text] { canonicalize<message::RelaxedBody>(octets); });
    }
    for (const auto& [kind, canonicalization] : kinds) {
      for (const auto& [name, text] : texts) {
        const message::BodyDigestSpec spec{canonicalization, crypto::Hash::Sha256, std::nullopt};
        add(std::string("body/canonicalize and hash/") + kind + "/" + name, text.size(), [spec, octets = text] {
          message::BodyDigests digests;
          const auto id = digests.require(spec);
          for (std::size_t at = 0; at < octets.size(); at += mta::kMaxChunkOctets) {
            digests.update(std::string_view(octets).substr(at, mta::kMaxChunkOctets));
          }
          digests.finish();
          benchmark::DoNotOptimize(digests.value(id));
        });
      }
    }
    add("body/hash alone", kTextOctets, [text = text_of("10k").substr(0, kTextOctets)] {
      benchmark::DoNotOptimize(crypto::digest(crypto::Hash::Sha256, text));
    });
  }

  void add_header() {
    Parts& parts = usual();
    add("header/block", parts.headers.octets(), [&parts] {
      message::HeaderBlock block;
      for (const auto& field : parts.message.fields) {
        block.add(field.name, field.value);
      }
      benchmark::DoNotOptimize(block);
    });
    add("header/authors", 0, [&parts] { benchmark::DoNotOptimize(message::find_authors(parts.headers, 5)); });
    const std::pair<const char*, Canonicalization> kinds[] = {{"simple", Canonicalization::Simple},
                                                              {"relaxed", Canonicalization::Relaxed}};
    for (const auto& [kind, canonicalization] : kinds) {
      add(std::string("header/canonicalize/") + kind, parts.headers.octets(),
          [&parts, canonicalization = canonicalization, out = std::make_shared<std::string>()] {
            out->clear();
            for (std::size_t i = 0; i < parts.headers.size(); ++i) {
              append_canonical(*out, parts.headers[i], canonicalization);
            }
            benchmark::DoNotOptimize(*out);
          });
    }
    const dkim::Candidate& candidate = parts.candidates.front();
    add("header/canonicalize and hash what is signed", 0, [&parts, &candidate] {
      benchmark::DoNotOptimize(dkim::header_hash(*candidate.signature, parts.headers, candidate.field));
    });
  }

  void add_dkim() {
    Parts& one = usual();
    const std::string_view value = one.headers[one.candidates.front().field].value;
    add("dkim/parse signature", value.size(),
        [&one, value] { benchmark::DoNotOptimize(dkim::parse_signature(value, one.limits)); });
    add("dkim/select", 0, [&one] {
      message::BodyDigests digests;
      benchmark::DoNotOptimize(dkim::select(one.headers, one.authors.domains, digests, one.limits));
    });
    const std::pair<const char*, const char*> algorithms[] = {
        {"rsa2048", "r2048"}, {"rsa1024", "r1024"}, {"ed25519", "ed"}};
    for (const auto& [name, selector] : algorithms) {
      Parts& parts = take_apart(std::string("10k and a signature by ") + name, [selector = selector](const Message& m) {
        return m.size_class == "10k" && m.arc_sets == 0 && !m.expected.dkim.empty() &&
               m.expected.dkim.back().selector == selector;
      });
      add(std::string("dkim/verify/") + name, 0, [this, &parts] {
        dkim::HeaderHashes hashes(parts.headers);
        auto effort = dkim::Effort::for_signatures(hashes, parts.limits);
        benchmark::DoNotOptimize(
            dkim::verify(parts.candidates.back(), parts.digests, dns_, effort, parts.limits, corpus_.now));
      });
    }
  }

  void add_arc() {
    for (std::size_t sets = 1; sets <= 3; ++sets) {
      Parts& parts = take_apart("a chain of " + std::to_string(sets),
                                [sets](const Message& message) { return message.arc_sets == sets; });
      add("arc/collect/" + std::to_string(sets), 0, [&parts] {
        message::BodyDigests digests;
        benchmark::DoNotOptimize(arc::Chain::collect(parts.headers, digests, parts.limits));
      });
      add("arc/verify/" + std::to_string(sets), 0, [this, &parts] {
        dkim::HeaderHashes hashes(parts.headers);
        auto effort = dkim::Effort::for_chain(dkim::Effort::for_signatures(hashes, parts.limits), parts.limits);
        benchmark::DoNotOptimize(parts.chain.verify(parts.digests, dns_, effort, parts.limits, corpus_.now));
      });
    }
  }

  void add_spf() {
    for (unsigned depth = 0; depth <= 3; ++depth) {
      // Two DNS terms in each level: what does not match, and the level below.
      const Message& message =
          find("an SPF record " + std::to_string(depth) + " deep", [this, depth](const Message& m) {
            const auto query = spf::mail_from_identity(*m.client, m.mail_from, m.helo);
            return !m.mail_from.empty() && m.expected.spf == spf::Status::Pass &&
                   spf::evaluate(query, dns_, Limits{}).lookups == 2 * depth;
          });
      const auto query = spf::mail_from_identity(*message.client, message.mail_from, message.helo);
      add("spf/evaluate/includes " + std::to_string(depth) + " deep", 0,
          [this, query] { benchmark::DoNotOptimize(spf::evaluate(query, dns_, Limits{})); });
    }
  }

  void add_dmarc() {
    const auto add_one = [this](const std::string& name, Parts& parts) {
      add("dmarc/evaluate/" + name, 0, [this, &parts] {
        const Verdict& verdict = parts.record.verdict;
        benchmark::DoNotOptimize(
            dmarc::evaluate_authors(parts.authors, verdict.spf_mail_from, verdict.dkim, dns_, parts.limits));
      });
    };
    const auto is_below = [](const Message& message) {
      return std::any_of(message.fields.begin(), message.fields.end(), [](const auto& field) {
        return field.name == "From" && field.value.find("@news.") != std::string::npos;
      });
    };
    add_one("record at the author", take_apart("a DMARC pass", [&](const Message& message) {
              return message.expected.dmarc == dmarc::Status::Pass && !is_below(message);
            }));
    add_one("record above", take_apart("a DMARC pass by a subdomain", [&](const Message& message) {
              return message.expected.dmarc == dmarc::Status::Pass && is_below(message);
            }));
    add_one("no record", take_apart("no DMARC record", [](const Message& message) {
              return message.expected.dmarc == dmarc::Status::None;
            }));
  }

  void add_results() {
    const auto add_one = [](const std::string& name, Parts& parts) {
      const auto stamp = policy::make_stamp("mx.rcpt.example", parts.record.facts, parts.record.decision);
      add("results/authentication-results/" + name, 0,
          [&parts, stamp] { benchmark::DoNotOptimize(authres::format(parts.record.verdict, stamp)); });
      add("results/json/" + name, 0, [&parts] { benchmark::DoNotOptimize(observe::to_json(parts.record)); });
      add("results/text/" + name, 0, [&parts] { benchmark::DoNotOptimize(observe::to_text(parts.record)); });
    };
    add_one("one signature", usual());
    add_one("three signatures and a chain", take_apart("three signatures and a chain", [](const Message& message) {
              return message.signatures == 3 && message.arc_sets != 0;
            }));
  }

  void add_policy() {
    Parts& parts = usual();
    add("policy/decide/default", 0, [this, &parts] {
      benchmark::DoNotOptimize(policy::decide(parts.record.verdict, parts.record.facts, policy::Rules{}, corpus_.now));
    });
    // None of them matches, so that all are asked.
    std::string text = "authserv_id: mx.rcpt.example\npolicy:\n  rules:\n";
    for (int i = 0; i < 100; ++i) {
      const std::string number = std::to_string(i);
      text += "    - name: partner-" + number + "\n      when:\n        from_domain: [partner" + number +
              ".example.com, \"*.partner" + number + ".example.com\"]\n        spf: pass\n        client_ip: [198.18." +
              number + ".0/24]\n      then: accept\n";
    }
    const auto loaded = config::load_text(text, "rules.yaml", "mx.rcpt.example");
    if (!loaded) {
      throw std::runtime_error(config::to_string(loaded.error().front()));
    }
    const auto rules = std::make_shared<policy::Rules>(loaded->policy);
    add("policy/decide/100 rules", 0, [this, &parts, rules] {
      benchmark::DoNotOptimize(policy::decide(parts.record.verdict, parts.record.facts, *rules, corpus_.now));
    });
  }

  void add_messages() {
    for (const char* size : {"2k", "10k", "100k"}) {
      const Message& message = find(std::string(size) + " and one signature", [size](const Message& m) {
        return m.size_class == size && m.signatures == 1 && m.arc_sets == 0;
      });
      add(std::string("message/one signature/") + size, message.octets,
          [this, &message] { benchmark::DoNotOptimize(bench::verify(message, dns_, Limits{}, corpus_.now)); });
    }
  }

  const Corpus& corpus_;
  bench::WarmResolver dns_;
  std::vector<std::unique_ptr<Parts>> parts_;
  Parts* usual_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: bench_micro FOLDER [--benchmark_...]\nFOLDER is what make_corpus wrote\n";
    return 2;
  }
  try {
    const Corpus corpus = bench::read_corpus(argv[1]);
    Micro micro(corpus);
    if (const std::size_t wrong = micro.check(); wrong != 0) {
      std::cerr << wrong << " verdicts are wrong: no speed is told\n";
      return 1;
    }
    micro.add_all();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_micro: " << error.what() << "\n";
    return 2;
  }
}
