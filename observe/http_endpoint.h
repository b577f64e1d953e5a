#pragma once

#include <functional>
#include <memory>
#include <string>

namespace assay::observe {

/// What is asked over HTTP, on any thread of the endpoint's own.
struct Answers {
  std::function<std::string()> metrics;    ///< GET /metrics: Prometheus' text format.
  std::function<std::string()> unhealthy;  ///< GET /healthz: 200 if it says nothing, else 503 and what it says.
  std::function<std::string()> unready;    ///< GET /readyz: likewise.
};

/// Answers GET (and HEAD) over HTTP/1.1; any other path is 404. A request that is not there whole after five seconds is
/// given up.
class HttpEndpoint {
 public:
  explicit HttpEndpoint(Answers answers);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  /// Serves at `listen` (ADDRESS:PORT, an IPv6 address in brackets) on threads of its own, until this object ends. Call
  /// at most once, after the process's signals are blocked. Returns what is wrong in words; empty if it serves.
  [[nodiscard]] std::string serve(const std::string& listen);

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace assay::observe
