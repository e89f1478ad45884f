// All pictures are decoded side by side, each straight to its place among the images, so nothing
// depends on which thread was faster. Colour is decided at the end: as long as it is open, images
// have three channels, and lose two if all turn out grey.
#include "common/data/picture_data.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/cpus.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/base/thread_team.h"
#include "common/data/class_folders.h"
#include "common/images/decode/decode.h"

namespace convoy::data {
namespace {

using images::ColorImage;

constexpr int kRgb = 3;
constexpr int64_t kProgressStep = 500;  // pictures between two reports
constexpr size_t kMostClassesNamed = 12;

absl::StatusOr<ColorImage> ReadPicture(const FileTree& tree, size_t file) {
  const images::DecodeLimits limits;
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, tree.Read(file, limits.max_bytes));
  absl::StatusOr<ColorImage> image = images::DecodePicture(bytes, tree.Name(file), limits);
  // A picture beyond the limits is wrong input like any other: this computer lacks nothing.
  if (absl::IsResourceExhausted(image.status())) {
    return absl::InvalidArgumentError(image.status().message());
  }
  return image;
}

// Every picture of a data set, on the way to be an image.
class Decoding {
 public:
  Decoding(const FileTree& tree, const LoadOptions& options, std::vector<LabelledFile> files)
      : tree_(tree), options_(options), files_(std::move(files)), errors_(files_.size()) {}

  // Decides the images' size and takes their memory.
  absl::Status Prepare() {
    height_ = options_.height;
    width_ = options_.width;
    if (height_ == 0) CONVOY_RETURN_IF_ERROR(TakeSizeOfFirst());
    const int64_t needed = static_cast<int64_t>(files_.size()) * image_bytes();
    // Once here, and once more in the parts; later there, and where the ranks share them.
    if (2 * needed > UsableMemoryBytes()) {
      return TextError(absl::StatusCode::kResourceExhausted,
                       "$0: its $1 pictures need $2 bytes of memory as images of $3x$4; set a "
                       "smaller `image_size`",
                       Root(), files_.size(), 2 * needed, height_, width_);
    }
    pixels_.resize(static_cast<size_t>(needed));
    return absl::OkStatus();
  }

  void Run() {
    ThreadTeam team(std::clamp<int>(options_.threads, 1, static_cast<int>(files_.size())));
    team.Run([this](int thread) {
      for (size_t i = next_++; i < files_.size(); i = next_++) {
        errors_[i] = Decode(i);
        const auto done = static_cast<int64_t>(++done_);
        if (thread == 0) Report(done);
      }
    });
    if (options_.progress) options_.progress(total(), total());
  }

  // The error of the first bad picture by name, unless bad ones are to be skipped.
  absl::Status FirstError() const {
    std::optional<size_t> first;
    for (size_t i = 0; i < errors_.size(); ++i) {
      if (errors_[i].ok()) continue;
      if (!first || files_[i].file < files_[*first].file) first = i;
    }
    return first ? errors_[*first] : absl::OkStatus();
  }
  int64_t num_bad() const { return total() - CountGood(0, files_.size()); }

  int channels() const {
    if (options_.channels != 0) return options_.channels;
    return any_color_ ? kRgb : 1;
  }

  // Returns the number of good pictures from `begin` to `end`.
  int64_t CountGood(size_t begin, size_t end) const {
    const auto first = errors_.begin() + static_cast<ptrdiff_t>(begin);
    const auto last = errors_.begin() + static_cast<ptrdiff_t>(end);
    return std::count_if(first, last, [](const absl::Status& error) { return error.ok(); });
  }

  // Returns the good images among them.
  Dataset Take(size_t begin, size_t end, int num_classes) const {
    Dataset part{
        .height = height_, .width = width_, .channels = channels(), .num_classes = num_classes};
    part.count = CountGood(begin, end);
    part.labels.reserve(static_cast<size_t>(part.count));
    part.pixels.reserve(static_cast<size_t>(part.count * height_ * width_ * channels()));
    for (size_t i = begin; i < end; ++i) {
      if (!errors_[i].ok()) continue;
      part.labels.push_back(static_cast<Label>(files_[i].label));
      AppendImage(i, &part.pixels);
    }
    return part;
  }

 private:
  std::string Root() const { return Printable(tree_.root()); }
  int64_t total() const { return static_cast<int64_t>(files_.size()); }
  int stored_channels() const { return options_.channels == 0 ? kRgb : options_.channels; }
  int64_t image_bytes() const { return int64_t{height_} * width_ * stored_channels(); }

  // The first that can be read, by name.
  absl::Status TakeSizeOfFirst() {
    std::vector<size_t> by_name;
    for (const LabelledFile& file : files_) by_name.push_back(file.file);
    std::sort(by_name.begin(), by_name.end());
    absl::Status first_error;
    for (const size_t file : by_name) {
      const absl::StatusOr<ColorImage> image = ReadPicture(tree_, file);
      if (!image.ok()) {
        first_error.Update(image.status());
        if (!options_.skip_bad) break;
        continue;
      }
      height_ = image->height;
      width_ = image->width;
      sized_by_ = file;
      return CheckSide(*image, file);
    }
    return first_error;
  }

  absl::Status CheckSide(const ColorImage& image, size_t file) const {
    if (std::max(image.height, image.width) <= kMaxPictureSide) return absl::OkStatus();
    return InvalidArgumentTextError(
        "$0: has $1 x $2 pixels, and images may have $3 a side; set `image_size`, such as 64x64",
        tree_.Name(file), image.width, image.height, kMaxPictureSide);
  }

  absl::Status Decode(size_t i) {
    CONVOY_ASSIGN_OR_RETURN(ColorImage image, ReadPicture(tree_, files_[i].file));
    if (options_.height == 0 && (image.height != height_ || image.width != width_)) {
      return InvalidArgumentTextError(
          "$0: has $1 x $2 pixels, but $3 $4 x $5; set `image_size`, such as 64x64, for all",
          tree_.Name(files_[i].file), image.width, image.height, tree_.Name(sized_by_), width_,
          height_);
    }
    if (image.channels == kRgb) any_color_ = true;
    image = images::FitTo(image, height_, width_, options_.fit);
    image = images::WithChannels(std::move(image), stored_channels());
    std::memcpy(pixels_.data() + static_cast<int64_t>(i) * image_bytes(), image.pixels.data(),
                image.pixels.size());
    return absl::OkStatus();
  }

  void Report(int64_t done) {
    if (!options_.progress || done - reported_ < kProgressStep) return;
    reported_ = done;
    options_.progress(done, total());
  }

  void AppendImage(size_t i, std::vector<uint8_t>* pixels) const {
    const uint8_t* image = pixels_.data() + static_cast<int64_t>(i) * image_bytes();
    const int step = stored_channels() / channels();
    if (step == 1) {
      pixels->insert(pixels->end(), image, image + image_bytes());
      return;
    }
    for (int64_t at = 0; at < image_bytes(); at += step) pixels->push_back(image[at]);
  }

  const FileTree& tree_;
  const LoadOptions& options_;
  std::vector<LabelledFile> files_;
  std::vector<absl::Status> errors_;  // [files]
  std::vector<uint8_t> pixels_;       // [files, height, width, stored channels]
  int height_ = 0;
  int width_ = 0;
  size_t sized_by_ = 0;  // the file whose size is that of all
  std::atomic<bool> any_color_ = false;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> done_ = 0;
  int64_t reported_ = 0;  // thread 0's
};

// "10 classes (airplane, automobile, ...), 32x32 in colour".
std::string Describe(const ClassFolders& folders, const Dataset& train) {
  std::vector<std::string> names;
  for (const std::string& name : folders.classes) {
    if (names.size() == kMostClassesNamed) break;
    names.push_back(Printable(name));
  }
  if (names.size() < folders.classes.size()) names.push_back("...");
  return absl::StrCat(folders.classes.size(), " folders of pictures (", absl::StrJoin(names, ", "),
                      "), ", train.height, "x", train.width,
                      train.channels == 1 ? " in grey" : " in colour");
}

std::vector<i18n::Message> NotesOn(const ClassFolders& folders, const Decoding& decoding) {
  std::vector<i18n::Message> notes;
  if (folders.test_was_held_out) {
    notes.push_back(i18n::MakeMessage(
        "no folder is for tests: a fifth of each class, $0 pictures, is held out for them",
        folders.test.size()));
  }
  if (folders.ignored > 0) {
    notes.push_back(i18n::MakeMessage("$0 pictures are in no class's folder and are left out",
                                      folders.ignored));
  }
  if (decoding.num_bad() > 0) {
    notes.push_back(i18n::MakeMessage("$0 bad pictures were skipped, first $1", decoding.num_bad(),
                                      i18n::MessageOf(decoding.FirstError())));
  }
  return notes;
}

void KeepFirst(int64_t count, std::vector<LabelledFile>* files) {
  if (count > 0 && count < static_cast<int64_t>(files->size())) {
    files->resize(static_cast<size_t>(count));
  }
}

// Returns the folder that `path` lies in: "" for the root.
std::string FolderAround(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

// Returns the folder that holds the class's folder, which `path` lies in.
std::string FolderAroundClass(const std::string& path, const std::string& name) {
  const size_t at = absl::StrCat("/", path).find(absl::StrCat("/", name, "/"));
  return at == 0 ? std::string() : path.substr(0, at - 1);
}

// Nobody makes the folder of a class and means that there is no such class: its pictures are still
// to come, or went elsewhere.
absl::Status CheckNoClassIsEmpty(const FileTree& tree, const ClassFolders& folders) {
  if (tree.empty_folders().empty()) return absl::OkStatus();
  std::set<std::string> around;
  for (const LabelledFile& file : folders.train) {
    const std::string& name = folders.classes[static_cast<size_t>(file.label)];
    around.insert(FolderAroundClass(tree.paths()[file.file], name));
  }
  for (const std::string& folder : tree.empty_folders()) {
    if (around.count(FolderAround(folder)) == 0) continue;
    return InvalidArgumentTextError(
        "$0: is empty, beside the folders of classes; put the pictures of its class into it, or "
        "remove it",
        Printable(absl::StrCat(tree.root(), "/", folder)));
  }
  return absl::OkStatus();
}

absl::Status CheckNotEmpty(const DataSource& source) {
  if (source.train.count > 0 && source.test.count > 0) return absl::OkStatus();
  return InvalidArgumentTextError("holds no picture that can be read to train or to test on");
}

}  // namespace

absl::StatusOr<DataSource> LoadPictures(const FileTree& tree, const LoadOptions& options) {
  absl::StatusOr<ClassFolders> folders = ArrangeClassFolders(tree.paths());
  if (!folders.ok()) return Annotate(folders.status(), Printable(tree.root()));
  CONVOY_RETURN_IF_ERROR(CheckNoClassIsEmpty(tree, *folders));
  for (auto* part : {&folders->train, &folders->validation, &folders->test}) {
    KeepFirst(options.max_pictures, part);
  }
  std::vector<LabelledFile> files = folders->train;
  files.insert(files.end(), folders->validation.begin(), folders->validation.end());
  const size_t train_end = files.size();
  files.insert(files.end(), folders->test.begin(), folders->test.end());
  const size_t end = files.size();
  Decoding decoding(tree, options, std::move(files));
  CONVOY_RETURN_IF_ERROR(decoding.Prepare());
  decoding.Run();
  if (!options.skip_bad) CONVOY_RETURN_IF_ERROR(decoding.FirstError());
  const int classes = static_cast<int>(folders->classes.size());
  DataSource source{.kind = kKindPictures, .class_names = folders->classes};
  source.train = decoding.Take(0, train_end, classes);
  source.test = decoding.Take(train_end, end, classes);
  CONVOY_RETURN_IF_ERROR(Annotate(CheckNotEmpty(source), Printable(tree.root())));
  source.validation_images = decoding.CountGood(folders->train.size(), train_end);
  source.notes = NotesOn(*folders, decoding);
  source.where = absl::StrCat(Printable(tree.root()), ": ", Describe(*folders, source.train));
  source.sha256 = DataSha256(source.train, source.test);
  return source;
}

}  // namespace convoy::data
