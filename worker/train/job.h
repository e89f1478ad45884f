// What a job needs before it can train: the recipe in force, the images, and the checkpoint that it
// goes on from. Rank 0 finds them; the others get them over the communicator.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/split.h"
#include "common/formats/checkpoint.h"
#include "common/i18n/message.h"
#include "convoy/v1/recipe.pb.h"
#include "convoy/worker/v1/job_broadcast.pb.h"
#include "worker/comm/communicator.h"
#include "worker/train/recipe.h"

namespace convoy::train {

// What the command line asks for, beside what is only rank 0's affair.
struct JobRequest {
  v1::Recipe asked;             // what --recipe and the flags set; the network is resolved
  std::string data;             // --data; may be empty
  std::string run_dir;          // --run-dir; may be empty
  std::string initial_weights;  // --initial-weights; may be empty
  bool resume = false;
  // The network came by a name of Convoy's own, so its input and its last layer follow the data.
  bool network_follows_data = false;
  // Is told how many pictures are decoded (data::LoadOptions). May be empty.
  std::function<void(int64_t done, int64_t total)> progress;
};

// The job, on every rank. Not copyable: it holds the memory that the views look at.
struct Job {
  v1::Recipe recipe_proto;  // every value in force
  Recipe recipe;
  std::string data_kind;
  std::string data_where;
  std::string data_sha256;
  std::vector<std::string> class_names;       // of what the labels stand for; none: numbers
  worker::v1::DataDescription data;           // all of the above, and how `images` are laid out
  std::unique_ptr<comm::SharedBytes> images;  // one copy a host
  data::DatasetView train;                    // the part that is trained on
  data::DatasetView validation;               // may have no images
  data::DatasetView test;
  formats::ImageForm image_form = formats::ImageForm::kUnknown;  // of the training images
  std::vector<float> initial_weights;  // of all tensors; none: drawn from the seed
  std::optional<formats::Checkpoint> checkpoint;
  std::vector<i18n::Message> notes;  // on rank 0: lines for people, as on each damaged checkpoint
  double read_seconds = 0;           // rank 0: how long it took to read the data; of a copy 0
  bool finished_before = false;      // there is nothing left to do
};

// COLLECTIVE. Finds, loads and checks everything, on rank 0, and hands it to all ranks. Returns the
// same error on all ranks: wrong values, data that cannot be read, a checkpoint of another recipe,
// data set or kernel family.
//
// A run that goes on where its directory has a copy of its data (data_copy.h) takes these, wherever
// `request.data` may be. Within a supervised run what an earlier start has read from the same path
// may be taken from run::kDataCacheFile.
absl::StatusOr<Job> PrepareJob(comm::Communicator& communicator, const JobRequest& request);

// Whether this host would find the job's data by itself, as rank 0 has found them: reads them all.
// Reads the job only.
bool FindsData(const JobRequest& request, const Job& job);

}  // namespace convoy::train
