// Draws every figure of a run and puts them into one HTML page that needs no other file: pictures
// are embedded as base64, there is no script. The page follows the notebook's sections; its words
// are in report_texts.cc.
#include "common/figures/report/report.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/files.h"
#include "common/base/label.h"
#include "common/base/status.h"
#include "common/figures/report/figure_table.h"
#include "common/figures/report/gallery.h"
#include "common/figures/report/html.h"
#include "common/figures/report/report_texts.h"
#include "common/run/run_files.h"

namespace convoy::gallery {
namespace {

using figures::Count;
using figures::Fill;
using figures::Number;
using figures::Percent;

// Of very many classes the worst ones are shown at once.
constexpr size_t kWorstClasses = 20;

// Layers whose feature maps are shown: those that make images.
constexpr size_t kMostFeatureMaps = 6;

// Text of the summary, "?" where an earlier version did not say it.
std::string OrUnknown(const std::string& text) { return text.empty() ? "?" : text; }

// Returns a layer's name as part of a file's: what could lead elsewhere is written as %XX, and
// names that are too long for a file system become the layer's number.
std::string FileName(const nn::Layer& layer) {
  constexpr size_t kMostLetters = 80;
  std::string name;
  for (const char letter : layer.name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (absl::ascii_isalnum(byte) || letter == '_' || letter == '-') {
      name += letter;
    } else {
      absl::StrAppendFormat(&name, "%%%02X", byte);
    }
  }
  return name.size() <= kMostLetters ? name : absl::StrCat("layer-", layer.ordinal);
}

// A path as a word of a shell's command.
std::string ForShell(const std::string& path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  });
  return plain ? path : absl::StrCat("'", absl::StrReplaceAll(path, {{"'", "'\\''"}}), "'");
}

// Collects the page's body and the files beside it.
class ReportWriter {
 public:
  ReportWriter(const RunFiles& run, const data::DatasetView& train, const data::DatasetView& test,
               const ReportOptions& options)
      : run_(run),
        language_(options.language),
        texts_(ReportTextsIn(language_)),
        progress_(options.progress),
        gallery_({.name = run.name,
                  .model = run.model,
                  .history = run.history,
                  .train = train,
                  .test = test},
                 language_, options.threads) {}

  absl::StatusOr<std::vector<ReportFile>> Write() {
    CONVOY_RETURN_IF_ERROR(AddTitle());
    AddRun();
    CONVOY_RETURN_IF_ERROR(AddData());
    AddNetwork();
    CONVOY_RETURN_IF_ERROR(AddTraining());
    CONVOY_RETURN_IF_ERROR(AddEvaluation());
    CONVOY_RETURN_IF_ERROR(AddFeatures());
    CONVOY_RETURN_IF_ERROR(AddNoise());
    AddNextSteps();
    const std::string title = Fill(texts_.title, {run_.name});
    files_.push_back({run::kReportFile, HtmlPage(figures::LanguageCode(language_), title, body_)});
    return std::move(files_);
  }

 private:
  void Heading(const char* text) { absl::StrAppend(&body_, "<h2>", EscapeHtml(text), "</h2>\n"); }
  void Paragraph(const std::string& text) {
    absl::StrAppend(&body_, "<p>", EscapeHtml(Spaced(text)), "</p>\n");
  }
  // No French line begins with a colon.
  std::string Spaced(const std::string& text) const {
    if (language_ != figures::Language::kFrench) return text;
    return absl::StrReplaceAll(text, {{" :", "\u00a0:"},
                                      {" ;", "\u00a0;"},
                                      {" ?", "\u00a0?"},
                                      {" »", "\u00a0»"},
                                      {"« ", "«\u00a0"}});
  }
  // A sentence on what to see in the figure above.
  void Hint(const char* text) {
    absl::StrAppend(&body_, "<p class=\"hint\">", EscapeHtml(Spaced(text)), "</p>\n");
  }
  void Preformatted(const std::string& text) {
    absl::StrAppend(&body_, "<pre>", EscapeHtml(text), "</pre>\n");
  }

  // Long text that a click on its title unfolds.
  void Folded(const std::string& title, const std::string& text) {
    BeginFold(title);
    Preformatted(text);
    EndFold();
  }
  void BeginFold(const std::string& title) {
    absl::StrAppend(&body_, "<details><summary>", EscapeHtml(title), "</summary>\n");
  }
  void EndFold() { absl::StrAppend(&body_, "</details>\n"); }
  void Table(const HtmlTable& table) { body_ += TableToHtml(table); }

  // A layer whose feature maps are shown.
  std::vector<const nn::Layer*> MappedLayers() const {
    std::vector<const nn::Layer*> layers;
    for (const nn::Layer& layer : run_.model->network().layers()) {
      if (layer.output.size() == 3 && layers.size() < kMostFeatureMaps) layers.push_back(&layer);
    }
    return layers;
  }

  // Says that a figure, or an evaluation for it, is begun.
  void Begin(const std::string& figure) {
    constexpr size_t kAlways = 6;  // samples, curves, confusion, mistakes, occlusion, noise
    const size_t total = kAlways + ConvolutionLayers(run_.model->network()).size() +
                         MappedLayers().size() + NoiseLevels().size();
    if (progress_) progress_(figure, begun_, static_cast<int>(total));
    ++begun_;
  }

  // Adds a figure to the page and, as PNG and SVG, to the files.
  absl::Status Figure(const std::string& name, const absl::StatusOr<figures::Canvas>& canvas) {
    CONVOY_RETURN_IF_ERROR(canvas.status());
    CONVOY_ASSIGN_OR_RETURN(std::string png, canvas->Encode(figures::ImageFormat::kPng));
    CONVOY_ASSIGN_OR_RETURN(std::string svg, canvas->Encode(figures::ImageFormat::kSvg));
    body_ += SvgToHtml(svg, canvas->title());
    files_.push_back({absl::StrCat("figures/", name, ".png"), std::move(png)});
    files_.push_back({absl::StrCat("figures/", name, ".svg"), std::move(svg)});
    return absl::OkStatus();
  }

  absl::Status Named(const std::string& name, const char* what_to_see) {
    CONVOY_ASSIGN_OR_RETURN(const FigureKind* kind, FindFigure(name));
    Begin(name);
    CONVOY_RETURN_IF_ERROR(Figure(name, kind->draw(gallery_, {})));
    Hint(what_to_see);
    return absl::OkStatus();
  }

  absl::Status AddTitle() {
    CONVOY_ASSIGN_OR_RETURN(const evaluate::DetailedEvaluation* plain, gallery_.Evaluate(0));
    absl::StrAppend(&body_, "<h1>", EscapeHtml(Fill(texts_.title, {run_.name})), "</h1>\n");
    Paragraph(Fill(texts_.lead, {run_.model->network().spec().name, DataName(),
                                 Percent(language_, plain->accuracy, 2)}));
    return absl::OkStatus();
  }

  std::string Counted(int64_t number, const char* one, const char* many) const {
    return number == 1 ? one : Fill(many, {Count(language_, number)});
  }

  // MNIST, or what else was trained on.
  std::string DataName() const {
    const run::JobFacts& facts = run_.summary.facts;
    if (facts.data_kind == "mnist") return "MNIST";
    if (facts.data_kind == "generated") return texts_.generated;
    return OrUnknown(facts.data_where.empty() ? facts.data_kind : facts.data_where);
  }

  void AddRun() {
    Heading(texts_.run_heading);
    HtmlTable table = LabelsTable();
    const run::JobFacts& facts = run_.summary.facts;
    table.rows.insert(
        table.rows.end(),
        {{texts_.seed, absl::StrCat(facts.seed)},
         {texts_.ranks, absl::StrCat(facts.world_size)},
         {texts_.threads, OrUnknown(absl::StrJoin(facts.threads, ", "))},
         {texts_.hosts, OrUnknown(absl::StrJoin(facts.DistinctHosts(), ", "))},
         {texts_.kernels, absl::StrCat(OrUnknown(facts.isa), ", ", OrUnknown(facts.blas_core))},
         {texts_.version, OrUnknown(run_.summary.version)},
         {texts_.weights, run_.model->weights_sha256()}});
    Table(table);
  }

  // What people call the run, as far as they do.
  HtmlTable LabelsTable() const {
    HtmlTable table;
    const std::pair<const char*, std::string> labels[] = {
        {texts_.name, run_.labels.name},
        {texts_.tags, absl::StrJoin(run_.labels.tags, ", ")},
        {texts_.note, run_.labels.note}};
    for (const auto& [title, text] : labels) {
      if (!text.empty()) table.rows.push_back({title, text});
    }
    return table;
  }

  absl::Status AddData() {
    Heading(texts_.data_heading);
    const run::JobFacts& facts = run_.summary.facts;
    Paragraph(Fill(texts_.data_lead,
                   {Count(language_, facts.train_images), Count(language_, facts.validation_images),
                    Count(language_, facts.test_images)}));
    return Named("samples", texts_.see_samples);
  }

  void AddNetwork() {
    Heading(texts_.network_heading);
    Paragraph(texts_.network_lead);
    Preformatted(nn::SummaryTable(run_.model->network()));
  }

  absl::Status AddTraining() {
    Heading(texts_.training_heading);
    const run::Summary& summary = run_.summary;
    Paragraph(
        Fill(texts_.training_lead,
             {Counted(static_cast<int64_t>(run_.history.size()), texts_.one_epoch, texts_.epochs),
              Number(language_, summary.train_seconds, 1),
              Count(language_, static_cast<int64_t>(summary.train_images_per_second)),
              Counted(summary.facts.world_size, texts_.one_rank, texts_.several_ranks)}));
    CONVOY_RETURN_IF_ERROR(Named("curves", texts_.see_curves));
    Table(HistoryTable());
    Folded(texts_.recipe, run_.recipe);
    return absl::OkStatus();
  }

  HtmlTable HistoryTable() const {
    HtmlTable table{.header = {texts_.epoch}, .rows = {}};
    for (const metrics::EpochMetrics& epoch : run_.history) {
      std::vector<std::string>& row = table.rows.emplace_back();
      row.push_back(absl::StrCat(table.rows.size()));
      for (const auto& [name, value] : epoch) {
        if (table.rows.size() == 1) table.header.push_back(name);
        row.push_back(Number(language_, value, 4));
      }
    }
    return table;
  }

  absl::Status AddEvaluation() {
    Heading(texts_.evaluation_heading);
    CONVOY_ASSIGN_OR_RETURN(const evaluate::DetailedEvaluation* plain, gallery_.Evaluate(0));
    const metrics::ConfusionMatrix& confusion = plain->confusion;
    Paragraph(Fill(texts_.evaluation_lead,
                   {Percent(language_, plain->accuracy, 2), Count(language_, plain->images),
                    Number(language_, plain->loss, 4),
                    Count(language_, confusion.total() - confusion.correct())}));
    CONVOY_RETURN_IF_ERROR(Named("confusion", texts_.see_confusion));
    AddClasses(confusion);
    return Named("mistakes", texts_.see_mistakes);
  }

  // A row a class; of very many the worst ones, and all of them folded.
  void AddClasses(const metrics::ConfusionMatrix& confusion) {
    std::vector<std::pair<int, metrics::ClassScore>> all;
    for (int i = 0; i < confusion.num_classes(); ++i) all.emplace_back(i, confusion.Score(i));
    if (confusion.num_classes() <= kMostClassesShown) return Table(ClassTable(all));
    auto worst = all;
    std::erase_if(worst, [](const auto& one) { return one.second.images == 0; });
    std::stable_sort(worst.begin(), worst.end(),
                     [](const auto& a, const auto& b) { return a.second.f1 < b.second.f1; });
    worst.resize(std::min(worst.size(), kWorstClasses));
    Paragraph(Fill(texts_.worst_classes,
                   {absl::StrCat(worst.size()), Count(language_, confusion.num_classes())}));
    Table(ClassTable(worst));
    BeginFold(Fill(texts_.all_classes, {Count(language_, confusion.num_classes())}));
    Table(ClassTable(all));
    EndFold();
  }

  HtmlTable ClassTable(const std::vector<std::pair<int, metrics::ClassScore>>& classes) const {
    HtmlTable table{
        .header = {texts_.class_name, texts_.precision, texts_.recall, "F1", texts_.images},
        .rows = {}};
    for (const auto& [label, score] : classes) {
      table.rows.push_back({gallery_.ClassText(label), Percent(language_, score.precision, 2),
                            Percent(language_, score.recall, 2), Percent(language_, score.f1, 2),
                            Count(language_, score.images)});
    }
    return table;
  }

  absl::Status AddFeatures() {
    const nn::Network& network = run_.model->network();
    const bool flat = ConvolutionLayers(network).empty() && MappedLayers().empty();
    Heading(flat ? texts_.answer_heading : texts_.features_heading);
    const int64_t number = std::min(kSampleImage, gallery_.subject().test.count - 1);
    CONVOY_ASSIGN_OR_RETURN(const ShownImage image, gallery_.TestImage(number));
    Paragraph(Fill(flat ? texts_.answer_lead : texts_.features_lead, {absl::StrCat(number)}));
    for (const nn::Layer& layer : network.layers()) {
      if (!std::holds_alternative<nn::Conv2dSpec>(layer.kind)) continue;
      Begin("filters");
      CONVOY_RETURN_IF_ERROR(Figure("filters-" + FileName(layer), gallery_.Filters(layer.name)));
    }
    if (!ConvolutionLayers(network).empty()) Hint(texts_.see_filters);
    for (const nn::Layer* layer : MappedLayers()) {
      Begin("feature-maps");
      CONVOY_RETURN_IF_ERROR(
          Figure("feature-maps-" + FileName(*layer), gallery_.FeatureMaps(layer->name, image)));
    }
    if (!MappedLayers().empty()) Hint(texts_.see_maps);
    Begin("occlusion");
    CONVOY_RETURN_IF_ERROR(Figure("occlusion", gallery_.Occlusion(image)));
    Hint(texts_.see_occlusion);
    return absl::OkStatus();
  }

  absl::Status AddNoise() {
    Heading(texts_.noise_heading);
    const int count =
        static_cast<int>(std::min<int64_t>(kNoisyImages, gallery_.subject().test.count));
    Paragraph(Fill(texts_.noise_lead,
                   {absl::StrCat(count), figures::ShortNumber(language_, kNoiseLevel)}));
    Begin("noise");
    CONVOY_RETURN_IF_ERROR(Figure("noise", gallery_.NoisyImages(kNoiseLevel, count)));
    Hint(texts_.see_noise);
    CONVOY_ASSIGN_OR_RETURN(const auto pairs, gallery_.NoisyPairs(kNoiseLevel, count));
    HtmlTable readings{.header = {texts_.image, texts_.actual, texts_.predicted, texts_.noisy},
                       .rows = {}};
    for (const figures::NoisyPair& pair : pairs) {
      readings.rows.push_back({absl::StrCat(readings.rows.size() + 1), pair.actual,
                               pair.of_original.predicted, pair.of_noisy.predicted});
    }
    Table(readings);
    for (const double level : NoiseLevels()) {  // the dear part of the report
      Begin("noise-curve");
      CONVOY_RETURN_IF_ERROR(gallery_.Evaluate(level).status());
    }
    CONVOY_ASSIGN_OR_RETURN(const figures::NoiseCurve curve, gallery_.NoiseCurve(NoiseLevels()));
    CONVOY_RETURN_IF_ERROR(Figure("noise-curve", figures::DrawNoiseCurves({curve}, language_)));
    Hint(texts_.see_noise_curve);
    HtmlTable table{.header = {texts_.noise_level, texts_.accuracy}, .rows = {}};
    for (size_t i = 0; i < curve.levels.size(); ++i) {
      table.rows.push_back({figures::ShortNumber(language_, curve.levels[i]),
                            Percent(language_, curve.accuracy[i], 2)});
    }
    Table(table);
    return absl::OkStatus();
  }

  void AddNextSteps() {
    Heading(texts_.improve_heading);
    Paragraph(texts_.improve_lead);
    Preformatted(
        "trainer --recipe improved --run-dir runs/improved --figures\n"
        "trainer --model my_network.textproto --run-dir runs/mine --figures\n");
    Heading(texts_.save_heading);
    Paragraph(texts_.save_lead);
    const std::string run = ForShell(run_.directory);
    Preformatted(absl::StrCat("convoy export ", run,
                              " --format keras --output mnist_cnn_model.h5\n"
                              "convoy predict photo.png --model ",
                              run, " --figure prediction.png\n"));
  }

  const RunFiles& run_;
  figures::Language language_;
  const ReportTexts& texts_;
  const std::function<void(const std::string&, int, int)> progress_;
  int begun_ = 0;
  Gallery gallery_;
  std::string body_;
  std::vector<ReportFile> files_;
};

}  // namespace

absl::StatusOr<std::vector<ReportFile>> MakeReport(const RunFiles& run,
                                                   const data::DatasetView& train,
                                                   const data::DatasetView& test,
                                                   const ReportOptions& options) {
  return ReportWriter(run, train, test, options).Write();
}

absl::Status WriteReport(const std::string& directory, const data::DatasetView& train,
                         const data::DatasetView& test, const ReportOptions& options) {
  CONVOY_ASSIGN_OR_RETURN(const RunFiles run, ReadRun(directory));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<ReportFile> files,
                          MakeReport(run, train, test, options));
  CONVOY_RETURN_IF_ERROR(CreateDirectories(run::PathIn(directory, run::kFigures)));
  for (const ReportFile& file : files) {
    CONVOY_RETURN_IF_ERROR(
        WriteFileAtomically(absl::StrCat(directory, "/", file.name), file.content));
  }
  return absl::OkStatus();
}

}  // namespace convoy::gallery
