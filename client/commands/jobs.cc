#include "client/commands/commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_text.h"
#include "client/jobs/local_job.h"
#include "client/names/names.h"
#include "client/remote/coordinator.h"
#include "common/base/status.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"
#include "common/system/user.h"

namespace convoy::client {
namespace {

constexpr int64_t kMostListed = 1000000;

double MetricOf(const v1::Job& job, const std::string& name) {
  for (const v1::Metric& metric : job.metrics()) {
    if (metric.name() == name) return metric.value();
  }
  return -1;  // below all accuracies
}

// Whether this user started the job, on whichever computer.
bool IsMine(const v1::Job& job) {
  return absl::StartsWith(job.setup().owner(), absl::StrCat(UserName(), "@"));
}

// By name, or by a metric from its greatest value down.
void Sort(const std::string& by, std::vector<v1::Job>* jobs) {
  std::stable_sort(jobs->begin(), jobs->end(), [&by](const v1::Job& a, const v1::Job& b) {
    return by == "name" ? JobId(a) < JobId(b) : MetricOf(a, by) > MetricOf(b, by);
  });
}

class Jobs : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.Positional("DIRECTORY", &directory_,
                         "list the runs in it (./runs, or the coordinator's)");
    arguments.Choice("--sort", &sort_,
                     {"time", "name", "accuracy", "val_accuracy", "test_accuracy"},
                     Tr("the newest, or the best, first: time, name, accuracy, ... (time)"));
    arguments.Flag("--mine", &mine_, "only those that I started");
    arguments.Texts("--tag", &tags_, "only those with this tag; again for another that they have");
    arguments.WholeNumber("--limit", &limit_, 1, kMostListed, "only the newest N (50)");
  }

  std::string Details() const override {
    return Tr(
        "The newest first.\n\n"
        "Examples:\n"
        "  convoy jobs             the runs in ./runs\n"
        "  convoy jobs --coordinator server:50051    what the coordinator knows\n"
        "  convoy jobs runs --sort val_accuracy\n"
        "  convoy jobs --mine --coordinator server:50051\n"
        "  convoy jobs --tag lab3\n"
        "  convoy jobs --json --limit 1000");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto runs, FindRuns(directory_, context));
    CONVOY_ASSIGN_OR_RETURN(std::vector<v1::Job> jobs,
                            runs ? Local(*runs, context) : Remote(context));
    if (sort_ != "time") Sort(sort_, &jobs);
    if (context.json) {
      auto list = nlohmann::ordered_json::array();
      for (const v1::Job& job : jobs) list.push_back(JobToJson(job));
      Print(context, list);
    } else {
      Print(context, jobs.empty() ? Tr("no jobs yet\n") : JobsTable(jobs, TableColumns(context)));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<v1::Job>> Remote(const Context& context) const {
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator,
                            Coordinator::Open(context.connection, context.verbose));
    const bool all = mine_ || !tags_.empty();
    auto jobs = coordinator->ListJobs(static_cast<size_t>(all ? kMostListed : limit_));
    if (!jobs.ok()) return ExplainMissing(jobs.status(), "", context);
    std::erase_if(*jobs, [this](const v1::Job& job) { return !IsWanted(job); });
    if (jobs->size() > static_cast<size_t>(limit_)) jobs->resize(static_cast<size_t>(limit_));
    return jobs;
  }

  absl::StatusOr<std::vector<v1::Job>> Local(const std::vector<std::string>& runs,
                                             const Context& context) const {
    std::vector<v1::Job> jobs;
    for (const std::string& run : runs) {
      if (jobs.size() == static_cast<size_t>(limit_)) break;
      const absl::StatusOr<v1::Job> job = NewLocalJob(run)->Get();
      if (job.ok()) {
        if (IsWanted(*job)) jobs.push_back(*job);
      } else {  // one damaged run must not hide the others
        PrintNote(context, i18n::InUsersLanguage(job.status()));
      }
    }
    return jobs;
  }

  bool IsWanted(const v1::Job& job) const {
    const auto& tags = job.labels().tags();
    return (!mine_ || IsMine(job)) &&
           std::all_of(tags_.begin(), tags_.end(), [&tags](const std::string& tag) {
             return std::find(tags.begin(), tags.end(), tag) != tags.end();
           });
  }

  std::string directory_;
  std::string sort_ = "time";
  bool mine_ = false;
  std::vector<std::string> tags_;
  int64_t limit_ = 50;
};

}  // namespace

std::unique_ptr<Command> NewJobs() { return std::make_unique<Jobs>(); }

}  // namespace convoy::client
