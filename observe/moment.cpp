#include "observe/moment.h"

#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include "observe/log.h"

namespace assay::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

ClientMetric with_label(const char* label, std::string value) {
  ClientMetric metric;
  metric.label.push_back({label, std::move(value)});
  return metric;
}

/// Families in the making.
class Families {
 public:
  void gauge(const char* name, const char* help, double value) {
    ClientMetric metric;
    metric.gauge.value = value;
    add(name, help, MetricType::Gauge, {metric});
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    add(name, help, MetricType::Counter, {metric});
  }
  void add(const char* name, const char* help, MetricType type, std::vector<ClientMetric> metrics) {
    MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    family.metric = std::move(metrics);
    made_.push_back(std::move(family));
  }
  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(made_); }

 private:
  std::vector<MetricFamily> made_;
};

ClientMetric histogram_of(const resolver::AnswerTimes& times) {
  ClientMetric metric;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < times.answers.size(); ++i) {
    so_far += times.answers[i];
    const double up_to = i < times.kUpTo.size() ? seconds(times.kUpTo[i]) : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({so_far, up_to});
  }
  metric.histogram.sample_count = so_far;
  metric.histogram.sample_sum = seconds(times.sum);
  return metric;
}

void add_dns(const resolver::Health& dns, Families& families) {
  std::vector<ClientMetric> answers;
  for (const auto& [status, count] :
       {std::pair("found", dns.found), std::pair("no_data", dns.no_data), std::pair("nx_domain", dns.nx_domain),
        std::pair("temp_fail", dns.temp_fail), std::pair("bogus", dns.bogus)}) {
    answers.push_back(with_label("status", status));
    answers.back().counter.value = static_cast<double>(count);
  }
  families.add("assay_dns_answers_total", "Answers of DNS servers, by status.", MetricType::Counter,
               std::move(answers));
  families.add("assay_dns_answer_seconds", "Time that DNS servers took to answer.", MetricType::Histogram,
               {histogram_of(dns.times)});
  families.counter("assay_dns_cache_hits_total", "DNS questions that the cache answered.", dns.cache_hits);
  families.counter("assay_dns_cache_misses_total", "DNS questions that the cache did not answer.",
                   dns.questions - dns.cache_hits);
  families.counter("assay_dns_joined_total", "DNS questions that joined an equal one under way.", dns.joined);
  families.counter("assay_dns_sent_total", "Times that DNS servers were asked a question.", dns.sent);
  families.counter("assay_dns_fresh_starts_total",
                   "Times that the DNS engine was made anew, since nothing was answered.", dns.fresh_starts);
  families.counter("assay_dns_timeouts_total", "DNS questions given up since no answer came within dns.timeout.",
                   dns.timeouts);
  families.counter("assay_dns_refused_total", "DNS questions failed at once since too many were under way.",
                   dns.refused);
  families.gauge("assay_dns_questions_in_flight", "DNS questions that servers are asked now.",
                 static_cast<double>(dns.in_flight));
  families.gauge("assay_dns_cache_entries", "Answers in the DNS cache.", static_cast<double>(dns.cache_entries));
  families.gauge("assay_dns_cache_bytes", "Memory that the DNS cache counts for its answers.",
                 static_cast<double>(dns.cache_octets));
  families.gauge("assay_dns_failing_seconds",
                 "Time since the first of the failed DNS lookups that no answer has followed; 0: none.",
                 dns.failing_for ? seconds(*dns.failing_for) : 0);
}

}  // namespace

std::vector<MetricFamily> families_of(const Moment& moment) {
  Families families;
  families.gauge("assay_messages_in_flight", "Messages between MAIL FROM and their end.",
                 static_cast<double>(moment.messages_in_flight));
  families.counter("assay_log_lost_lines_total", "Lines of the log that were not written, or not in time.",
                   lost_log_lines());
  std::vector<ClientMetric> queues;
  for (const auto& [queue, depth] : {std::pair("log", queued_log_lines()), std::pair("planner", moment.planner_queue),
                                     std::pair("dns", moment.dns.held)}) {
    queues.push_back(with_label("queue", queue));
    queues.back().gauge.value = static_cast<double>(depth);
  }
  families.add("assay_queue_depth",
               "What waits: lines for the log, messages for their next DNS questions, DNS questions for their turn.",
               MetricType::Gauge, std::move(queues));
  families.counter("assay_planner_dropped_total",
                   "Times that a message's next DNS questions were left to its end, since the queue was full.",
                   moment.planner_dropped);
  ClientMetric configuration = with_label("fingerprint", moment.configuration);
  configuration.gauge.value = 1;
  families.add("assay_configuration_info", "Always 1; the label tells the configuration in force.", MetricType::Gauge,
               {configuration});
  add_dns(moment.dns, families);
  return families.take();
}

}  // namespace assay::observe
