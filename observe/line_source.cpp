#include "observe/line_source.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace assay::observe {
namespace {

constexpr std::size_t kReadOctets = std::size_t{256} << 10U;
constexpr std::string_view kGzipMagic = "\x1F\x8B";  // RFC 1952 section 2.3.1
struct Format {
  std::string_view magic;
  const char* what;
};
/// Formats that logs are rotated into and that are not read. The .xz file format, section 2.1.1.1; RFC 8878 section
/// 3.1.1; bzip2 has no specification: its source, compress.c, BZ2_compressBlock.
constexpr std::array<Format, 3> kUnreadFormats{{
    {std::string_view("\xFD"
                      "7zXZ\0",
                      6),
     "is compressed by xz, which is not read: pipe it through xz -dc, and give -"},
    {"\x28\xB5\x2F\xFD", "is compressed by zstd, which is not read: pipe it through zstd -dc, and give -"},
    {"BZh", "is compressed by bzip2, which is not read: pipe it through bzip2 -dc, and give -"},
}};
constexpr std::size_t kLongestMagic = 6;
constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, with a gzip header

}  // namespace

/// The octets of the text, decompressed where they have to be.
class LineSource::Input {
 public:
  explicit Input(const std::string& path) : name_(path == "-" ? "standard input" : path), raw_(kReadOctets) {
    if (path == "-") {
      descriptor_ = STDIN_FILENO;
      return;
    }
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX
    if (descriptor_ < 0) {
      fail("cannot open", errno);
    }
  }
  ~Input() {
    if (is_gzip_) {
      inflateEnd(&stream_);
    }
    if (descriptor_ > STDIN_FILENO) {
      ::close(descriptor_);
    }
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// Up to `octets` octets of text into `out`; 0 at the end or after an error.
  std::size_t read(char* out, std::size_t octets) {
    if (!error_.empty()) {
      return 0;
    }
    if (!is_started_) {
      start();
    }
    if (!error_.empty()) {
      return 0;
    }
    return is_gzip_ ? inflate_some(out, octets) : copy_some(out, octets);
  }

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t octets_read() const noexcept { return octets_read_; }

 private:
  void fail(const char* what, int number) {
    error_ = std::string(what) + ' ' + name_ + ": " + std::generic_category().message(number);
  }
  void fail(const char* what) { error_ = name_ + ": " + what; }

  /// Reads from the file behind what is in raw_; false at its end.
  bool read_raw() {
    if (raw_begin_ == raw_end_) {
      raw_begin_ = raw_end_ = 0;
    }
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, raw_.data() + raw_end_, raw_.size() - raw_end_);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      fail("cannot read", errno);
      return false;
    }
    raw_end_ += static_cast<std::size_t>(got);
    octets_read_ += static_cast<std::uint64_t>(got);
    return got > 0;
  }

  /// Looks at the first octets, of which a pipe may give one at a time.
  void start() {
    is_started_ = true;
    while (raw_end_ < kLongestMagic && read_raw()) {
    }
    const std::string_view first(raw_.data(), raw_end_);
    for (const auto& [magic, what] : kUnreadFormats) {
      if (first.starts_with(magic)) {
        fail(what);
        return;
      }
    }
    if (first.starts_with(kGzipMagic)) {
      is_gzip_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
      if (!is_gzip_) {
        fail("cannot be decompressed for want of memory");
      }
    }
  }

  std::size_t copy_some(char* out, std::size_t octets) {
    if (raw_begin_ == raw_end_ && !read_raw()) {
      return 0;
    }
    const std::size_t count = std::min(octets, raw_end_ - raw_begin_);
    std::copy_n(raw_.data() + raw_begin_, count, out);
    raw_begin_ += count;
    return count;
  }

  /// Takes the zeros that pad a file behind its last member, and begins the next. False if there is none.
  bool begin_member() {
    for (;;) {
      while (raw_begin_ < raw_end_ && raw_[raw_begin_] == '\0') {
        ++raw_begin_;
      }
      if (raw_begin_ < raw_end_) {
        inflateReset(&stream_);
        in_member_ = true;
        return true;
      }
      if (!read_raw()) {
        return false;
      }
    }
  }

  std::size_t inflate_some(char* out, std::size_t octets) {
    for (;;) {
      if (!in_member_ && !begin_member()) {
        return 0;
      }
      if (raw_begin_ == raw_end_ && !read_raw()) {
        if (error_.empty()) {
          fail("the compressed data breaks off: the file is not whole");
        }
        return 0;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(raw_.data() + raw_begin_);
      stream_.avail_in = static_cast<uInt>(raw_end_ - raw_begin_);
      stream_.next_out = reinterpret_cast<Bytef*>(out);
      stream_.avail_out = static_cast<uInt>(octets);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      raw_begin_ = raw_end_ - stream_.avail_in;
      const std::size_t made = octets - stream_.avail_out;
      if (status == Z_STREAM_END) {
        in_member_ = false;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail("the compressed data is damaged");
        return made;
      }
      if (made > 0) {
        return made;
      }
    }
  }

  std::string name_;
  std::vector<char> raw_;  ///< As the file has it.
  std::size_t raw_begin_ = 0;
  std::size_t raw_end_ = 0;
  int descriptor_ = -1;
  bool is_started_ = false;
  bool is_gzip_ = false;
  bool in_member_ = false;
  z_stream stream_{};
  std::uint64_t octets_read_ = 0;
  std::string error_;
};

LineSource::LineSource(const std::string& path) : input_(std::make_unique<Input>(path)) {}
LineSource::~LineSource() = default;

bool LineSource::fill() {
  if (at_end_) {
    return false;
  }
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kReadOctets) {
    buffer_.resize(std::max(2 * buffer_.size(), end_ + kReadOctets));
  }
  const std::size_t got = input_->read(buffer_.data() + end_, kReadOctets);
  end_ += got;
  at_end_ = got == 0;
  return got > 0;
}

std::optional<std::string_view> LineSource::next() {
  std::size_t searched = 0;  // octets of this line that hold no line end
  bool is_cut = false;
  for (;;) {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    const std::size_t length = rest.find('\n', searched);
    if (length != std::string_view::npos) {
      begin_ += length + 1;
      return rest.substr(0, is_cut ? kMaxLineOctets + 1 : std::min(length, kMaxLineOctets + 1));
    }
    searched = rest.size();
    if (searched > kMaxLineOctets) {
      // What comes is only looked through for the line end.
      is_cut = true;
      end_ = begin_ + kMaxLineOctets + 1;
      searched = kMaxLineOctets + 1;
    }
    if (!fill()) {
      break;
    }
  }
  const std::string_view last(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_;
  if (last.empty() || !error().empty()) {
    return std::nullopt;
  }
  return last;
}

const std::string& LineSource::error() const noexcept {
  return input_->error();
}
std::uint64_t LineSource::octets_read() const noexcept {
  return input_->octets_read();
}

}  // namespace assay::observe
