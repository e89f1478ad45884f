// Jobs as the API's messages, from what a trainer knows or has left in its run directory.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/metrics/history.h"
#include "common/metrics/phase_seconds.h"
#include "common/run/events_file.h"
#include "common/run/summary.h"
#include "convoy/v1/job.pb.h"

namespace convoy::api {

google::protobuf::Timestamp ToProto(absl::Time time);
v1::PhaseSeconds ToProto(const metrics::PhaseSeconds& seconds);
metrics::PhaseSeconds FromProto(const v1::PhaseSeconds& seconds);

// Returns the name of a run directory of this host for others: "HOST:/absolute/path".
std::string RunDirectoryName(const std::string& run_directory);

// Returns what a job runs on. `version` and `git_commit` are the trainer's.
v1::JobSetup ToSetup(const run::JobFacts& facts, const std::string& version,
                     const std::string& git_commit, const std::string& run_directory);

// Returns the ranks with what is known of each: host, threads, and seconds where `phases` has them.
std::vector<v1::Rank> ToRanks(const run::JobFacts& facts,
                              const std::vector<metrics::PhaseSeconds>& phases);

// Returns the sample of a finished epoch, counted from 1.
v1::MetricSample ToSample(const metrics::EpochMetrics& metrics, int epoch, int64_t steps_per_epoch);

// Returns what a run directory tells of events.
v1::Event ToEvent(const run::RunEvent& event);

// Returns the job of this host's run directory. A run that says it is running is LOST unless
// `trainer_works` there.
v1::Job ToJob(const run::Summary& summary, const metrics::History& history,
              const std::string& run_directory, bool trainer_works);

}  // namespace convoy::api
