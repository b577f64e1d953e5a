#include "config/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr const char* kAlias = "aliases are not supported: write the value out, or quote a text that begins with *";

/// What yaml-cpp's words mean for a configuration.
std::string explain(const std::string& message) {
  constexpr std::array<std::pair<std::string_view, const char*>, 11> kMeanings{{
      {"end of map not found", "this line does not fit the keys above: check its indentation and the line before"},
      {"end of sequence not found", "this line does not fit the list above: check its indentation and the line before"},
      {"illegal map value", "a colon that no key can stand before: check the indentation, or quote the text"},
      {"end of map flow not found", "a { above is not closed, or a comma is missing before this"},
      {"end of sequence flow not found", "a [ above is not closed, or a comma is missing before this"},
      {"illegal flow end", "a ] or } that nothing above opens"},
      {"illegal EOF in scalar", "a quoted text is not closed"},
      {"unknown token", "a text that begins with this character must be quoted"},
      {"the referenced anchor is not defined", kAlias},
      {"illegal block entry", "a - that begins no list: check the indentation"},
      {"bad file", "nested too deeply: nothing here needs that"},
  }};
  for (const auto& [words, meaning] : kMeanings) {
    if (message.find(words) != std::string::npos) {
      return meaning;
    }
  }
  return escape(message, 200);
}

/// Builds the tree from the parser's events. The parser's own tree would drop repeated keys and follow aliases.
class Builder final : public YAML::EventHandler {
 public:
  /// `text` must outlive the object.
  Builder(std::string_view text, std::size_t file) : text_(text), file_(file) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      complain(mark, starts_with(mark, "---") ? "a second document begins here, and only one is read: remove it"
                                              : "this belongs to no key: remove it");
      skipped_ = 1;
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (skipped_ == 0) {
      check_properties(mark, {}, anchor);
      add(mark, YamlNode::Kind::Null);
    }
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (skipped_ == 0) {
      complain(mark, kAlias);
      add(mark, YamlNode::Kind::Unusable);
    }
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (skipped_ > 0) {
      return;
    }
    if (is_unclosed(mark)) {
      complain(mark, "this quoted text does not end on its line: close the quote");
      add(mark, YamlNode::Kind::Unusable);
      return;
    }
    check_properties(mark, tag, anchor);
    add(mark, YamlNode::Kind::Scalar, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, YamlNode::Kind::List);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, YamlNode::Kind::Map);
  }
  void OnMapEnd() override { end(); }

  void complain(const YAML::Mark& mark, std::string message) {
    findings_.push_back({to_mark(mark), std::move(message)});
  }
  [[nodiscard]] bool has_findings() const noexcept { return !findings_.empty(); }
  [[nodiscard]] std::vector<Finding> take_findings() { return std::move(findings_); }
  [[nodiscard]] YamlNode take_root() { return std::move(root_); }

 private:
  [[nodiscard]] Mark to_mark(const YAML::Mark& mark) const {
    return mark.is_null() ? Mark{0, 0, file_} : Mark{mark.line + 1, mark.column + 1, file_};
  }

  void check_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    // yaml-cpp says "?" for a plain value without a tag and "!" for a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") {
      complain(mark, "tags are not supported: remove it, or quote a text that begins with !");
    }
    if (anchor != 0) {
      complain(mark, "anchors are not supported: remove it, or quote a text that begins with &");
    }
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (skipped_ > 0) {
      ++skipped_;
      return;
    }
    check_properties(mark, tag, anchor);
    if (open_.size() == kMaxConfigDepth) {
      complain(mark, "nested deeper than " + std::to_string(kMaxConfigDepth) + " levels: nothing here needs that");
      add(mark, YamlNode::Kind::Unusable);
      skipped_ = 1;
      return;
    }
    YamlNode& node = add(mark, kind);
    if (node.kind == kind) {
      open_.push_back({&node});
    } else {
      skipped_ = 1;
    }
  }

  void end() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      open_.pop_back();
    }
  }

  /// Puts a node where it belongs; as Unusable if it is a key that cannot be one.
  YamlNode& add(const YAML::Mark& mark, YamlNode::Kind kind, const std::string& text = {}) {
    YamlNode& node = place(mark);
    const bool is_key = !open_.empty() && open_.back().has_open_key;
    if (is_key && (kind != YamlNode::Kind::Scalar || text.empty())) {
      if (kind != YamlNode::Kind::Unusable) {
        complain(mark, "a key is missing here: write a word before the colon");
      }
      kind = YamlNode::Kind::Unusable;
    }
    node.kind = kind;
    node.mark = to_mark(mark);
    node.text = text;
    return node;
  }

  YamlNode& place(const YAML::Mark& mark) {
    if (open_.empty()) {
      return root_;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::List) {
      return parent.node->items.emplace_back();
    }
    parent.has_open_key = !parent.has_open_key;
    if (parent.has_open_key && parent.node->keys.size() == kMaxMapKeys) {
      complain(mark, "more than " + std::to_string(kMaxMapKeys) + " keys in one map: nothing here needs that");
      throw YAML::ParserException(mark, "too many keys");  // Ends the reading.
    }
    return parent.has_open_key ? parent.node->keys.emplace_back() : parent.node->items.emplace_back();
  }

  [[nodiscard]] bool starts_with(const YAML::Mark& mark, std::string_view word) const {
    const auto start = static_cast<std::size_t>(std::max(mark.pos, 0));
    return start < text_.size() && text_.substr(start, word.size()) == word;
  }

  /// Whether a quote starts at `mark` that does not end on the same line. yaml-cpp reads on over the lines, and takes
  /// the end of the text for the end of the quote.
  [[nodiscard]] bool is_unclosed(const YAML::Mark& mark) const {
    if (!starts_with(mark, "\"") && !starts_with(mark, "'")) {
      return false;
    }
    const auto start = static_cast<std::size_t>(mark.pos);
    const char quote = text_[start];
    for (std::size_t i = start + 1; i < text_.size() && text_[i] != '\n'; ++i) {
      if (text_[i] == '\\' && quote == '"') {
        ++i;
      } else if (text_[i] == quote) {
        return false;
      }
    }
    return true;
  }

  /// A map or list whose end has not come. The pointer stays valid: nothing is added beside an open node.
  struct Open {
    YamlNode* node = nullptr;
    bool has_open_key = false;  ///< Map: the last key has no value yet.
  };

  std::string_view text_;
  std::size_t file_;
  YamlNode root_;
  std::vector<Open> open_;
  std::size_t skipped_ = 0;  ///< Open maps and lists whose content is dropped.
  std::vector<Finding> findings_;
  int documents_ = 0;
};

/// The first line that holds what no configuration needs and yaml-cpp takes badly (0x04, for one, ends its input in
/// silence, and a tab moves the blame to another line).
std::vector<Finding> find_bad_line(std::string_view text, std::size_t file) {
  int line = 1;
  for (std::size_t start = 0; start < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view content = text.substr(start, end - start);
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (is_control(content[i]) && content[i] != '\t' && content[i] != '\r') {
        return {{{line, static_cast<int>(i) + 1, file},
                 "control character " + escape(content.substr(i, 1)) + ": the file must be plain UTF-8 text"}};
      }
    }
    const std::size_t tab = content.find('\t');
    if (tab != std::string_view::npos && content.find_first_not_of(" \t\r") > tab &&
        content.find_first_not_of(" \t\r") != std::string_view::npos) {
      return {{{line, static_cast<int>(tab) + 1, file}, "a tab in the indentation: use spaces"}};
    }
    if (!content.empty() && content.front() == '%') {
      return {{{line, 1, file}, "a line that begins with % is a YAML directive, which nothing here needs: remove it"}};
    }
    if (!is_utf8(content)) {
      return {{{line, 1, file}, "this line is not valid UTF-8: save the file as UTF-8 text"}};
    }
    start = end + 1;
  }
  return {};
}

}  // namespace

std::optional<std::size_t> find_key(const YamlNode& map, std::string_view key) {
  const auto found =
      std::find_if(map.keys.begin(), map.keys.end(), [key](const YamlNode& name) { return name.text == key; });
  return found != map.keys.end() ? std::optional(static_cast<std::size_t>(found - map.keys.begin())) : std::nullopt;
}

Parsed<YamlNode, std::vector<Finding>> read_yaml(const std::string& text, std::size_t file) {
  if (text.size() > kMaxConfigOctets) {
    return failure(std::vector<Finding>{
        {{0, 0, file},
         "the file is larger than " + std::to_string(kMaxConfigOctets >> 20U) + " MiB: is it the right one?"}});
  }
  if (auto findings = find_bad_line(text, file); !findings.empty()) {
    return failure(std::move(findings));
  }
  std::string_view content = text;
  if (content.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    content.remove_prefix(kByteOrderMark.size());
  }
  // With a last line end, an unclosed quote reaches OnScalar, which knows where it began.
  std::istringstream stream(std::string(content) + "\n");
  Builder builder(content, file);
  try {
    YAML::Parser parser(stream);
    // Twice is enough to see a second document. More would never end: yaml-cpp makes no progress on a stray ','.
    if (parser.HandleNextDocument(builder)) {
      parser.HandleNextDocument(builder);
    }
  } catch (const YAML::Exception& error) {
    // What was found before is the cause more often than not.
    if (!builder.has_findings()) {
      builder.complain(error.mark, "not valid YAML: " + explain(error.msg));
    }
  }
  if (builder.has_findings()) {
    return failure(builder.take_findings());
  }
  return builder.take_root();
}

}  // namespace assay::config
