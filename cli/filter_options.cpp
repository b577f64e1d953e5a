#include "cli/filter_options.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "observe/control_request.h"
#include "verify/base/escape.h"

namespace assay::cli {

void add_filter_options(CLI::App& verb, FilterOptions& options) {
  const auto add = [&verb](const char* name, std::vector<std::string>& values, const char* type, const char* about) {
    verb.add_option(name, values, about)->type_name(type)->allow_extra_args(false);
  };
  add("--from-domain", options.from_domain, "DOMAIN",
      "Messages whose author's domain is this one; '*.example.com' for those below it. Each option may be repeated: "
      "then one of its values has to fit, and one of every option.");
  add("--action", options.action, "ACTION", "What was done: accept, reject, tempfail, quarantine or discard.");
  add("--rule", options.rule, "NAME", "The rule that decided, or that would have if it were enforced.");
  add("--result", options.result, "METHOD=RESULT",
      "dmarc=fail, spf=softfail, spf_helo=pass, dkim=none, arc=pass, iprev=fail ... For dkim one signature suffices.");
  add("--client-ip", options.client_ip, "IP", "The client's address, or a network such as 192.0.2.0/24.");
}

Input<std::string> tail_request(const FilterOptions& options) {
  nlohmann::ordered_json filter = nlohmann::ordered_json::object();
  for (const auto& [key, values] : {std::pair("from_domain", &options.from_domain),
                                    std::pair("action", &options.action), std::pair("rule", &options.rule),
                                    std::pair("result", &options.result), std::pair("client_ip", &options.client_ip)}) {
    for (const std::string& value : *values) {
      if (!is_utf8(value)) {
        return failure("\"" + value + "\" is no UTF-8");
      }
      filter[key].push_back(value);
    }
  }
  std::string request = nlohmann::ordered_json{{"command", "tail"}, {"filter", std::move(filter)}}.dump();
  // Read as assayd will: what is wrong is known before it is asked.
  if (const auto read = observe::read_control_request(request); !read) {
    return failure(read.error());
  }
  return request;
}

}  // namespace assay::cli
