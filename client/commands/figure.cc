// `convoy figure`: one figure of a trained network as PNG or SVG. The table of figures
// (common/figures/report) says what each of them needs: history, model, images, a layer. Only that
// is read, and an option that the figure does not need is refused rather than ignored.
#include "client/commands/commands.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/models/model_data.h"
#include "client/models/model_source.h"
#include "common/api/image_input.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/figures/report/figure_table.h"
#include "common/figures/report/gallery.h"
#include "common/figures/texts.h"
#include "common/i18n/translate.h"
#include "common/images/decode/decode.h"
#include "common/run/run_files.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

using gallery::FigureChoice;
using gallery::FigureKind;
using gallery::FigureNeeds;
using gallery::Gallery;

constexpr int64_t kMostTiles = 100;
constexpr int64_t kMostFilterNumber = 1 << 20;

// The name in legends: a run's, or a file's without its ending.
std::string LegendName(const std::string& named) {
  std::error_code unknown;
  if (std::filesystem::is_directory(named, unknown)) return run::RunName(named);
  return std::filesystem::path(named).stem().string();
}

// Loads a model of this computer or of a coordinator; `named` as OpenModel's argument.
absl::StatusOr<std::shared_ptr<const evaluate::LoadedModel>> LoadNamed(const std::string& named,
                                                                       const Context& context) {
  CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(named, context));
  CONVOY_ASSIGN_OR_RETURN(std::string bytes, source->ReadBytes());
  return evaluate::LoadedModel::Parse(std::move(bytes), source->Where());
}

// A person's picture, prepared as convoy predict does it.
absl::StatusOr<gallery::ShownImage> ReadPhoto(const std::string& path,
                                              const evaluate::LoadedModel& model) {
  absl::StatusOr<std::string> bytes = ReadFile(path, images::DecodeLimits().max_bytes);
  if (!bytes.ok()) {
    return Annotate(bytes.status(),
                    Tr("--image (the number of a test image, or a PNG or JPEG file)"));
  }
  v1::Image image;
  image.set_png(*std::move(bytes));
  CONVOY_ASSIGN_OR_RETURN(api::NetworkImage prepared,
                          api::ToNetworkImage(image, v1::AUTOMATIC, model, path));
  const nn::ModelSpec& spec = model.network().spec();
  return gallery::ShownImage{.image = {.height = spec.height,
                                       .width = spec.width,
                                       .channels = spec.channels,
                                       .pixels = std::move(prepared.pixels)},
                             .label = gallery::kUnknownLabel};
}

// The figures' names with what they show, for --help.
std::string FigureList() {
  std::string list;
  for (const FigureKind& kind : gallery::FigureKinds()) {
    absl::StrAppend(&list, absl::StrFormat("  %-13s %s\n", kind.name, Tr(kind.summary)));
  }
  return list;
}

class Figure : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("NAME", &name_, "which figure; see below");
    arguments.Positional("MODEL", &model_,
                         "run directory, FILE.convoy, or a name at the coordinator; as --model");
    arguments.Text("--output", &output_, "the file: FILE.png or FILE.svg (NAME.png)");
    arguments.Text("--layer", &layer_, "of filters and feature-maps (the first that has them)");
    arguments.Text(
        "--image", &image_,
        "of feature-maps and occlusion: number of a test image, or a PNG or JPEG file (12)");
    arguments.WholeNumber("--filter", &filter_, 1, kMostFilterNumber,
                          "of filters and feature-maps: this one alone, large");
    arguments.Flag("--by-row", &by_row_, "of confusion: shares of each true class, not counts");
    arguments.WholeNumber("--count", &count_, 1, kMostTiles,
                          "images of samples, mistakes and noise (10, 10, 5)");
    arguments.Number("--level", &level_, 0, 10,
                     "of noise: its standard deviation where white is 1 (0.3)");
    arguments.Text("--compare", &compare_, "of noise-curve: a second model for the same figure");
    AddDataArgument(arguments, &options_);
    AddLangArgument(arguments, &options_);
  }

  std::string Details() const override {
    const std::string what =
        Tr("Draws one figure of a trained network, as PNG or SVG; the same bytes for the same\n"
           "network and images. The figures:\n\n");
    const std::string examples =
        Tr("\nExamples:\n"
           "  convoy figure confusion runs/first\n"
           "  convoy figure filters runs/first --layer conv2 --filter 8 --output filter.svg\n"
           "  convoy figure feature-maps runs/first --layer conv1 --image 12\n"
           "  convoy figure occlusion runs/first --image photo.png\n"
           "  convoy figure noise-curve runs/first --compare runs/second --lang fr");
    return absl::StrCat(what, FigureList(), examples);
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const FigureKind* kind, gallery::FindFigure(name_));
    CONVOY_RETURN_IF_ERROR(CheckOptions(*kind));
    CONVOY_ASSIGN_OR_RETURN(const std::string path, OutputPath());
    CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(options_.lang));
    terminal::Activity activity(context.err, !context.json);
    data::DataSource source;  // what the subject's views look at
    CONVOY_ASSIGN_OR_RETURN(gallery::Subject subject,
                            ReadSubject(*kind, context, activity, &source));
    activity.Show(Tr("Drawing $0", name_));
    Gallery drawn(std::move(subject), language, UsableCores());
    CONVOY_ASSIGN_OR_RETURN(figures::Canvas canvas, Draw(*kind, drawn, context));
    const std::string note =
        kind->needs.data ? NoteOnImages(drawn.subject().model.get(), source, language) : "";
    if (!note.empty()) canvas.AddNote(note);
    CONVOY_RETURN_IF_ERROR(WritePicture(canvas, path, "--output"));
    activity.Clear();
    Report(canvas, path, note, context);
    return absl::OkStatus();
  }

 private:
  // An option that the figure has no use for is a slip that should not pass unnoticed.
  absl::Status CheckOptions(const FigureKind& kind) const {
    const std::pair<const char*, bool> unused[] = {
        {"--layer", !layer_.empty() && !kind.needs.layer},
        {"--image", !image_.empty() && !kind.needs.image},
        {"--filter", filter_ > 0 && !kind.needs.layer},
        {"--by-row", by_row_ && !kind.needs.by_row},
        {"--count", count_ > 0 && !kind.needs.count},
        {"--level", level_ >= 0 && !kind.needs.level},
        {"--compare", !compare_.empty() && kind.name != "noise-curve"},
        {"--data", !options_.data.empty() && !kind.needs.data}};
    for (const auto& [flag, is_unused] : unused) {
      if (!is_unused) continue;
      return absl::InvalidArgumentError(
          Tr("$0: the figure $1 has no use for it; leave it out", flag, kind.name));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> OutputPath() const {
    const std::string path = output_.empty() ? name_ + ".png" : output_;
    absl::Status status = figures::FormatOfPath(path).status();
    if (!status.ok()) return Annotate(status, "--output");
    return path;
  }

  absl::StatusOr<gallery::Subject> ReadSubject(const FigureKind& kind, const Context& context,
                                               terminal::Activity& activity,
                                               data::DataSource* source) const {
    const std::string named = model_.empty() ? context.model : model_;
    gallery::Subject subject{
        .name = LegendName(named), .model = {}, .history = {}, .train = {}, .test = {}};
    const FigureNeeds& needs = kind.needs;
    if (needs.history) {
      CONVOY_ASSIGN_OR_RETURN(const auto job, OpenJob(named, context));
      CONVOY_ASSIGN_OR_RETURN(const auto epochs, job->Epochs());
      subject.history = ToHistory(epochs);
    }
    if (needs.model) {
      CONVOY_ASSIGN_OR_RETURN(subject.model, LoadNamed(model_, context));
    }
    if (needs.data) {
      activity.Show(Tr("Reading the images"));  // after the notes on what is meant
      CONVOY_ASSIGN_OR_RETURN(*source, LoadDataFor(subject.model.get(), options_.data));
      subject.train = source->train.View();
      subject.test = source->test.View();
    }
    return subject;
  }

  absl::StatusOr<figures::Canvas> Draw(const FigureKind& kind, Gallery& drawn,
                                       const Context& context) const {
    FigureChoice choice{.layer = layer_, .image = {}, .count = static_cast<int>(count_)};
    if (level_ >= 0) choice.level = level_;
    choice.filter = filter_;
    choice.by_row = by_row_;
    if (kind.needs.image) {
      CONVOY_ASSIGN_OR_RETURN(choice.image, ReadImage(drawn));
    }
    return compare_.empty() ? kind.draw(drawn, choice) : DrawComparison(drawn, context);
  }

  absl::StatusOr<gallery::ShownImage> ReadImage(const Gallery& drawn) const {
    if (image_.empty()) return drawn.TestImage(gallery::kSampleImage);
    int64_t number = 0;
    if (absl::SimpleAtoi(image_, &number)) return drawn.TestImage(number);
    return ReadPhoto(image_, *drawn.subject().model);
  }

  absl::StatusOr<figures::Canvas> DrawComparison(Gallery& drawn, const Context& context) const {
    Context other_context = context;
    other_context.model.clear();  // --compare names it
    CONVOY_ASSIGN_OR_RETURN(auto model, LoadNamed(compare_, other_context));
    gallery::Subject subject = drawn.subject();
    subject.name = LegendName(compare_);
    subject.model = std::move(model);
    Gallery other(std::move(subject), drawn.language(), UsableCores());
    CONVOY_ASSIGN_OR_RETURN(figures::NoiseCurve first, drawn.NoiseCurve(gallery::NoiseLevels()));
    CONVOY_ASSIGN_OR_RETURN(figures::NoiseCurve second, other.NoiseCurve(gallery::NoiseLevels()));
    return figures::DrawNoiseCurves({std::move(first), std::move(second)}, drawn.language());
  }

  void Report(const figures::Canvas& canvas, const std::string& path, const std::string& note,
              const Context& context) const {
    if (!note.empty()) PrintNote(context, note);
    if (context.json) {
      PrintLine(context,
                nlohmann::ordered_json{{"figure", name_},
                                       {"file", path},
                                       {"width", canvas.width()},
                                       {"height", canvas.height()},
                                       {"note", note.empty() ? nlohmann::ordered_json()
                                                             : nlohmann::ordered_json(note)}});
    } else {
      Print(context, Tr("$0: $1 x $2 pixels\n", path, canvas.width(), canvas.height()));
    }
  }

  std::string name_;
  std::string model_;
  std::string output_;
  std::string layer_;
  std::string image_;
  std::string compare_;
  int64_t count_ = 0;
  int64_t filter_ = 0;
  bool by_row_ = false;
  double level_ = -1;
  PictureOptions options_;
};

}  // namespace

std::unique_ptr<Command> NewFigure() { return std::make_unique<Figure>(); }

}  // namespace convoy::client
