#include "config/migrate_draft.h"

#include <array>
#include <cstddef>
#include <utility>

namespace assay::config {
namespace {

constexpr std::array<const char*, 24> kOrder{"authserv_id",
                                             "authserv_aliases",
                                             "listen",
                                             "mode",
                                             "dns.forward",
                                             "dns.timeout",
                                             "dns.message_deadline",
                                             "dns.dnssec",
                                             "local.networks",
                                             "local.authenticated",
                                             "arc.trusted_sealers",
                                             "limits.signatures",
                                             "limits.header_bytes",
                                             "limits.author_domains",
                                             "limits.rsa_bits",
                                             "limits.exceeded",
                                             "policy.published.reject",
                                             "policy.published.quarantine",
                                             "policy.published.none",
                                             "policy.indirect",
                                             "policy.temperror",
                                             "policy.bad_from",
                                             "policy.quarantine.how",
                                             "policy.allow_discard"};
constexpr std::array<const char*, 2> kLast{"log.level", "log.target"};

std::string indent(std::size_t depth) {
  return std::string(2 * depth, ' ');
}

/// Writes the maps of one document, opening and closing them as the paths need.
class Writer {
 public:
  /// Opens the maps above `path` that are not open yet. Returns how deep its key stands.
  std::size_t open(const std::string& path) {
    std::size_t depth = 0;
    std::size_t start = 0;
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', start)) {
      const std::string name = path.substr(start, dot - start);
      if (depth >= open_.size() || open_[depth] != name) {
        open_.resize(depth);
        open_.push_back(name);
        text_ += (depth == 0 ? "\n" : "") + indent(depth) + name + ":\n";
      }
      start = dot + 1;
      ++depth;
    }
    open_.resize(depth);
    return depth;
  }
  void line(std::size_t depth, const std::string& content) { text_ += indent(depth) + content + '\n'; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace

std::string quoted_scalar(const std::string& text) {
  std::string yaml = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      yaml += '\\';
    }
    yaml += c;
  }
  return yaml + '"';
}

std::string flow_list(const std::vector<std::string>& elements) {
  std::string yaml = "[";
  for (const std::string& element : elements) {
    yaml += (yaml.size() > 1 ? ", " : "") + quoted_scalar(element);
  }
  return yaml + ']';
}

void Draft::set(const std::string& key, std::string value) {
  items_[key].value = std::move(value);
}

void Draft::say(const std::string& key, std::string comment) {
  items_[key].comments.push_back(std::move(comment));
}

void Draft::add_rule(const std::string& name, const std::string& when, const std::string& then, bool observe,
                     std::vector<std::string> comments) {
  rules_.push_back({"- {name: " + name + ", when: " + when + ", then: " + then + (observe ? ", observe: true}" : "}"),
                    std::move(comments)});
}

std::string Draft::yaml() const {
  Writer writer;
  const auto write = [&](const char* key) {
    const auto item = items_.find(key);
    if (item == items_.end() || item->second.value.empty()) {
      return;
    }
    const std::string path = item->first;
    const std::size_t depth = writer.open(path);
    for (const std::string& comment : item->second.comments) {
      writer.line(depth, "# " + comment);
    }
    const auto dot = path.rfind('.');
    writer.line(depth, path.substr(dot == std::string::npos ? 0 : dot + 1) + ": " + item->second.value);
  };
  for (const char* const key : kOrder) {
    write(key);
  }
  if (!rules_.empty()) {
    const std::size_t depth = writer.open("policy.rules");
    writer.line(depth, "rules:");
    for (const Item& rule : rules_) {
      for (const std::string& comment : rule.comments) {
        writer.line(depth + 1, "# " + comment);
      }
      writer.line(depth + 1, rule.value);
    }
  }
  for (const char* const key : kLast) {
    write(key);
  }
  return writer.take();
}

}  // namespace assay::config
