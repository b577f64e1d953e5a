#include "observe/line_source.h"

#include <zlib.h>

#include <vector>

#include "observe/record_reader.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::observe::kMaxLineOctets;
using assay::observe::LineSource;
using assay::test::TemporaryFolder;
using Lines = std::vector<std::string>;

static_assert(kMaxLineOctets == assay::observe::kMaxRecordOctets);

struct Read {
  Lines lines;
  std::string error;
  std::uint64_t octets = 0;
};

Read read(const std::string& octets) {
  const TemporaryFolder folder;
  LineSource source(folder.write("records", octets));
  Read result;
  while (const auto line = source.next()) {
    result.lines.emplace_back(*line);
  }
  result.error = source.error();
  result.octets = source.octets_read();
  return result;
}

/// One member of RFC 1952.
std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("observe/line_source: lines, with or without an end of the last", "[observe][lines]") {
  CHECK(read("").lines.empty());
  CHECK(read("a").lines == Lines{"a"});
  CHECK(read("a\n").lines == Lines{"a"});
  CHECK(read("\n\na\r\nb").lines == Lines{"", "", "a\r", "b"});
  CHECK(read("\x1F").lines == Lines{"\x1F"});
  CHECK(read("a\nb\n").octets == 4);
}

TEST_CASE("observe/line_source: lines of every length around the buffers, plain and compressed", "[observe][lines]") {
  Lines expected;
  std::string text;
  for (std::size_t octets : {262'143U, 262'144U, 262'145U, 1U, 0U, 524'288U, 1'000'000U, 7U}) {
    expected.emplace_back(octets, static_cast<char>('a' + expected.size()));
    text += expected.back() + '\n';
  }
  CHECK(read(text).lines == expected);
  CHECK(read(gzip(text)).lines == expected);
}

TEST_CASE("observe/line_source: members of gzip follow each other", "[observe][lines]") {
  const Read result = read(gzip("a\nb") + gzip("") + gzip("c\nd\n") + std::string(1000, '\0'));
  CHECK(result.lines == Lines{"a", "bc", "d"});
  CHECK(result.error.empty());
}

TEST_CASE("observe/line_source: what breaks off is told after its good part", "[observe][lines]") {
  const std::string whole = gzip("a\nb\n");
  // Shorter than its first two octets it is no gzip.
  for (std::size_t octets = 2; octets < whole.size(); ++octets) {
    CAPTURE(octets);
    const Read result = read(gzip("first\n") + whole.substr(0, octets));
    CHECK_FALSE(result.error.empty());
    REQUIRE_FALSE(result.lines.empty());
    CHECK(result.lines.front() == "first");
  }
  const Read last = read(gzip("first\nno end").substr(0, gzip("first\nno end").size() - 8));
  CHECK(last.lines == Lines{"first"});
  CHECK(last.error.find("breaks off") != std::string::npos);
}

TEST_CASE("observe/line_source: damaged data and what follows a member are told", "[observe][lines]") {
  const Read trailing = read(gzip("a\n") + "no gzip");
  CHECK(trailing.lines == Lines{"a"});
  CHECK(trailing.error.find("damaged") != std::string::npos);
  std::string bad_checksum = gzip("a\n");
  bad_checksum[bad_checksum.size() - 8] ^= 1;
  CHECK(read(bad_checksum).error.find("damaged") != std::string::npos);
}

TEST_CASE("observe/line_source: the longest line is whole, a longer one is cut", "[observe][lines][bounds]") {
  const std::string longest(kMaxLineOctets, 'x');
  CHECK(read(longest + "\nb").lines == Lines{longest, "b"});
  for (const std::size_t more : {std::size_t{1}, std::size_t{2}, 3 * kMaxLineOctets}) {
    CAPTURE(more);
    CHECK(read(longest + std::string(more, 'x') + "\nb\n").lines == Lines{longest + 'x', "b"});
  }
  CHECK(read(longest + "xx").lines == Lines{longest + 'x'});
}

TEST_CASE("observe/line_source: a file that cannot be opened or read", "[observe][lines]") {
  const TemporaryFolder folder;
  LineSource missing(folder.path("missing"));
  CHECK_FALSE(missing.next());
  CHECK(missing.error() == "cannot open " + folder.path("missing") + ": No such file or directory");
  LineSource directory(folder.path("."));
  CHECK_FALSE(directory.next());
  CHECK(directory.error().find("cannot read") == 0);
}

TEST_CASE("observe/line_source: other formats of compression are named, not read as text", "[observe][lines]") {
  struct Row {
    std::string octets;
    const char* name;
  };
  // The first octets that xz 5.4, zstd 1.5 and bzip2 1.0 write.
  for (const Row& row : {Row{std::string("\xFD"
                                         "7zXZ\0\0\x04",
                                         8),
                             "xz"},
                         Row{std::string("\x28\xB5\x2F\xFD\x04\x00", 6), "zstd"}, Row{"BZh91AY&SY", "bzip2"}}) {
    CAPTURE(row.name);
    const Read result = read(row.octets + "\nrest\n");
    CHECK(result.lines.empty());
    CHECK(result.error.find("is compressed by " + std::string(row.name) + ',') != std::string::npos);
  }
  CHECK(read("BZ\nx\n").lines == Lines{"BZ", "x"});
}
