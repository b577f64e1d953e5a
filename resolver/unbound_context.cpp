#include "resolver/unbound_context.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <sstream>
#include <utility>

#include "resolver/file.h"
#include "resolver/ldns_handles.h"
#include "resolver/read_file.h"
#include "resolver/unbound_config.h"

namespace assay::resolver {
namespace {

std::string reason_of_errno() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe for known numbers
}

/// libunbound reads its configuration from a named file only: this one is in memory.
std::string configure(ub_ctx* context, const std::string& text) {
  const File file(memfd_create("assay-unbound.conf", MFD_CLOEXEC));
  if (file.fd() < 0 || write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return "cannot write the configuration of libunbound: " + reason_of_errno();
  }
  const std::string path = "/proc/self/fd/" + std::to_string(file.fd());
  if (const int error = ub_ctx_config(context, path.c_str()); error != UB_NOERROR) {
    return std::string("libunbound refuses its configuration: ") + ub_strerror(error);
  }
  return {};
}

/// Whether a line of `text` is a DS or DNSKEY record.
bool holds_keys(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    ldns_rr* raw = nullptr;
    if (ldns_rr_new_frm_str(&raw, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK) {
      continue;
    }
    const LdnsRecord record(raw);
    const ldns_rr_type type = ldns_rr_get_type(record.get());
    if (type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_DNSKEY) {
      return true;
    }
  }
  return false;
}

std::string check_trust_anchor(const std::string& path) {
  if (path.find_first_of("\"\r\n") != std::string::npos) {
    return "the name of the DNSSEC trust anchor file holds a quote or a line end";
  }
  constexpr std::size_t kMaxAnchorOctets = 1U << 20U;
  const auto text = read_file(path, kMaxAnchorOctets);
  if (!text) {
    return "DNSSEC needs the root trust anchor, but " + text.error() +
           ": install the package dns-root-data, or switch dnssec off";
  }
  if (!holds_keys(*text)) {
    // libunbound would start, and validate nothing.
    return "DNSSEC needs the root trust anchor, but " + path + " holds no DS or DNSKEY record";
  }
  return {};
}

}  // namespace

Parsed<Context, std::string> make_context(const Settings& settings, const std::vector<std::string>& servers,
                                          std::size_t sockets) {
  if (settings.dnssec) {
    if (std::string problem = check_trust_anchor(settings.trust_anchor); !problem.empty()) {
      return failure(std::move(problem));
    }
  }
  // The parser of libunbound keeps its state in variables of the whole process.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  Context context(ub_ctx_create());
  if (!context) {
    return failure(std::string("libunbound cannot start"));
  }
  ub_ctx_debugout(context.get(), nullptr);
  std::string problem = configure(context.get(), unbound_config(settings, servers, sockets));
  if (!problem.empty()) {
    return failure(std::move(problem));
  }
  ub_ctx_async(context.get(), 1);
  // Removing a name that is not there changes nothing, but makes libunbound take up its configuration now, while an
  // error can still be told.
  if (const int error = ub_ctx_data_remove(context.get(), "nothing.invalid."); error != UB_NOERROR) {
    return failure(std::string("libunbound refuses its settings: ") + ub_strerror(error));
  }
  if (ub_fd(context.get()) < 0) {
    return failure(std::string("libunbound cannot start"));
  }
  return context;
}

}  // namespace assay::resolver
