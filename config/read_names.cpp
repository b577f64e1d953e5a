#include "config/read_names.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "config/files.h"
#include "config/wording.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/crypto/digest.h"

namespace assay::config {
namespace {

std::string hex(const crypto::DigestValue& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : digest.view()) {
    text += kHex[octet >> 4U];
    text += kHex[octet & 0x0FU];
  }
  return text;
}

/// What a list does with what it is given.
struct Sink {
  std::function<Parsed<void>(std::string_view)> add;
  std::function<void(std::string path, std::string digest)> begin_file;
  std::function<void()> end_file;
  const char* example;
};

class ListReader {
 public:
  ListReader(Findings& findings, const std::string& key, const Sink& sink)
      : findings_(findings), key_(key), sink_(sink) {}

  void read(const YamlNode& node) {
    for (const YamlNode* const element : elements_of(findings_, key_, node)) {
      if (!element->text.empty() && element->text.front() == '@') {
        read_file(*element);
      } else {
        add(element->mark, element->text);
      }
    }
  }

 private:
  void complain(const Mark& mark, const std::string& what) { findings_.add(mark, key_ + ": " + what); }

  void add(const Mark& mark, std::string_view text) {
    if (++count_ == kMaxNames + 1) {
      complain(mark, "more than " + std::to_string(kMaxNames) + " names: that is no list for a rule");
    }
    if (count_ > kMaxNames) {
      return;
    }
    if (const auto added = sink_.add(text); !added) {
      complain(mark, quote(text) + " " + added.error().what);
    }
  }

  void read_file(const YamlNode& element) {
    const std::string written = element.text.substr(1);
    if (written.empty()) {
      complain(element.mark, "\"@\" needs the name of a file behind it, such as " + std::string(sink_.example));
      return;
    }
    if (std::any_of(written.begin(), written.end(), [](char c) { return is_control(c); })) {
      complain(element.mark, quote(element.text) + " has a control character in it");
      return;
    }
    Files& files = findings_.files();
    const std::string path = files.resolve(written, element.mark.file);
    const Parsed<std::string>& text = files.read(path, kMaxNameFileOctets);
    const auto refuse = [&](const std::string& why) {
      complain(element.mark, quote(element.text) + ": the file " + path + " " + why);
    };
    if (!text) {
      refuse("cannot be read: " + text.error().what);
    } else if (text->size() > kMaxNameFileOctets) {
      refuse("is larger than " + std::to_string(kMaxNameFileOctets >> 20U) + " MiB: is it the right one?");
    } else {
      sink_.begin_file(path, hex(crypto::digest(crypto::Hash::Sha256, *text)));
      read_lines(*text, files.add(path));
      sink_.end_file();
    }
  }

  void read_lines(std::string_view text, std::size_t file) {
    for (const ListLine& line : lines_of_list(text)) {
      if (findings_.is_full() || count_ > kMaxNames) {
        return;
      }
      add({line.number, line.column, file}, line.text);
    }
  }

  Findings& findings_;
  const std::string& key_;
  const Sink& sink_;
  std::size_t count_ = 0;
};

/// What makes a text no domain that mail can show; nullopt if it is one, or a pattern of such.
Complaint check_domain_pattern(std::string_view text) {
  constexpr std::string_view kBelow = "*.";
  const std::string_view name = text.substr(0, kBelow.size()) == kBelow ? text.substr(kBelow.size()) : text;
  if (name.empty() || name.find('*') != std::string_view::npos) {
    return std::nullopt;  // The list says what is wrong.
  }
  if (IpNetwork::parse(name)) {
    return "is an address, not a domain: addresses go with client_ip";
  }
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    return "is a mail address: write the domain alone, " + quote(name.substr(at + 1));
  }
  const auto domain = Domain::parse(name);
  return domain ? std::nullopt : Complaint("is not a domain such as example.com: " + domain.error().what);
}

}  // namespace

std::vector<ListLine> lines_of_list(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::vector<ListLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view content = trim_fws(line.substr(0, line.find('#')));
    if (!content.empty()) {
      lines.push_back({number, static_cast<int>(content.data() - line.data()) + 1, content});
    }
  }
  return lines;
}

std::vector<const YamlNode*> elements_of(Findings& findings, const std::string& key, const YamlNode& node) {
  const auto is_element = [&](const YamlNode& item) {
    if (item.kind == YamlNode::Kind::Null) {
      findings.add(item.mark, key + ": an element of the list is empty: write or remove it");
    } else if (item.kind == YamlNode::Kind::List || item.kind == YamlNode::Kind::Map) {
      findings.add(item.mark, key + ": an element of the list is not one value");
    }
    return item.kind == YamlNode::Kind::Scalar;
  };
  std::vector<const YamlNode*> elements;
  switch (node.kind) {
    case YamlNode::Kind::Scalar: return {&node};
    case YamlNode::Kind::List:
      for (const YamlNode& item : node.items) {
        if (is_element(item)) {
          elements.push_back(&item);
        }
      }
      return elements;
    case YamlNode::Kind::Map: findings.add(node.mark, key + ": must be one value or a list of them, not a map"); break;
    case YamlNode::Kind::Null: findings.add(node.mark, key + ": has no value: write one, or remove the key"); break;
    case YamlNode::Kind::Unusable: break;
  }
  return {};
}

void read_names(Findings& findings, const std::string& key, const YamlNode& node, NameKind kind,
                policy::NameList& names) {
  const auto add = [kind, &names](std::string_view text) -> Parsed<void> {
    if (kind == NameKind::Domain) {
      if (const auto complaint = check_domain_pattern(text)) {
        return parse_error(*complaint);
      }
    }
    return names.add(text);
  };
  const Sink sink{
      add, [&names](std::string path, std::string digest) { names.begin_file(std::move(path), std::move(digest)); },
      [&names] { names.end_file(); }, "@partners"};
  ListReader(findings, key, sink).read(node);
}

void read_networks(Findings& findings, const std::string& key, const YamlNode& node, policy::NetworkList& networks) {
  bool is_in_file = false;
  const auto add = [&](std::string_view text) -> Parsed<void> {
    const auto network = IpNetwork::parse(text);
    if (!network) {
      return parse_error("is not a network such as 192.0.2.0/24 or \"2001:db8::/32\": " + network.error().what);
    }
    networks.networks.push_back(*network);
    if (!is_in_file) {
      networks.written.emplace_back(text);
    }
    return {};
  };
  const Sink sink{add,
                  [&](std::string path, std::string digest) {
                    is_in_file = true;
                    networks.written.push_back("@" + std::move(path));
                    networks.digests.push_back(std::move(digest));
                  },
                  [&is_in_file] { is_in_file = false; }, "@networks"};
  ListReader(findings, key, sink).read(node);
}

}  // namespace assay::config
