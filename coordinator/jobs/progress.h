// What follows from what a trainer reports: where the job stands, which rank is slow.
#pragma once

#include <string>
#include <vector>

#include "convoy/v1/job.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"

namespace convoy::coordinator {

// Takes over where the training stands. What is older than the job's own state is left alone.
void ApplyProgress(const worker::v1::Progress& progress, v1::Job* job);

// Takes over the newest value of each metric and the epochs completed. Costs as much as the samples
// have metrics, however many the job has.
void ApplySamples(const google::protobuf::RepeatedPtrField<v1::MetricSample>& samples,
                  v1::Job* job);

// A rank that does its share much slower than the others.
struct Straggler {
  int rank = 0;
  std::string phase;    // where it loses the most
  double slowdown = 1;  // its seconds of work over the median of all
};

// Returns the ranks whose seconds of work (all phases but `wait`) in the last epoch are more than
// `threshold` times the median of all ranks, and at least 0.5 s more. Threads have equal shares of
// the work and the seconds are means over a rank's threads, so ranks compare whatever their number
// of threads. The median of two is the smaller one.
std::vector<Straggler> FindStragglers(const std::vector<v1::Rank>& ranks, double threshold);

}  // namespace convoy::coordinator
