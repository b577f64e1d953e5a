// What is written is read again as the same value.
#include <array>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "verify/base/base64.h"
#include "verify/base/domain.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"
#include "verify/dns/answer.h"

using namespace assay;
using test::Dice;

namespace {

constexpr int kRounds = 20'000;

IpAddress random_address(Dice& dice) {
  std::array<std::uint8_t, 16> octets{};
  // Runs of zeros, which RFC 5952 shortens, and the prefix of mapped addresses.
  for (auto& octet : octets) {
    octet = dice.one_in(3) ? static_cast<std::uint8_t>(dice.below(256)) : 0;
  }
  if (dice.one_in(8)) {
    octets.fill(0);
    octets[10] = octets[11] = 0xFF;
    octets[15] = static_cast<std::uint8_t>(dice.below(256));
  }
  return dice.one_in(4) ? IpAddress::from_v4(std::span(octets).first<4>()) : IpAddress::from_v6(octets);
}

std::string random_name(Dice& dice) {
  std::string name;
  for (std::size_t labels = 1 + dice.below(6); labels > 0; --labels) {
    const std::size_t octets = dice.one_in(5) ? 55 + dice.below(12) : 1 + dice.below(12);
    name += dice.text(octets, "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_");
    name += labels > 1 ? "." : "";
  }
  return dice.one_in(6) ? name + "." : name;
}

}  // namespace

TEST_CASE("property/round trip: an address is read from its own text, and is the only one of it", "[property]") {
  Dice dice(5952);
  for (int round = 0; round < kRounds; ++round) {
    const IpAddress address = random_address(dice);
    const IpAddress other = random_address(dice);
    CAPTURE(address.to_string());
    REQUIRE(IpAddress::parse(address.to_string()) == address);
    REQUIRE((address.to_string() == other.to_string()) == (address == other));
    REQUIRE((address.reverse_name() == other.reverse_name()) == (address == other));
    REQUIRE(dns::is_askable(address.reverse_name()));
  }
}

TEST_CASE("property/round trip: a block of addresses holds exactly those that begin with its bits", "[property]") {
  Dice dice(4632);
  const auto bit = [](const IpAddress& address, unsigned index) {
    return (address.octets()[index / 8] >> (7 - index % 8)) & 1;
  };
  for (int round = 0; round < kRounds; ++round) {
    const IpAddress network = random_address(dice);
    const IpAddress address = dice.flip() ? random_address(dice) : network;
    const auto width = static_cast<unsigned>(network.octets().size() * 8);
    const auto prefix = static_cast<unsigned>(dice.below(width + 1));
    bool expected = network.family() == address.family();
    for (unsigned i = 0; expected && i < prefix; ++i) {
      expected = bit(network, i) == bit(address, i);
    }
    const auto block = IpNetwork::parse(network.to_string() + "/" + std::to_string(prefix));
    CAPTURE(network.to_string(), address.to_string(), prefix);
    REQUIRE(block);
    REQUIRE(block->contains(address) == expected);
    REQUIRE(block->contains(network));
  }
}

TEST_CASE("property/round trip: a name is read from its own text, and its labels lead up to the top", "[property]") {
  Dice dice(1035);
  int names = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = random_name(dice);
    CAPTURE(text);
    const auto name = Domain::parse(text);
    if (!name) {
      continue;
    }
    ++names;
    REQUIRE(Domain::parse(name->str()) == *name);
    REQUIRE(iequals(name->str() + (text.back() == '.' ? "." : ""), text));
    REQUIRE(dns::is_askable(name->str()));
    // What people read names the same domain.
    REQUIRE(Domain::parse(to_unicode(*name)) == *name);
    std::size_t labels = name->label_count();
    REQUIRE(name->rightmost(labels) == *name);
    for (auto parent = name->parent(); parent; parent = parent->parent()) {
      --labels;
      REQUIRE(parent->label_count() == labels);
      REQUIRE(name->rightmost(labels) == *parent);
      REQUIRE(name->is_within(*parent));
      REQUIRE_FALSE(parent->is_within(*name));
    }
    REQUIRE(labels == 1);
  }
  CHECK(names > kRounds / 2);
}

TEST_CASE("property/round trip: U-labels and A-labels of a name are one domain (RFC 8616 section 4)", "[property]") {
  Dice dice(8616);
  const std::vector<std::string> letters{
      "a", "z", "0", "\xC3\xBC", "\xC3\xA9", "\xCE\xB1", "\xD0\xB6", "\xE4\xB8\xAD", "\xE3\x81\x82"};
  int converted = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::size_t n = 1 + dice.below(8); n > 0; --n) {
      text += dice.pick(letters);
    }
    text += ".example";
    const auto name = Domain::parse(text);
    CAPTURE(text);
    if (!name) {
      continue;
    }
    converted += is_ascii(text) ? 0 : 1;
    REQUIRE(is_ascii(name->str()));
    REQUIRE(Domain::parse(name->str()) == *name);
    REQUIRE(Domain::parse(to_unicode(*name)) == *name);
    REQUIRE(to_unicode(*name) == text);
  }
  CHECK(converted > 1'000);
}

TEST_CASE("property/round trip: base64 of any octets, white space anywhere in it (RFC 6376 section 2.10)",
          "[property]") {
  Dice dice(4648);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::uint8_t> octets;
    for (std::size_t n = dice.below(dice.one_in(10) ? 600 : 20); n > 0; --n) {
      octets.push_back(static_cast<std::uint8_t>(dice.octet()));
    }
    std::string text = encode_base64(octets);
    REQUIRE(text.size() == (octets.size() + 2) / 3 * 4);
    REQUIRE(decode_base64(text) == octets);
    for (std::size_t n = dice.below(4); n > 0; --n) {
      text.insert(dice.below(text.size() + 1), 1, " \t\r\n"[dice.below(4)]);
    }
    REQUIRE(decode_base64(text) == octets);
  }
}
