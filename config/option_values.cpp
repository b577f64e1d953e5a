#include "config/option_values.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::config {
namespace {

Parsed<std::string> parse_authserv_id(const std::string& text) {
  if (const auto complaint = check_authserv_id(text)) {
    return parse_error(*complaint);
  }
  return normalize_authserv_id(text);
}

Parsed<IpNetwork> parse_network(const std::string& text) {
  const auto network = IpNetwork::parse(text);
  if (!network) {
    return parse_error("is not a network such as 192.0.2.0/24 or \"2001:db8::/32\": " + network.error().what);
  }
  return *network;
}

std::string print_network(const IpNetwork& network) {
  return print_text(network.address.to_string() + "/" + std::to_string(network.prefix_bits));
}

Parsed<resolver::Forwarder> parse_server(const std::string& text) {
  const auto server = resolver::parse_forwarder(text);
  if (!server) {
    return parse_error("is not a server such as 192.0.2.53 or 192.0.2.53@5353: " + server.error().what);
  }
  return *server;
}

std::string print_server(const resolver::Forwarder& server) {
  constexpr unsigned kUsualPort = 53;
  const std::string address = server.address.to_string();
  return print_text(server.port == kUsualPort ? address : address + "@" + std::to_string(server.port));
}

Parsed<Domain> parse_sealer(const std::string& text) {
  const auto domain = Domain::parse(text);
  if (!domain) {
    return parse_error("is not a domain such as lists.example.org: " + domain.error().what);
  }
  return *domain;
}

std::string print_domain(const Domain& domain) {
  return print_text(domain.str());
}

Parsed<std::string> parse_zone_file(const std::string& text) {
  // A path may be relative: zone files are for rehearsals and tests.
  if (text.empty()) {
    return parse_error("is not the name of a file");
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; })) {
    return parse_error("has a control character in it");
  }
  return text;
}

std::string print_string(const std::string& text) {
  return print_text(text);
}

Form text_element(const char* written, const char* pattern) {
  return {.kind = Form::Kind::Text, .written = written, .pattern = pattern};
}

}  // namespace

std::string normalize_authserv_id(const std::string& text) {
  const auto domain = Domain::parse(text);
  if (!domain) {
    return text;
  }
  return iequals(text, domain->str()) ? text : domain->str();
}

Element<std::string> authserv_ids() {
  return {parse_authserv_id, print_string, "[mail.example.net]", form_of(kAuthservId)};
}

Element<IpNetwork> networks() {
  return {parse_network, print_network, "[192.0.2.0/24]",
          text_element("ADDRESS/PREFIX | ADDRESS", R"(^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$)")};
}

Element<resolver::Forwarder> servers() {
  return {parse_server, print_server, "[192.0.2.53], or the word resolv.conf",
          text_element("ADDRESS | ADDRESS@PORT", R"(^[0-9A-Fa-f:.]+(@[0-9]{1,5})?$)")};
}

Element<Domain> sealers() {
  return {parse_sealer, print_domain, "[lists.example.org]", text_element("DOMAIN", R"(^\S+$)")};
}

Element<std::string> zone_files() {
  return {parse_zone_file, print_string, "[example.zone]", text_element("FILE", "")};
}

}  // namespace assay::config
