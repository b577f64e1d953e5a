#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

/// A DNS message put together octet by octet as RFC 1035 section 4 draws it, without any DNS library.
class Packet {
 public:
  static constexpr unsigned kAnswered = 0x8180;  ///< QR RD RA
  static constexpr unsigned kTruncated = 0x0200;

  Packet(std::string_view name, unsigned type, unsigned rcode = 0) : flags_(kAnswered | rcode) {
    question_ = wire(name) + number16(type) + number16(1);
  }

  Packet& flags(unsigned flags) {
    flags_ = flags;
    return *this;
  }
  Packet& no_question() {
    question_.clear();
    return *this;
  }
  Packet& answer(std::string_view owner, unsigned type, std::uint32_t ttl, const std::string& data,
                 unsigned record_class = 1) {
    answers_.push_back(record(wire(owner), type, ttl, data, record_class));
    return *this;
  }
  /// An owner given in wire format, such as a compression pointer.
  Packet& answer_at(const std::string& owner, unsigned type, std::uint32_t ttl, const std::string& data) {
    answers_.push_back(record(owner, type, ttl, data, 1));
    return *this;
  }
  Packet& authority(std::string_view owner, unsigned type, std::uint32_t ttl, const std::string& data) {
    authorities_.push_back(record(wire(owner), type, ttl, data, 1));
    return *this;
  }
  /// The OPT record of RFC 6891 with the upper bits of the RCODE.
  Packet& extended_rcode(unsigned upper) {
    additional_.push_back(record(std::string(1, '\0'), 41, static_cast<std::uint32_t>(upper) << 24U, "", 1232));
    return *this;
  }

  [[nodiscard]] std::vector<std::uint8_t> octets() const {
    std::string all = number16(0x1234) + number16(flags_) + number16(question_.empty() ? 0 : 1) +
                      number16(answers_.size()) + number16(authorities_.size()) + number16(additional_.size()) +
                      question_;
    for (const auto* const section : {&answers_, &authorities_, &additional_}) {
      for (const std::string& one : *section) {
        all += one;
      }
    }
    return {all.begin(), all.end()};
  }

  static std::string number16(std::size_t value) {
    return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
  }
  static std::string number32(std::uint32_t value) { return number16(value >> 16U) + number16(value & 0xFFFFU); }

  /// Labels joined by '.', which no label holds here.
  static std::string wire(std::string_view name) {
    std::string octets;
    while (!name.empty()) {
      const std::string_view label = name.substr(0, name.find('.'));
      octets += static_cast<char>(label.size());
      octets += label;
      name.remove_prefix(label.size() == name.size() ? name.size() : label.size() + 1);
    }
    return octets + '\0';
  }
  static std::string strings(const std::vector<std::string>& parts) {
    std::string data;
    for (const std::string& part : parts) {
      data += static_cast<char>(part.size());
      data += part;
    }
    return data;
  }
  static std::string mx(unsigned preference, std::string_view host) { return number16(preference) + wire(host); }
  static std::string soa(std::uint32_t minimum) {
    return wire("ns.test") + wire("hostmaster.test") + number32(1) + number32(2) + number32(3) + number32(4) +
           number32(minimum);
  }

 private:
  static std::string record(const std::string& owner, unsigned type, std::uint32_t ttl, const std::string& data,
                            unsigned record_class) {
    return owner + number16(type) + number16(record_class) + number32(ttl) + number16(data.size()) + data;
  }

  unsigned flags_;
  std::string question_;
  std::vector<std::string> answers_;
  std::vector<std::string> authorities_;
  std::vector<std::string> additional_;
};

}  // namespace assay::test
