// The first line decides what a table is: names or numbers, where the label stands, and by the
// number of the others the images' size. Then every line must have as many whole numbers, pixels
// from 0 to 255 and a label.
#include "common/data/csv_data.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/byte_source.h"
#include "common/data/idx.h"
#include "common/data/labelled_images.h"

namespace convoy::data {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr int kFewestPixels = 16;  // of an image; anything with less is another sort of table
constexpr int kSmallestSet = 10;   // images without a part for tests

// What the columns of a table are.
struct Columns {
  bool header = false;
  int label = -1;  // its column; -1: there are no labels
  int count = 0;   // of all columns
  int side = 0;
  int channels = 1;
};

bool IsTableName(const std::string& path) {
  const std::string lower = absl::AsciiStrToLower(path);
  return absl::EndsWith(lower, ".csv") || absl::EndsWith(lower, ".csv.gz");
}

// Sets the images' size by the number of their values. Returns false if that is none of a square's.
bool SetSize(int values, Columns* columns) {
  for (const int channels : {1, 3}) {
    const int side = static_cast<int>(std::lround(std::sqrt(values / channels)));
    if (values < kFewestPixels || side * side * channels != values) continue;
    columns->side = side;
    columns->channels = channels;
    return true;
  }
  return false;
}

// Understands the first line. Returns nothing if it cannot be that of a table of images.
std::optional<Columns> Understand(absl::string_view line) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  Columns columns{.count = static_cast<int>(cells.size())};
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = absl::AsciiStrToLower(absl::StripAsciiWhitespace(cells[i]));
    int64_t number = 0;
    if (!absl::SimpleAtoi(cell, &number)) columns.header = true;
    if (cell == "label" || cell == "\"label\"" || cell == "class" || cell == "\xef\xbb\xbflabel") {
      columns.label = static_cast<int>(i);
    }
  }
  if (columns.header && columns.label < 0 && SetSize(columns.count, &columns)) return columns;
  if (columns.label < 0) columns.label = 0;
  if (!SetSize(columns.count - 1, &columns)) return std::nullopt;
  return columns;
}

// Gives the lines of a file, plain or compressed, one after another.
class Lines {
 public:
  Lines(const std::string& bytes, const std::string& name) : source_(FromBytes(bytes, name)) {}

  // Sets the next line that is not empty, without its end; false after the last.
  absl::StatusOr<bool> Next(std::string* line) {
    do {
      size_t end = buffer_.find('\n', at_);
      while (end == std::string::npos) {
        CONVOY_ASSIGN_OR_RETURN(const bool more, Fill());
        if (!more) break;
        end = buffer_.find('\n', at_);
      }
      if (end == std::string::npos) end = buffer_.size();
      if (at_ >= buffer_.size()) return false;
      *line = buffer_.substr(at_, end - at_);
      at_ = end + 1;
      ++number_;
      absl::StripTrailingAsciiWhitespace(line);
    } while (line->empty());
    return true;
  }
  int64_t number() const { return number_; }

 private:
  absl::StatusOr<bool> Fill() {
    buffer_.erase(0, std::min(at_, buffer_.size()));
    at_ = 0;
    if (buffer_.size() > kBlockBytes) {
      return InvalidArgumentTextError("has a line longer than any image");
    }
    const size_t had = buffer_.size();
    buffer_.resize(had + kBlockBytes);
    CONVOY_ASSIGN_OR_RETURN(const size_t got,
                            source_->Read(reinterpret_cast<uint8_t*>(&buffer_[had]), kBlockBytes));
    buffer_.resize(had + got);
    return got > 0;
  }

  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

absl::Status ReadLine(absl::string_view line, const Columns& columns, Dataset* part) {
  int column = 0;
  for (const absl::string_view cell : absl::StrSplit(line, ',')) {
    if (column < columns.count) {
      const bool is_label = column == columns.label;
      const int most = is_label ? kMaxClasses : 255;
      int value = 0;
      if (!absl::SimpleAtoi(cell, &value) || value < 0 || value > most) {
        return InvalidArgumentTextError("$0 in column $1 is no whole number from 0 to $2",
                                        Quoted({cell.data(), cell.size()}), column + 1, most);
      }
      if (is_label) {
        part->labels.push_back(static_cast<Label>(value));
      } else {
        part->pixels.push_back(static_cast<uint8_t>(value));
      }
    }
    ++column;
  }
  ++part->count;
  if (column == columns.count) return absl::OkStatus();
  return InvalidArgumentTextError("has $0 values; the first line has $1", column, columns.count);
}

struct Table {
  Columns columns;
  Dataset images;
};

absl::StatusOr<Table> ReadTable(const FileTree& tree, size_t file) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, tree.Read(file, kMaxIdxBodyBytes));
  const std::string name = tree.Name(file);
  Lines lines(bytes, name);
  std::string line;
  Table table;
  for (bool first = true;; first = false) {
    const absl::StatusOr<bool> more = lines.Next(&line);
    if (!more.ok()) return Annotate(more.status(), name);
    if (!*more) break;
    if (first) {
      const std::optional<Columns> columns = Understand(line);
      if (!columns) {
        return InvalidArgumentTextError(
            "$0: is no table of a label and the pixels of a square image in each line", name);
      }
      table.columns = *columns;
      table.images = {
          .height = columns->side, .width = columns->side, .channels = columns->channels};
      if (columns->header) continue;
    }
    const absl::Status read = ReadLine(line, table.columns, &table.images);
    if (!read.ok()) return Annotate(read, absl::StrCat(name, ", line ", lines.number()));
  }
  if (table.images.count > 0) return table;
  return InvalidArgumentTextError("$0: holds no image", name);
}

// The first line of a file in the tree, "" if it cannot be read.
std::string FirstLine(const FileTree& tree, size_t file) {
  const absl::StatusOr<std::string> bytes = tree.Read(file, kMaxIdxBodyBytes);
  if (!bytes.ok()) return "";
  Lines lines(*bytes, "");
  std::string line;
  const absl::StatusOr<bool> more = lines.Next(&line);
  return more.ok() && *more ? line : "";
}

// The tables among the files by what their names say.
struct Files {
  std::vector<size_t> train;
  std::vector<size_t> test;
  std::vector<size_t> others;
};

Files FilesIn(const FileTree& tree) {
  Files files;
  for (size_t i = 0; i < tree.paths().size(); ++i) {
    const std::string& path = tree.paths()[i];
    if (!IsTableName(path) || !Understand(FirstLine(tree, i))) continue;
    const std::string name = absl::AsciiStrToLower(path.substr(path.rfind('/') + 1));
    const bool train = absl::StrContains(name, "train");
    const bool test = absl::StrContains(name, "test");
    (train ? files.train : test ? files.test : files.others).push_back(i);
  }
  if (files.train.empty()) files.train.swap(files.others);
  return files;
}

}  // namespace

bool HoldsTables(const FileTree& tree) { return !FilesIn(tree).train.empty(); }

absl::StatusOr<DataSource> LoadTables(const FileTree& tree) {
  const Files files = FilesIn(tree);
  const std::string root = Printable(tree.root());
  if (files.train.size() != 1 || files.test.size() > 1) {
    return InvalidArgumentTextError(
        "$0: holds $1 tables to train on and $2 to test on; name one file as `data`", root,
        files.train.size(), files.test.size());
  }
  DataSource source;
  CONVOY_ASSIGN_OR_RETURN(Table train, ReadTable(tree, files.train.front()));
  if (train.columns.label < 0) {
    return InvalidArgumentTextError("$0: has no column `label`; add one",
                                    tree.Name(files.train.front()));
  }
  source.train = std::move(train.images);
  std::string test_name = tree.Name(files.train.front());
  if (!files.test.empty()) {
    CONVOY_ASSIGN_OR_RETURN(Table test, ReadTable(tree, files.test.front()));
    if (test.columns.label >= 0) {
      source.test = std::move(test.images);
      test_name = tree.Name(files.test.front());
    }
  }
  if (source.test.count == 0) {
    if (source.train.count < kSmallestSet) {
      return InvalidArgumentTextError(
          "$0: holds $1 images; $2 are needed at least, as some are held out for tests", test_name,
          source.train.count, kSmallestSet);
    }
    HoldOutTest(&source);
  }
  CONVOY_RETURN_IF_ERROR(
      CompleteSource({tree.Name(files.train.front()), test_name, test_name}, kKindTable, &source));
  source.where = absl::StrCat(root, ": a table of ", source.train.height, "x", source.train.width,
                              " images, ", source.train.num_classes, " classes");
  return source;
}

}  // namespace convoy::data
