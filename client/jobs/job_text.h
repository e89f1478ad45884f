// Jobs as text for people. Tables are made for `columns`, as client/view's; 0: any width.
#pragma once

#include <string>
#include <vector>

#include "common/metrics/history.h"
#include "convoy/v1/job.pb.h"

namespace convoy::client {

// One job, a fact a line: progress, metrics, ranks, warnings.
std::string JobText(const v1::Job& job, int columns);

// The job's name for people, its tags and note, a line each.
std::string LabelsText(const v1::Job& job);

// A line a job. Names and tags have columns where any job has some, owners where they
// are several.
std::string JobsTable(const std::vector<v1::Job>& jobs, int columns);

// What each rank's time went to, a line a rank; "" where nothing is known yet.
std::string RanksTable(const v1::Job& job, int columns);

// The job's name for people and its tags, as they were given; "" where it has none.
std::string DisplayName(const v1::Job& job);
std::string TagsText(const v1::Job& job);

// "loss 0.1234, accuracy 97.01%, ..."; metrics whose name ends in "accuracy" in percent.
std::string MetricsLine(const v1::Job& job);

// A line an epoch, counted from 1.
std::string HistoryTable(const metrics::History& history, int columns);

// "3 ranks on pc1, pc2"; without hosts where they are not known.
std::string RanksOnHosts(const v1::Job& job);

// The state in the user's language.
std::string StateText(v1::Job::State state);

// How long the job has taken, or took, "-" where it is not known.
std::string TimeTaken(const v1::Job& job);

// The time left, or "" where it is not known.
std::string TimeLeft(const v1::Job& job);

}  // namespace convoy::client
