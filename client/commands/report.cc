#include "client/commands/commands.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/browser.h"
#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/models/model_data.h"
#include "client/names/names.h"
#include "common/base/cpus.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/figures/report/report.h"
#include "common/figures/report/run_files.h"
#include "common/figures/texts.h"
#include "common/i18n/translate.h"
#include "common/run/run_files.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

class Report : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.Positional("RUN", &run_,
                         "the directory of a finished training (the newest of ./runs)");
    arguments.Flag("--open", &open_, "show the page in the browser");
    AddDataArgument(arguments, &options_);
    AddLangArgument(arguments, &options_);
  }

  std::string Details() const override {
    return Tr(
        "Writes into the run directory report.html, one page that needs no other file, and the\n"
        "figures as PNG and SVG in figures/. It needs the images that the run was trained on.\n"
        "(trainer --figures does the same at the end of a training.)\n\n"
        "Examples:\n"
        "  convoy report runs/first --open\n"
        "  convoy report runs/first --lang fr --data data/mnist");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(options_.lang));
    const absl::StatusOr<std::string> opener = open_ ? FindOpener() : "";
    if (!opener.ok()) return Annotate(opener.status(), "--open");
    CONVOY_RETURN_IF_ERROR(FindRun(context));
    terminal::Activity activity(context.err, !context.json);
    activity.Show(Tr("Reading the images"));
    CONVOY_ASSIGN_OR_RETURN(const gallery::RunFiles run, gallery::ReadRun(run_));
    CONVOY_ASSIGN_OR_RETURN(const data::DataSource source,
                            LoadDataFor(run.model.get(), options_.data));
    if (!TrainedOn(*run.model, source)) {
      return absl::FailedPreconditionError(
          Tr("$0: was trained on other images than those of $1; name its own with --data "
             "(log.txt of the run tells which)",
             run_, source.where));
    }
    CONVOY_RETURN_IF_ERROR(Write(source, language, activity));
    activity.Clear();
    const std::string page = run::PathIn(run_, run::kReportFile);
    if (context.json) {
      PrintLine(context, nlohmann::ordered_json{{"report", page},
                                                {"figures", run::PathIn(run_, run::kFigures)}});
    } else {
      Print(context, Tr("$0: open it in a browser; its figures are in $1/figures\n", page, run_));
    }
    return open_ ? OpenWith(*opener, page) : absl::OkStatus();
  }

 private:
  absl::Status Write(const data::DataSource& source, figures::Language language,
                     terminal::Activity& activity) const {
    gallery::ReportOptions options{.language = language, .threads = UsableCores()};
    options.progress = [&activity](const std::string& figure, int done, int total) {
      activity.Show(Tr("Drawing $0", figure), done, total);
    };
    return gallery::WriteReport(run_, source.train.View(), source.test.View(), options);
  }

  // Makes run_ the directory that it means.
  absl::Status FindRun(const Context& context) {
    CONVOY_ASSIGN_OR_RETURN(const Place place, FindPlace(run_, WantedThing::kJob, context));
    run_ = place.name;
    if (place.here) return absl::OkStatus();
    return absl::NotFoundError(
        Tr("$0: a report is made of a run directory on this computer, and there is none of this "
           "name; give one, such as runs/first",
           run_.empty() ? "RUN" : Quoted(run_)));
  }

  std::string run_;
  bool open_ = false;
  PictureOptions options_;
};

}  // namespace

std::unique_ptr<Command> NewReport() { return std::make_unique<Report>(); }

}  // namespace convoy::client
