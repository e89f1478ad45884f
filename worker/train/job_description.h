// What observers and people are told of a job before it trains.
#pragma once

#include <string>
#include <vector>

#include "common/i18n/message.h"
#include "common/nn/network.h"
#include "common/run/job_facts.h"
#include "worker/train/job.h"

namespace convoy::train {

// Returns what is known of the job itself; who runs it and from where is the caller's to add.
run::JobFacts FactsOf(const Job& job, const nn::Network& network);

// Returns a line for each thing that a person should know; usually none.
std::vector<i18n::Message> NotesOn(const Job& job, const nn::Network& network);

}  // namespace convoy::train
