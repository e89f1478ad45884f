// What follows from where a job stands: the same for a run directory and for a coordinator.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "convoy/v1/job.pb.h"

namespace convoy::api {

// Whether a job in this state is at its end, unless it is resumed: SUCCEEDED, FAILED, STOPPED or
// CANCELLED.
bool IsTerminal(v1::Job::State state);

// Returns "running", "succeeded", ...: the words of summary.json, and "lost".
std::string StateName(v1::Job::State state);

// Replaces the metric of that name, or adds it.
void SetMetric(const std::string& name, double value, v1::Job* job);

// Fills in what is derived: total_steps, progress_percentage, epoch, estimated remaining time.
// `between_epochs` is how long validation and the rest takes after each epoch.
void Derive(absl::Duration between_epochs, v1::Job* job);

}  // namespace convoy::api
