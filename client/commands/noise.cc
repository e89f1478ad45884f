#include "client/commands/commands.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/evaluation_flags.h"
#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/models/model_json.h"
#include "client/models/model_text.h"
#include "client/view/spark.h"
#include "client/view/text.h"
#include "common/base/status.h"
#include "common/data/noise.h"
#include "common/figures/noise_figure.h"
#include "common/figures/texts.h"
#include "common/i18n/translate.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

constexpr int kBarColumns = 30;

struct Level {
  double noise;
  v1::EvaluateModelResponse evaluation;
};

std::string NoiseTable(const std::vector<Level>& levels, int columns) {
  Table table({Tr("noise"), Tr("accuracy"), Tr("loss"), ""},
              {Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
  for (const auto& [noise, evaluation] : levels) {
    table.AddRow({absl::StrFormat("%g", noise), PercentText(evaluation.accuracy()),
                  absl::StrFormat("%.4f", evaluation.loss()),
                  BlockBar(evaluation.accuracy(), kBarColumns)});
  }
  return table.ToText(columns);
}

nlohmann::ordered_json NoiseJson(const std::vector<Level>& levels) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [noise, evaluation] : levels) {
    list.push_back({{"noise_level", noise},
                    {"accuracy", evaluation.accuracy()},
                    {"loss", evaluation.loss()},
                    {"images", evaluation.image_count()}});
  }
  return list;
}

class Noise : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    flags_.AddTo(arguments);
    arguments.Numbers("--levels", &levels_, 0, data::kMaxNoiseLevel,
                      "standard deviations, separated by commas (0,0.1,0.2,0.3,0.4,0.5)");
    arguments.Text("--figure", &figure_, "also draw the curve (FILE.png or FILE.svg)");
    AddLangArgument(arguments, &options_);
    arguments.WholeNumber("--seed", &seed_, 0, INT64_MAX, "of the noise (42)");
  }

  std::string Details() const override {
    return Tr(
        "Adds Gaussian noise to the pixels, which go from 0 to 1, and counts how many images "
        "are\n"
        "still recognised. The same seed gives the same noise everywhere.\n\n"
        "Examples:\n"
        "  convoy noise runs/first\n"
        "  convoy noise runs/first --figure noise.png\n"
        "  convoy noise first --levels 0,0.25,0.5,1");
  }

  absl::Status Run(const Context& context) override {
    if (!figure_.empty()) {
      CONVOY_RETURN_IF_ERROR(Annotate(figures::FormatOfPath(figure_).status(), "--figure"));
    }
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(flags_.model(), context));
    EvaluationRequest request = flags_.Request();
    request.noise_seed = static_cast<uint64_t>(seed_);
    std::vector<Level> levels;
    terminal::Activity activity(context.err, !context.json);
    for (const double noise : levels_) {
      activity.Show(Tr("Evaluating with noise $0", absl::StrFormat("%g", noise)),
                    static_cast<int64_t>(levels.size()), static_cast<int64_t>(levels_.size()));
      request.noise_level = noise;
      CONVOY_ASSIGN_OR_RETURN(v1::EvaluateModelResponse evaluation, source->Evaluate(request));
      levels.push_back({noise, std::move(evaluation)});
    }
    const v1::EvaluateModelResponse& first = levels.front().evaluation;
    if (!figure_.empty()) {
      CONVOY_RETURN_IF_ERROR(DrawCurve(source->Where(), levels, !OnOtherImages(first)));
    }
    activity.Clear();
    if (context.json) {
      Print(context,
            nlohmann::ordered_json{{"model", source->Where()},
                                   {"noise_seed", seed_},
                                   {"levels", NoiseJson(levels)},
                                   {"figure", figure_.empty() ? nlohmann::ordered_json()
                                                              : nlohmann::ordered_json(figure_)},
                                   {"trained_with_these_images", TrainedWithTheseImages(first)}});
    } else {
      Print(context, absl::StrCat(source->Where(), ", ", ImagesText(first), "\n\n",
                                  NoiseTable(levels, TableColumns(context)),
                                  figure_.empty() ? "" : absl::StrCat("\n", figure_, "\n")));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status DrawCurve(const std::string& name, std::vector<Level> levels,
                         bool trained_on) const {
    CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(options_.lang));
    std::sort(levels.begin(), levels.end(),
              [](const Level& a, const Level& b) { return a.noise < b.noise; });
    figures::NoiseCurve curve{.name = name, .levels = {}, .accuracy = {}};
    for (const Level& level : levels) {
      curve.levels.push_back(level.noise);
      curve.accuracy.push_back(level.evaluation.accuracy());
    }
    figures::Canvas canvas = figures::DrawNoiseCurves({curve}, language);
    if (!trained_on) canvas.AddNote(figures::TextsIn(language).other_images_note);
    return WritePicture(canvas, figure_, "--figure");
  }

  EvaluationFlags flags_;
  std::string figure_;
  PictureOptions options_;
  std::vector<double> levels_ = {0, 0.1, 0.2, 0.3, 0.4, 0.5};
  int64_t seed_ = 42;
};

}  // namespace

std::unique_ptr<Command> NewNoise() { return std::make_unique<Noise>(); }

}  // namespace convoy::client
