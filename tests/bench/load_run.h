#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/bench/load_corpus.h"
#include "tests/bench/load_process.h"
#include "tests/bench/load_session.h"

namespace assay::bench {

/// A load.
struct Load {
  std::vector<std::string> sockets;  ///< Of the filters that each message passes in turn.
  std::vector<pid_t> pids;           ///< Processes to watch.
  std::size_t connections = 10;      ///< SMTP sessions at the same time.
  std::size_t idle = 0;              ///< Further sessions that greet and send nothing.
  std::size_t per_connection = 1;    ///< Messages a session.
  std::size_t warm_up = 0;           ///< Messages before those that count.
  std::size_t messages = 1000;       ///< At most.
  double seconds = 60;               ///< At most.
  double rate = 0;  ///< Messages a second (open loop); 0: each session as fast as it can (closed loop).
  std::chrono::milliseconds timeout{60'000};  ///< For one message, and for a connection.
  std::size_t chunk_octets = 65535;
  std::chrono::milliseconds settle{0};  ///< Between the last message and the last look at the processes.
  bool checked = true;                  ///< Compare the answers.
  bool keep_answers = false;            ///< Count in the report how often which answer was given.
  bool keep_wrong = false;              ///< Tell of every answer that was not right.
  Comparison comparison;
};

/// What was seen of one process.
struct Watched {
  pid_t pid = 0;
  bool ended = false;  ///< During the run.
  ProcessState before;
  ProcessState after;
  std::uint64_t peak_kib = 0;
  std::uint64_t peak_threads = 0;
};

/// What a filter said of one message: the outcome, then the values of its Authentication-Results fields.
using Answers = std::map<std::vector<std::string>, std::size_t>;

/// A message whose answer was not right.
struct Wrong {
  std::string file;
  std::chrono::system_clock::time_point began;  ///< At MAIL FROM.
  std::chrono::system_clock::time_point ended;
  std::string outcome;
  std::string problem;
  std::string despite_temperror;  ///< The problem if a temporary error is right, too; empty if that was all.
};

struct Report {
  std::size_t sent = 0;  ///< Messages that got a verdict.
  std::size_t right = 0;
  std::size_t wrong = 0;
  std::size_t affected = 0;  ///< Of those sent: see Sample::is_affected.
  std::uint64_t octets = 0;
  double seconds = 0;
  std::map<std::string, std::size_t> outcomes;  ///< "accept", "reject", "tempfail", "discard"
  std::map<std::string, std::size_t> failures;  ///< "unreachable", "lost", "timed out", "protocol"
  std::size_t retries = 0;                      ///< Connections that the kernel had no room for at first.
  std::size_t idle_lost = 0;
  std::vector<std::string> examples;       ///< Of what was wrong, a few.
  std::map<std::string, Answers> answers;  ///< By the message's file, if they are kept.
  std::vector<Wrong> wrong_answers;        ///< If they are kept.
  std::vector<float> from_mail_ms;         ///< Sorted.
  std::vector<float> from_end_ms;          ///< Sorted.
  double client_cpu_us = 0;
  std::vector<Watched> watched;

  /// Every message got its verdict, each was right, and nothing failed.
  [[nodiscard]] bool is_right() const;
};

/// Sends the load from this one thread. Throws std::runtime_error if it cannot begin.
[[nodiscard]] Report run_load(const Load& load, const std::vector<Sample>& samples);

}  // namespace assay::bench
