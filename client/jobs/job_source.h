// A job that somebody named, wherever it is: a run directory on this computer or a job that a
// coordinator knows. What comes back has the same form either way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/command.h"
#include "client/cli/context.h"
#include "convoy/v1/job.pb.h"

namespace convoy::client {

// Thread-compatible.
class JobSource {
 public:
  virtual ~JobSource() = default;

  // Returns the job as it is now.
  virtual absl::StatusOr<v1::Job> Get() = 0;

  // Calls `on_change` with the job now and about as often as it changes, until it has ended (see
  // HasEnded). An interruption shorter than `patience` is bridged; `on_trouble` is told of it, once
  // an interruption. A job that is LOST for longer than that ends with DEADLINE_EXCEEDED.
  virtual absl::Status Watch(absl::Duration patience,
                             const std::function<void(const v1::Job&)>& on_change,
                             const std::function<void(const absl::Status&)>& on_trouble) = 0;

  // Returns the metrics of the completed epochs, in order.
  virtual absl::StatusOr<std::vector<v1::MetricSample>> Epochs() = 0;

  // Returns what is kept of the metrics within epochs, in order; may be empty.
  virtual absl::StatusOr<std::vector<v1::MetricSample>> Steps() = 0;
};

// Returns the source of what `named`, or where that is empty --model, means (client/names): a run
// directory, or a job of the coordinator, with or without "jobs/" before its name. Returns
// FindPlace's errors, NOT_FOUND if there is no such job, and the coordinator's errors.
absl::StatusOr<std::unique_ptr<JobSource>> OpenJob(const std::string& named,
                                                   const Context& context);

// Whether the job is SUCCEEDED, FAILED, STOPPED or CANCELLED.
bool HasEnded(const v1::Job& job);

// Adds the argument JOB, which may be left out, bound to `job`.
void AddJobArgument(Arguments& arguments, std::string* job);

}  // namespace convoy::client
