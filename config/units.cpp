#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace assay::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kDurations{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
constexpr std::array<Unit, 4> kSizes{
    {{"B", 1}, {"KiB", std::uint64_t{1} << 10U}, {"MiB", std::uint64_t{1} << 20U}, {"GiB", std::uint64_t{1} << 30U}}};

struct Notation {
  std::span<const Unit> units;
  const char* names;    ///< "ms, s, m or h"
  const char* example;  ///< "5s"
  const char* meant;    ///< The unit that a number alone most likely has.
};
constexpr Notation kDuration{kDurations, "ms, s, m or h", "5s", "s"};
constexpr Notation kSize{kSizes, "B, KiB, MiB or GiB", "5MiB", "B"};

Parsed<std::uint64_t> parse(std::string_view text, const Notation& notation) {
  std::uint64_t number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(stopped - text.data());
  if (error == std::errc::invalid_argument || (digits < text.size() && text[digits] == '.')) {
    return parse_error(std::string("is not a whole number with a unit, such as ") + notation.example);
  }
  if (error == std::errc::result_out_of_range) {
    return parse_error("is too large a number");
  }
  const std::string_view name = text.substr(digits);
  if (name.empty()) {
    return parse_error("has no unit: write " + std::string(text) + notation.meant + " (units: " + notation.names + ")");
  }
  for (const Unit& unit : notation.units) {
    if (unit.name == name) {
      if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) {
        return parse_error("is too large a number");
      }
      return number * unit.factor;
    }
  }
  return parse_error(std::string("has an unknown unit: use ") + notation.names + ", without a space");
}

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  return parse(text, kDuration).map([](std::uint64_t value) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(value));
  });
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, kSize);
}

std::string format_duration(std::chrono::milliseconds value) {
  constexpr std::int64_t kSecond = 1000;
  const std::int64_t count = value.count();
  return count % kSecond == 0 ? std::to_string(count / kSecond) + "s" : std::to_string(count) + "ms";
}

std::string format_size(std::uint64_t octets) {
  const Unit* best = &kSizes.front();
  for (const Unit& unit : kSizes) {
    if (octets != 0 && octets % unit.factor == 0) {
      best = &unit;
    }
  }
  return std::to_string(octets / best->factor) + std::string(best->name);
}

}  // namespace assay::config
