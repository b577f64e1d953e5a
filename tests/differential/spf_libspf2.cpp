// Reads SPF cases, one JSON object a line (spf_case.h), and writes what libspf2 says of each, one a line. It may crash
// or hang on any of them, so each answer is flushed, and a case that takes seconds ends the process.
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <iostream>
#include <memory>

#include "tests/differential/spf_case.h"
#include "tests/support/fake_resolver.h"

// Last: these headers know nothing of C++ and do not include what they need.
extern "C" {
#include <spf2/spf.h>
#include <spf2/spf_dns_rr.h>
}

namespace {

using assay::dns::Status;
using assay::dns::Type;
using assay::test::octets_as_text;

constexpr unsigned kSecondsPerCase = 5;

Type type_of(ns_type type) {
  switch (static_cast<int>(type)) {
    case ns_t_a: return Type::A;
    case ns_t_aaaa: return Type::AAAA;
    case ns_t_mx: return Type::MX;
    case ns_t_ptr: return Type::PTR;
    default: return Type::TXT;
  }
}

int host_errno(Status status) {
  switch (status) {
    case Status::Found: return NETDB_SUCCESS;
    case Status::NoData: return NO_DATA;
    case Status::NxDomain: return HOST_NOT_FOUND;
    case Status::TempFail:
    case Status::Bogus: return TRY_AGAIN;
  }
  return NO_RECOVERY;
}

SPF_dns_rr_data_t& next_record(SPF_dns_rr_t& answer, std::size_t octets) {
  const int index = answer.num_rr++;
  if (SPF_dns_rr_buf_realloc(&answer, index, std::max(octets, sizeof(SPF_dns_rr_data_t))) != SPF_E_SUCCESS) {
    throw std::bad_alloc();
  }
  return *answer.rr[index];
}

void add_text(SPF_dns_rr_t& answer, const std::string& text) {
  std::memcpy(&next_record(answer, text.size() + 1), text.c_str(), text.size() + 1);
}

void add_address(SPF_dns_rr_t& answer, const assay::IpAddress& address) {
  const auto octets = address.octets();
  std::memcpy(&next_record(answer, octets.size()), octets.data(), octets.size());
}

/// A layer of libspf2's resolver that answers from the zone.
SPF_dns_rr_t* lookup(SPF_dns_server_t* layer, const char* name, ns_type type, int /*should_cache*/) {
  auto& resolver = *static_cast<assay::test::FakeResolver*>(layer->hook);
  std::string owner(name);
  if (!owner.empty() && owner.back() == '.') {
    owner.pop_back();
  }
  const auto found = resolver.lookup({owner, type_of(type)});
  auto* answer = SPF_dns_rr_new_init(layer, name, type, 300, host_errno(found->status));
  for (const auto& text : found->texts) {
    add_text(*answer, text);
  }
  for (const auto& host : found->names) {
    add_text(*answer, host);
  }
  for (const auto& exchange : found->exchanges) {
    add_text(*answer, exchange.host);
  }
  for (const auto& address : found->addresses) {
    add_address(*answer, address);
  }
  return answer;
}

/// Where the first record cannot be had or does not compile, the library says so in its errors alone.
std::string result_of(SPF_response_t* response) {
  if (SPF_response_result(response) != SPF_RESULT_INVALID || SPF_response_errors(response) == 0) {
    return SPF_strresult(SPF_response_result(response));
  }
  for (int i = 0; i < SPF_response_messages(response); ++i) {
    if (SPF_error_code(SPF_response_message(response, i)) == SPF_E_DNS_ERROR) {
      return "temperror";
    }
  }
  return "permerror";
}

nlohmann::json judge(const assay::test::SpfCase& spf_case) {
  assay::test::FakeResolver resolver(spf_case.zone);
  SPF_dns_server_t layer{};
  layer.lookup = lookup;
  layer.name = "zone";
  layer.hook = &resolver;
  const std::unique_ptr<SPF_server_t, void (*)(SPF_server_t*)> server(SPF_server_new_dns(&layer, 0), SPF_server_free);
  SPF_server_set_rec_dom(server.get(), spf_case.receiver.c_str());
  const std::unique_ptr<SPF_request_t, void (*)(SPF_request_t*)> request(SPF_request_new(server.get()),
                                                                         SPF_request_free);
  const bool is_v6 = spf_case.client.find(':') != std::string::npos;
  const auto set_client = is_v6 ? SPF_request_set_ipv6_str : SPF_request_set_ipv4_str;
  set_client(request.get(), spf_case.client.c_str());
  SPF_request_set_helo_dom(request.get(), spf_case.helo.c_str());
  if (spf_case.mail_from && !spf_case.mail_from->empty()) {
    SPF_request_set_env_from(request.get(), spf_case.mail_from->c_str());
  }
  SPF_response_t* answer = nullptr;
  SPF_request_query_mailfrom(request.get(), &answer);
  const std::unique_ptr<SPF_response_t, void (*)(SPF_response_t*)> response(answer, SPF_response_free);
  const char* explanation = SPF_response_get_explanation(answer);
  std::string problem;
  for (int i = 0; i < SPF_response_messages(answer); ++i) {
    auto* message = SPF_response_message(answer, i);
    if (SPF_error_errorp(message) != 0) {
      problem += std::string(SPF_error_message(message)) + "; ";
    }
  }
  return {{"result", result_of(answer)},
          {"reason", octets_as_text(problem)},
          {"explanation", octets_as_text(explanation == nullptr ? "" : explanation)}};
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    alarm(kSecondsPerCase);
    std::cout << judge(assay::test::read_spf_case(line)).dump() << std::endl;
  }
  return 0;
}
