// What is known of a job before its first step: for the terminal, summary.json and the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace convoy::run {

struct JobFacts {
  int world_size = 0;
  std::vector<int> threads;        // of each rank
  std::vector<std::string> hosts;  // of each rank; "" where unknown
  std::string owner;               // "USER@HOST" of rank 0; "" where unknown
  std::string isa;
  std::string blas_core;
  std::string data_kind;   // one of data::kKind...
  std::string data_where;  // for people
  std::string data_sha256;
  std::vector<std::string> class_names;  // printable; empty: numbers
  std::string model_name;
  std::string model_summary;  // the table
  int64_t parameters = 0;
  int64_t train_images = 0;
  int64_t validation_images = 0;
  int64_t test_images = 0;
  int epochs = 0;
  int64_t steps_per_epoch = 0;
  int batch_size = 0;
  int micro_batch = 0;
  std::string reduce;
  std::string exchange;  // numbers of the exchange; "" where unknown
  uint64_t seed = 0;
  int64_t restarts = 0;
  int64_t resumed_at_step = 0;  // global step of the checkpoint; 0 for a new run
  // When the run first started; InfinitePast where unknown.
  absl::Time start_time = absl::InfinitePast();

  // Returns the host names, each once, in order of rank.
  std::vector<std::string> DistinctHosts() const;

  // Returns the number of threads over all ranks.
  int TotalThreads() const;
};

}  // namespace convoy::run
