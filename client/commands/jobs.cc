#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_text.h"
#include "client/jobs/local_job.h"
#include "client/remote/coordinator.h"
#include "common/base/status.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

class Jobs : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.Positional("DIRECTORY", &directory_, "list the runs in it, not the coordinator's");
    arguments.WholeNumber("--limit", &limit_, 1, 1000000, "only the newest N (50)");
  }

  std::string Details() const override {
    return "The newest first.\n\n"
           "Examples:\n"
           "  convoy jobs             what the coordinator knows\n"
           "  convoy jobs runs        the runs in the directory runs\n"
           "  convoy jobs --json --limit 1000";
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs,
                            directory_.empty() ? Remote(context) : Local(context));
    if (context.json) {
      auto list = nlohmann::ordered_json::array();
      for (const v1::Job& job : jobs) list.push_back(JobToJson(job));
      Print(context, list);
    } else {
      Print(context, jobs.empty() ? "no jobs yet\n" : JobsTable(jobs));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<v1::Job>> Remote(const Context& context) const {
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator, Coordinator::Open(context.connection));
    return coordinator->ListJobs(static_cast<size_t>(limit_));
  }

  absl::StatusOr<std::vector<v1::Job>> Local(const Context& context) const {
    CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> runs, run::ListRuns(directory_));
    std::vector<v1::Job> jobs;
    for (const std::string& run : runs) {
      if (jobs.size() == static_cast<size_t>(limit_)) break;
      const absl::StatusOr<v1::Job> job = NewLocalJob(run)->Get();
      if (job.ok()) {
        jobs.push_back(*job);
      } else {  // one damaged run must not hide the others
        PrintNote(context, std::string(job.status().message()));
      }
    }
    return jobs;
  }

  std::string directory_;
  int64_t limit_ = 50;
};

}  // namespace

std::unique_ptr<Command> NewJobs() { return std::make_unique<Jobs>(); }

}  // namespace convoy::client
