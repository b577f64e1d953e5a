#pragma once

#include <unbound.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "resolver/settings.h"
#include "verify/base/parsed.h"

namespace assay::resolver {

struct DeleteContext {
  void operator()(ub_ctx* context) const noexcept { ub_ctx_delete(context); }
};
/// libunbound at work. Its end waits for libunbound's thread, and calls nobody back.
using Context = std::unique_ptr<ub_ctx, DeleteContext>;

/// A libunbound that asks `servers` as `settings` say, with at most so many UDP sockets at a time, and tells of its
/// answers through ub_fd(). The error says in words what is wrong, the trust anchor for `settings.dnssec` included.
/// Thread-safe.
[[nodiscard]] Parsed<Context, std::string> make_context(const Settings& settings,
                                                        const std::vector<std::string>& servers, std::size_t sockets);

}  // namespace assay::resolver
