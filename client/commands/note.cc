// `convoy note`: what people call a job, in its run directory or at its coordinator. A trainer that
// is at work tells its coordinator what is written into the directory; what is changed at the
// coordinator stays there.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "client/commands/commands.h"
#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/jobs/job_text.h"
#include "client/jobs/local_job.h"
#include "client/names/names.h"
#include "client/remote/coordinator.h"
#include "common/api/job_labels.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"
#include "common/run/labels_file.h"

namespace convoy::client {
namespace {

class NoteCommand : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    AddJobArgument(arguments, &job_);
    arguments.TextOrNone("--name", &name_, "what people call it; \"\" takes the name away");
    arguments.Texts("--tag", &tags_, "a word to find it by (convoy jobs --tag); again for another");
    arguments.Texts("--remove-tag", &removed_, "a tag that it has; again for another");
    arguments.TextOrNone("--note", &note_, "a sentence on it; \"\" takes the note away");
  }

  std::string Details() const override {
    return Tr(
        "Changes what is given, keeps the rest, and shows what there is. A trainer gives the\n"
        "first (trainer --name --tag --note). A run directory and a coordinator each keep their\n"
        "own; while a trainer is at work it tells its coordinator what is changed in the "
        "directory.\n\n"
        "Examples:\n"
        "  convoy note runs/first --name \"wide kernels\" --tag lab3\n"
        "  convoy note first --note \"too few epochs\" --coordinator server:50051");
  }

  absl::Status Run(const Context& context) override {
    const std::string& named = job_.empty() ? context.model : job_;
    CONVOY_ASSIGN_OR_RETURN(const Place place, FindPlace(named, WantedThing::kJob, context));
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job,
                            place.here ? Here(place.name) : There(place.name, context));
    if (context.json) {
      Print(context, JobToJson(job));
    } else {
      Print(context, LabelsText(job));
    }
    return absl::OkStatus();
  }

 private:
  bool changes() const { return name_ || note_ || !tags_.empty() || !removed_.empty(); }

  // Returns INVALID_ARGUMENT for a tag to remove that is not there.
  absl::StatusOr<run::Labels> Changed(run::Labels labels) const {
    for (const std::string& tag : removed_) {
      const auto found = std::find(labels.tags.begin(), labels.tags.end(), tag);
      if (found == labels.tags.end()) {
        return absl::InvalidArgumentError(Tr("--remove-tag: it has no tag $0", Quoted(tag)));
      }
      labels.tags.erase(found);
    }
    for (const std::string& tag : tags_) {
      const bool known =
          std::find(labels.tags.begin(), labels.tags.end(), tag) != labels.tags.end();
      if (!known) labels.tags.push_back(tag);
    }
    if (name_) labels.name = *name_;
    if (note_) labels.note = *note_;
    CONVOY_RETURN_IF_ERROR(run::CheckLabels(labels));
    return labels;
  }

  absl::StatusOr<v1::Job> Here(const std::string& directory) const {
    const std::unique_ptr<JobSource> source = NewLocalJob(directory);
    CONVOY_RETURN_IF_ERROR(source->Get().status());
    CONVOY_ASSIGN_OR_RETURN(const run::Labels before, run::ReadLabels(directory));
    if (changes()) {
      CONVOY_ASSIGN_OR_RETURN(run::Labels labels, Changed(before));
      // Later than before, whatever the clock says: the latest count.
      labels.time = std::max(absl::Now(), before.time + absl::Microseconds(1));
      CONVOY_RETURN_IF_ERROR(run::WriteLabels(directory, labels));
    }
    return source->Get();
  }

  absl::StatusOr<v1::Job> There(const std::string& name, const Context& context) const {
    CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<JobSource> source, OpenJob(name, context));
    CONVOY_ASSIGN_OR_RETURN(v1::Job job, source->Get());
    if (!changes()) return job;
    CONVOY_ASSIGN_OR_RETURN(const run::Labels labels, Changed(api::FromProto(job.labels())));
    *job.mutable_labels() = api::ToProto(labels);
    std::vector<std::string> fields;  // so that what others change meanwhile stays
    if (name_) fields.emplace_back("labels.display_name");
    if (note_) fields.emplace_back("labels.note");
    if (!tags_.empty() || !removed_.empty()) fields.emplace_back("labels.tags");
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator,
                            Coordinator::Open(context.connection, context.verbose));
    return coordinator->UpdateJob(job, fields);
  }

  std::string job_;
  std::optional<std::string> name_;
  std::optional<std::string> note_;
  std::vector<std::string> tags_;
  std::vector<std::string> removed_;
};

}  // namespace

std::unique_ptr<Command> NewNote() { return std::make_unique<NoteCommand>(); }

}  // namespace convoy::client
