// assay-mta: sends message files to a milter as an MTA would, and says what became of them. For tests, for measuring
// and for trying a filter by hand; not installed.

#include <getopt.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mta/message.h"
#include "mta/milter_client.h"
#include "verify/base/text.h"

namespace assay::mta {
namespace {

constexpr const char* kUsage =
    "Usage: assay-mta --socket SOCKET [options] MESSAGE...\n"
    "Sends each message file to a milter and prints what became of it.\n"
    "\n"
    "  --socket SOCKET       inet:PORT@HOST, inet6:PORT@HOST or unix:PATH\n"
    "  --client-ip IP        address of the SMTP client (192.0.2.1); 'unknown' for none\n"
    "  --client-name NAME    its name (default: [IP])\n"
    "  --client-port PORT    its port (25)\n"
    "  --helo NAME           (client.example.org); '' sends no HELO\n"
    "  --mail-from ADDRESS   (sender@example.org); '' or '<>' is the null sender\n"
    "  --mail-arg TEXT       ESMTP parameter of MAIL, for instance SMTPUTF8; repeatable\n"
    "  --rcpt ADDRESS        (postmaster@example.net); repeatable\n"
    "  --login USER          the client is authenticated as USER\n"
    "  --queue-id ID         (MTA1); the n-th further message gets ID-n\n"
    "  --received TEXT       value of the MTA's own Received field; '' for none\n"
    "  --macro NAME=VALUE    any other macro; repeatable\n"
    "  --chunk OCTETS        body chunk, 1 to 65535 (65535)\n"
    "  --actions N, --steps N   what is offered (0x1ff, 0x1fffff: as Postfix 3.7)\n"
    "  --timeout SECONDS     for each answer (Postfix's: 30, 300 from the header on)\n"
    "  --repeat N            send the list of files N times (1)\n"
    "  --connections N       over N connections at the same time (1)\n"
    "  --per-connection N    open a new connection after N messages (0: never)\n"
    "  --brief               one line a message, fit for counting\n"
    "  --json                one JSON object a line a message\n"
    "\n"
    "Exit status: 0 every message got an answer, 1 at least one did not, 2 usage or unreadable input.\n";

enum class Format : std::uint8_t { Text, Brief, Json };

struct Settings {
  std::string socket;
  Options options;
  Client client{"", "192.0.2.1", 25};
  std::string helo = "client.example.org";
  Envelope envelope{
      "sender@example.org", {}, {}, "from client.example.org by mx.example.net; Thu, 1 Jan 2026 00:00:00 +0000"};
  std::string queue_id = "MTA1";
  std::vector<std::pair<std::string, std::string>> macros;
  std::size_t repeat = 1;
  std::size_t connections = 1;
  std::size_t per_connection = 0;
  Format format = Format::Text;
  std::vector<std::string> files;
};

/// Each octet becomes the code point of its value, so that a reader gets back every octet whatever the encoding.
std::string json_string(std::string_view octets) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_control(c) || !is_ascii(c)) {
      out += "\\u00";
      out += kDigits[octet >> 4U];
      out += kDigits[octet & 0xFU];
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// For a terminal: control characters but LF, and octets that are not US-ASCII, become "?".
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += (is_control(c) && c != '\n' && c != '\t') || !is_ascii(c) ? '?' : c;
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out = printable(text);
  for (char& c : out) {
    if (is_crlf_or_wsp(c)) {
      c = ' ';
    }
  }
  return out;
}

/// The authserv-id of an Authentication-Results value, as the filters under test write it.
std::string authserv_id(std::string_view value) {
  return std::string(trim_fws(value.substr(0, value.find(';'))));
}

std::string brief_line(const Delivery& delivery) {
  std::string line = to_string(delivery.disposition);
  if (!delivery.reply.empty()) {
    return line + " " + one_line(delivery.reply);
  }
  for (const Edit& edit : delivery.edits) {
    if (edit.kind != Edit::Kind::AddHeader && edit.kind != Edit::Kind::InsertHeader) {
      continue;
    }
    if (iequals(edit.name, "Authentication-Results")) {
      line += " authserv=" + one_line(authserv_id(edit.value));
    } else {
      line += " added=" + one_line(edit.name) + ":" + one_line(trim_fws(edit.value));
    }
  }
  return delivery.hold ? line + " hold=" + one_line(*delivery.hold) : line;
}

std::string json_line(const std::string& file, const Delivery& delivery) {
  std::string line = "{\"file\":" + json_string(file) + ",\"disposition\":\"" + to_string(delivery.disposition) +
                     "\",\"reply\":" + (delivery.reply.empty() ? "null" : json_string(delivery.reply)) +
                     ",\"hold\":" + (delivery.hold ? json_string(*delivery.hold) : "null") + ",\"header\":[";
  const char* separator = "";
  for (const HeaderField& field : delivery.header) {
    line += separator + ("[" + json_string(field.name)) + "," + json_string(field.value) + "]";
    separator = ",";
  }
  line += "],\"mail_from\":" + json_string(delivery.mail_from) + ",\"rcpt\":[";
  separator = "";
  for (const std::string& address : delivery.rcpt) {
    line += separator + json_string(address);
    separator = ",";
  }
  return line + "],\"body_octets_sent\":" + std::to_string(delivery.body_octets_sent) +
         ",\"progress\":" + std::to_string(delivery.progress) + "}";
}

std::string text_block(const std::string& file, const Delivery& delivery) {
  std::string text = file + ": " + to_string(delivery.disposition);
  if (!delivery.reply.empty()) {
    text += " " + printable(delivery.reply);
  }
  if (delivery.hold) {
    text += " (held: " + printable(*delivery.hold) + ")";
  }
  text += "\n";
  if (delivery.disposition == Delivery::Disposition::Accepted) {
    for (const HeaderField& field : delivery.header) {
      text += "  " + printable(field.name) + ":" + printable(field.value) + "\n";
    }
  }
  return text;
}

/// `lost`: the filter had the message. Otherwise it was never given it, and the MTA defers by itself.
std::string failure_text(const std::string& file, const Failure& failure, bool lost, Format format) {
  const char* kind = lost ? "lost" : "unreachable";
  if (format == Format::Json) {
    return "{\"file\":" + json_string(file) + ",\"disposition\":\"" + kind +
           "\",\"reply\":" + json_string(failure.what) + "}";
  }
  return (format == Format::Text ? file + ": " : "") + kind + " " + one_line(failure.what);
}

struct Sample {
  std::string file;
  Message message;
};

/// Shared by the workers.
struct Work {
  const Settings& settings;
  const std::vector<Sample>& samples;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex output;
};

Result<MilterClient> open_session(const Settings& settings) {
  auto client = MilterClient::open(settings.socket, settings.options);
  if (!client) {
    return client;
  }
  for (const auto& [name, value] : settings.macros) {
    client->define(name, value);
  }
  if (auto answer = client->connect(settings.client); !answer) {
    return failure(std::move(answer.error()));
  }
  if (!settings.helo.empty()) {
    if (auto answer = client->helo(settings.helo); !answer) {
      return failure(std::move(answer.error()));
    }
  }
  return client;
}

std::string describe(const std::string& file, const Delivery& delivery, Format format) {
  switch (format) {
    case Format::Text: return text_block(file, delivery);
    case Format::Brief: return brief_line(delivery);
    case Format::Json: return json_line(file, delivery);
  }
  return {};
}

void run_worker(Work& work) {
  const Settings& settings = work.settings;
  const std::size_t total = work.samples.size() * settings.repeat;
  std::optional<MilterClient> client;
  std::size_t on_connection = 0;
  for (std::size_t number = work.next++; number < total; number = work.next++) {
    const Sample& sample = work.samples[number % work.samples.size()];
    std::string line;
    const auto failed = [&](const Failure& why) {
      work.failed = true;
      line = failure_text(sample.file, why, client && client->in_message(), settings.format);
      client.reset();
    };
    if (client && settings.per_connection != 0 && on_connection == settings.per_connection) {
      (void)client->quit();
      client.reset();
    }
    if (!client) {
      auto opened = open_session(settings);
      if (opened) {
        client = std::move(*opened);
        on_connection = 0;
      } else {
        failed(opened.error());
      }
    }
    if (client) {
      client->define("i", number == 0 ? settings.queue_id : settings.queue_id + "-" + std::to_string(number));
      ++on_connection;
      auto delivery = client->deliver(settings.envelope, sample.message);
      if (delivery) {
        line = describe(sample.file, *delivery, settings.format);
        if (delivery->reply.starts_with("421")) {  // The session is over (RFC 5321 section 3.8).
          client.reset();
        }
      } else {
        failed(delivery.error());
      }
    }
    const std::lock_guard lock(work.output);
    std::cout << line << '\n' << std::flush;
  }
  if (client) {
    (void)client->quit();
  }
}

/// Decimal, or hexadecimal after 0x.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : 10;
  text.remove_prefix(base == 16 ? 2 : 0);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// One command-line option with a text; false if it is no such option or its value is bad.
bool set_text(Settings& settings, std::string_view option, const std::string& value) {
  if (option == "socket") {
    settings.socket = value;
  } else if (option == "client-ip") {
    settings.client.ip = value == "unknown" ? "" : value;
  } else if (option == "client-name") {
    settings.client.name = value;
  } else if (option == "helo") {
    settings.helo = value;
  } else if (option == "mail-from") {
    settings.envelope.mail_from = value == "<>" ? "" : value;
  } else if (option == "mail-arg") {
    settings.envelope.mail_parameters.push_back(value);
  } else if (option == "rcpt") {
    settings.envelope.rcpt.push_back(value);
  } else if (option == "login") {
    settings.macros.emplace_back("{auth_authen}", value);
    settings.macros.emplace_back("{auth_type}", "PLAIN");
  } else if (option == "queue-id") {
    settings.queue_id = value;
  } else if (option == "received") {
    settings.envelope.own_received = value;
  } else if (option == "macro") {
    const auto equals = value.find('=');
    if (equals == std::string::npos) {
      return false;
    }
    settings.macros.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  } else {
    return false;
  }
  return true;
}

bool set_number(Settings& settings, std::string_view option, std::uint32_t value) {
  if (option == "client-port" && value <= 65535) {
    settings.client.port = static_cast<std::uint16_t>(value);
  } else if (option == "chunk" && value >= 1 && value <= kMaxChunkOctets) {
    settings.options.chunk_octets = value;
  } else if (option == "actions") {
    settings.options.actions = value;
  } else if (option == "steps") {
    settings.options.steps = value;
  } else if (option == "timeout" && value >= 1 && value <= 100'000) {
    const std::chrono::seconds timeout(value);
    settings.options.timeouts = {timeout, timeout, timeout};
  } else if (option == "repeat" && value >= 1) {
    settings.repeat = value;
  } else if (option == "connections" && value >= 1 && value <= 1000) {
    settings.connections = value;
  } else if (option == "per-connection") {
    settings.per_connection = value;
  } else {
    return false;
  }
  return true;
}

std::optional<Settings> parse_arguments(int argc, char** argv) {
  Settings settings;
  std::vector<option> options;
  for (const char* name : {"socket", "client-ip", "client-name", "client-port", "helo", "mail-from", "mail-arg", "rcpt",
                           "login", "queue-id", "received", "macro", "chunk", "actions", "steps", "timeout", "repeat",
                           "connections", "per-connection"}) {
    options.push_back({name, required_argument, nullptr, 'v'});
  }
  options.push_back({"brief", no_argument, nullptr, 'b'});
  options.push_back({"json", no_argument, nullptr, 'j'});
  options.push_back({});
  int index = 0;
  int choice = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet.
  while ((choice = getopt_long(argc, argv, "", options.data(), &index)) != -1) {
    if (choice == 'b') {
      settings.format = Format::Brief;
    } else if (choice == 'j') {
      settings.format = Format::Json;
    } else if (choice == 'v') {
      const std::string_view name = options[static_cast<std::size_t>(index)].name;
      const auto number = parse_number(optarg);
      if (!set_text(settings, name, optarg) && !(number && set_number(settings, name, *number))) {
        std::cerr << "assay-mta: --" << name << " cannot be '" << optarg << "'\n";
        return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  settings.files.assign(argv + optind, argv + argc);
  if (settings.socket.empty() || settings.files.empty()) {
    return std::nullopt;
  }
  if (settings.client.name.empty()) {
    settings.client.name = settings.client.ip.empty() ? "unknown" : "[" + settings.client.ip + "]";
  }
  if (settings.envelope.rcpt.empty()) {
    settings.envelope.rcpt.emplace_back("postmaster@example.net");
  }
  return settings;
}

int run(int argc, char** argv) {
  const auto settings = parse_arguments(argc, argv);
  if (!settings) {
    std::cerr << kUsage;
    return 2;
  }
  std::vector<Sample> samples;
  for (const std::string& file : settings->files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream) {
      std::cerr << "assay-mta: " << file << ": cannot be read\n";
      return 2;
    }
    samples.push_back({file, split_message(text)});
  }
  Work work{*settings, samples, {}, {}, {}};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < settings->connections; ++i) {
    threads.emplace_back([&work] { run_worker(work); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::size_t total = samples.size() * settings->repeat;
  if (total > samples.size()) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    (void)std::fprintf(stderr, "%zu messages in %.2f s, %.0f a second\n", total, seconds.count(),
                       static_cast<double>(total) / seconds.count());
  }
  return work.failed ? 1 : 0;
}

}  // namespace
}  // namespace assay::mta

int main(int argc, char** argv) {
  return assay::mta::run(argc, argv);
}
