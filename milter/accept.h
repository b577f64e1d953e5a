#pragma once

#include <cstddef>
#include <functional>

namespace assay::milter {

/// Raises the soft limit of open files (RLIMIT_NOFILE) as far as the hard limit allows, at most to kMaxFiles. Returns
/// what is in force.
std::size_t raise_file_limit();
inline constexpr std::size_t kMaxFiles = 65'536;

/// The first descriptor that is no connection's, if so many files may be open: the rest is for DNS, the log, the
/// configuration.
[[nodiscard]] int connection_ceiling(std::size_t max_files) noexcept;

/// From now on a connection that the calling thread accepts is closed at once if its descriptor would be `ceiling` or
/// above, that is, if so many files are open; `on_refused` is then called, and must not throw. Until then all are
/// taken. Of what other threads accept, none is refused: the metrics can be read when no more mail is taken.
///
/// libmilter (8.17.1) has no such bound. Where no descriptor is left it tries again at once and for ever, which takes a
/// processor; DNS gets none, and a reload cannot read its file. Its listener calls accept(2), whose place the function
/// of that name in accept.cpp takes in the whole process. It also maps the errors of a connection that is gone already,
/// after 16 of which libmilter would end, to one that it ignores (accept(2), "Error handling").
void bound_connections(int ceiling, std::function<void()> on_refused);

/// From now on the thread of bound_connections() accepts no connection: those that come wait in the socket, for the
/// process that serves it next.
void stop_accepting() noexcept;

}  // namespace assay::milter
