#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace assay {

/// Why a text is malformed. `what` is a short English phrase for an administrator; `offset` counts octets from the
/// start of the text that was given to the parser.
struct ParseError {
  std::string what;
  std::size_t offset = 0;
};

/// The value of a text that may be malformed. The only place that names the library behind it.
/// The class is not [[nodiscard]], so every function that returns one must be.
template <class T, class E = ParseError>
using Parsed = tl::expected<T, E>;

[[nodiscard]] inline tl::unexpected<ParseError> parse_error(std::string what, std::size_t offset = 0) {
  return tl::unexpected<ParseError>(ParseError{std::move(what), offset});
}

/// As parse_error, for parsers whose error is a protocol's own type.
template <class E>
[[nodiscard]] tl::unexpected<std::decay_t<E>> failure(E&& error) {
  return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace assay
