#pragma once

#include <cstdint>
#include <string_view>

namespace assay::message {

/// Takes the canonical text of a body, in order and in pieces whose borders mean nothing.
class CanonicalText {
 public:
  CanonicalText() = default;
  CanonicalText(const CanonicalText&) = delete;
  CanonicalText& operator=(const CanonicalText&) = delete;
  virtual ~CanonicalText() = default;

  void put(std::string_view octets);
  void put_line_ends(std::uint64_t count);

  /// Octets of canonical text so far.
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }

 private:
  /// The next piece; never empty.
  virtual void take(std::string_view octets) = 0;

  std::uint64_t octets_ = 0;
};

/// Holds the line ends at the end of a text back until it is known that content follows. For text that comes in chunks,
/// wherever they are cut.
class LineEndHolder {
 public:
  void update(std::string_view chunk, CanonicalText& out);
  /// The text ended: what is held back stays away, except a CR that is no line end.
  void finish(CanonicalText& out);

 private:
  void put(std::string_view content, CanonicalText& out);

  std::uint64_t line_ends_ = 0;  ///< CRLFs held back.
  bool has_cr_ = false;          ///< The last octet was a CR, held back after them.
};

/// The simple canonicalization of RFC 6376 section 3.4.3: all as it is, except that the empty lines at the end become
/// one CRLF. For a body that comes in chunks, wherever they are cut. What is in large chunks is not copied.
class SimpleBody {
 public:
  void update(std::string_view chunk, CanonicalText& out) { lines_.update(chunk, out); }
  void finish(CanonicalText& out);

 private:
  LineEndHolder lines_;
};

/// The relaxed canonicalization of RFC 6376 section 3.4.4: in each line WSP at the end is dropped, each other run of it
/// becomes one SP; then the empty lines at the end are dropped. For a body that comes in chunks, wherever they are cut.
class RelaxedBody {
 public:
  void update(std::string_view chunk, CanonicalText& out);
  void finish(CanonicalText& out);

 private:
  void settle(std::string_view& chunk, CanonicalText& out);
  void hold_back_end(std::string_view& chunk);

  LineEndHolder lines_;
  // Held back at the end of a chunk, in this order, until it shows what follows:
  bool has_space_ = false;  ///< WSP, of whatever length.
  bool has_cr_ = false;     ///< A CR behind it.
};

}  // namespace assay::message
