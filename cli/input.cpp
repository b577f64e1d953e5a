#include "cli/input.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include "cli/verbs.h"
#include "verify/base/domain.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::cli {
namespace {

constexpr std::size_t kReadOctets = std::size_t{64} << 10U;
constexpr std::size_t kMaxComplaintOctets = 4000;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string why(int number) {
  return std::generic_category().message(number);
}

/// A cursor over fixed-width digits and separators.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  /// `width` digits as a number; remembers a failure.
  int digits(std::size_t width) {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (text_.empty() || !is_digit(text_.front())) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }
  /// Takes one of `choices`; '\0' and a remembered failure if none stands there.
  char one_of(std::string_view choices) {
    if (text_.empty() || choices.find(text_.front()) == std::string_view::npos) {
      failed_ = true;
      return '\0';
    }
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  [[nodiscard]] bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  [[nodiscard]] bool next_is_digit() const { return !text_.empty() && is_digit(text_.front()); }
  [[nodiscard]] bool is_done() const { return !failed_ && text_.empty(); }

 private:
  std::string_view text_;
  bool failed_ = false;
};

/// "Z", or "+01:30" as what must be taken off to get UTC.
std::optional<std::chrono::minutes> read_offset(Cursor& cursor) {
  const char sign = cursor.one_of("Zz+-");
  if (sign == 'Z' || sign == 'z') {
    return std::chrono::minutes(0);
  }
  const int hours = cursor.digits(2);
  cursor.one_of(":");
  const int minutes = cursor.digits(2);
  if (hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes offset(hours * 60 + minutes);
  return sign == '-' ? -offset : offset;
}

/// RFC 3339 section 5.6. A leap second counts as the second after it.
std::optional<Time> parse_rfc3339(std::string_view text) {
  Cursor cursor(text);
  const int year = cursor.digits(4);
  cursor.one_of("-");
  const int month = cursor.digits(2);
  cursor.one_of("-");
  const int day = cursor.digits(2);
  cursor.one_of("Tt ");
  const int hour = cursor.digits(2);
  cursor.one_of(":");
  const int minute = cursor.digits(2);
  cursor.one_of(":");
  const int second = cursor.digits(2);
  if (cursor.next_is('.')) {
    cursor.one_of(".");
    do {
      cursor.digits(1);
    } while (cursor.next_is_digit());
  }
  const auto offset = read_offset(cursor);
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!cursor.is_done() || !offset || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - *offset;
}

}  // namespace

Input<std::string> read_file(const std::string& path, std::size_t max_octets) {
  File file(nullptr, &std::fclose);
  if (path != "-") {
    file.reset(std::fopen(path.c_str(), "rbe"));
    if (!file) {
      return failure("cannot open " + path + ": " + why(errno));
    }
  }
  std::FILE* const stream = file ? file.get() : stdin;
  const std::string name = file ? path : "standard input";
  std::string octets;
  std::array<char, kReadOctets> buffer{};
  for (;;) {
    errno = 0;
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stream);
    if (octets.size() + got > max_octets) {
      const std::size_t kibibytes = max_octets >> 10U;
      const std::string most =
          kibibytes % 1024 == 0 ? std::to_string(kibibytes / 1024) + " MiB" : std::to_string(kibibytes) + " KiB";
      std::string message = name;
      message.append(" is larger than ").append(most).append(", the most that is read: is it the right file?");
      return failure(std::move(message));
    }
    octets.append(buffer.data(), got);
    if (std::ferror(stream) != 0) {
      return failure("cannot read " + name + ": " + why(errno));
    }
    if (got < buffer.size()) {
      return octets;
    }
  }
}

Input<Time> parse_now(std::string_view text) {
  constexpr Time kLast = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + std::chrono::hours(23) +
                         std::chrono::minutes(59) + std::chrono::seconds(59);
  std::optional<Time> time;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    time = Time(std::chrono::seconds(seconds));
  } else {
    time = parse_rfc3339(text);
  }
  if (!time || *time < Time() || *time > kLast) {
    return failure("--now " + std::string(text) +
                   ": give seconds since 1970, or a time such as 2026-11-22T14:05:09Z, up to the year 9999");
  }
  return *time;
}

Input<std::uint64_t> parse_count(std::string_view name, std::string_view text, std::uint64_t least,
                                 std::uint64_t most) {
  std::uint64_t count = 0;
  // Without a base, from_chars takes neither a sign, nor a prefix, nor spaces.
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < least || count > most) {
    return failure(std::string(name) + ": \"" + std::string(text) + "\" is no number from " + std::to_string(least) +
                   " to " + std::to_string(most) + " in decimal digits");
  }
  return count;
}

Time current_time() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Input<IpAddress> parse_client_ip(const std::string& text) {
  const auto ip = IpAddress::parse(text);
  if (!ip) {
    return failure("--client-ip " + text + ": " + ip.error().what +
                   "; give an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1");
  }
  return *ip;
}

Input<resolver::Settings> apply(const DnsOptions& options, resolver::Settings settings) {
  if (!options.zones.empty() && !options.servers.empty()) {
    return failure(std::string("give --zone or --dns, not both: zone files answer alone, and so do servers"));
  }
  if (!options.zones.empty()) {
    settings.zones = options.zones;
  }
  if (!options.servers.empty()) {
    settings.zones.clear();
    settings.forward.emplace();
    for (const std::string& server : options.servers) {
      const auto forwarder = resolver::parse_forwarder(server);
      if (!forwarder) {
        return failure("--dns " + server + ": " + forwarder.error().what +
                       "; give an address, or an address and a port, such as 192.0.2.53 or 127.0.0.1@5353");
      }
      settings.forward->push_back(*forwarder);
    }
  }
  return settings;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || !Domain::parse(name.data())) {
    return "localhost";
  }
  return name.data();
}

int complain(std::string_view text) {
  std::cerr << "assay: " << escape(text, kMaxComplaintOctets) << '\n';
  return kExitUsage;
}

}  // namespace assay::cli
