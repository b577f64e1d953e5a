#include "observe/http_endpoint.h"

#include <civetweb.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace assay::observe {
namespace {

constexpr int kOk = 200;
constexpr int kMethodNotAllowed = 405;
constexpr int kServerError = 500;
constexpr int kUnavailable = 503;
constexpr const char* kText = "text/plain; charset=utf-8";
/// https://prometheus.io/docs/instrumenting/exposition_formats/
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

const char* words_of(int status) {
  switch (status) {
    case kOk: return "OK";
    case kMethodNotAllowed: return "Method Not Allowed";
    case kUnavailable: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

int answer(mg_connection* connection, int status, const char* type, std::string_view text) {
  const std::string head = "HTTP/1.1 " + std::to_string(status) + ' ' + words_of(status) + "\r\nContent-Type: " + type +
                           "\r\nContent-Length: " + std::to_string(text.size()) +
                           "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
  mg_write(connection, head.data(), head.size());
  if (std::string_view(mg_get_request_info(connection)->request_method) != "HEAD") {
    mg_write(connection, text.data(), text.size());
  }
  return status;
}

int answer_metrics(mg_connection* connection, const Answers& answers) {
  return answer(connection, kOk, kExposition, answers.metrics());
}

int answer_state(mg_connection* connection, const std::string& reason) {
  return reason.empty() ? answer(connection, kOk, kText, "ok\n")
                        : answer(connection, kUnavailable, kText, reason + '\n');
}

int answer_health(mg_connection* connection, const Answers& answers) {
  return answer_state(connection, answers.unhealthy());
}

int answer_readiness(mg_connection* connection, const Answers& answers) {
  return answer_state(connection, answers.unready());
}

/// The library's callback: translates, and lets nothing escape.
template <int (*Answer)(mg_connection*, const Answers&)>
int handle(mg_connection* connection, void* answers) noexcept {
  try {
    const std::string_view method = mg_get_request_info(connection)->request_method;
    if (method != "GET" && method != "HEAD") {
      return answer(connection, kMethodNotAllowed, kText, "GET or HEAD\n");
    }
    return Answer(connection, *static_cast<const Answers*>(answers));
  } catch (...) {
    // No memory. A connection that is closed without an answer tells as much.
    return kServerError;
  }
}

}  // namespace

struct HttpEndpoint::Server {
  explicit Server(Answers given) : answers(std::move(given)) {}
  ~Server() {
    if (context != nullptr) {
      mg_stop(context);
    }
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Answers answers;
  mg_context* context = nullptr;
};

HttpEndpoint::HttpEndpoint(Answers answers) : server_(std::make_unique<Server>(std::move(answers))) {}

HttpEndpoint::~HttpEndpoint() = default;

std::string HttpEndpoint::serve(const std::string& listen) {
  const std::array<const char*, 9> options{
      "listening_ports",          listen.c_str(), "num_threads", "16", "request_timeout_ms", "1000",
      "enable_directory_listing", "no",           nullptr};
  mg_context* const context = mg_start(nullptr, nullptr, const_cast<const char**>(options.data()));
  server_->context = context;
  if (context == nullptr) {
    // The library does not say why; nearly always it is one of these.
    return "metrics.listen: cannot serve on " + listen +
           ": is the port in use, or the address not one of this host? Set metrics.listen to a free one, or metrics: "
           "off";
  }
  // The sign at the end keeps paths out that only begin so.
  mg_set_request_handler(context, "/metrics$", handle<answer_metrics>, &server_->answers);
  mg_set_request_handler(context, "/healthz$", handle<answer_health>, &server_->answers);
  mg_set_request_handler(context, "/readyz$", handle<answer_readiness>, &server_->answers);
  return {};
}

}  // namespace assay::observe
