// Rank 0 alone looks at files. What it finds goes to the others in three ways, by size: a small
// message (proto/convoy/worker/v1/job_broadcast.proto), initial weights and checkpoint as bytes,
// and the images once a host, into memory that its ranks share.
#include "worker/train/job.h"

#include <cstring>
#include <span>
#include <utility>

#include "common/api/image_options.h"
#include "common/base/check.h"
#include "common/base/label.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/base/text_error.h"
#include "common/data/data_directory.h"
#include "common/data/load_data.h"
#include "common/formats/checkpoint_store.h"
#include "common/images/digit.h"
#include "common/run/run_files.h"
#include "common/run/start_file.h"
#include "common/textproto/text_proto.h"
#include "worker/train/data_copy.h"
#include "worker/train/image_layout.h"
#include "worker/train/initial_weights.h"
#include "worker/train/job_checks.h"
#include "worker/train/network_shape.h"

namespace convoy::train {
namespace {

// Returns the recipe of a run that goes on, or of a new one.
absl::StatusOr<v1::Recipe> DecideRecipe(const JobRequest& request,
                                        const std::optional<formats::Checkpoint>& checkpoint) {
  if (!checkpoint) return CompleteRecipe(request.asked);
  v1::Recipe base;
  CONVOY_RETURN_IF_ERROR(
      ParseTextProto(checkpoint->model.recipe_textproto, "the checkpoint's recipe", &base));
  v1::Recipe asked = request.asked;
  if (request.network_follows_data && asked.has_model()) {
    FollowNetwork(base.model(), asked.mutable_model());
  }
  return ContinueRecipe(base, asked);
}

// The run is finished if its summary says so and it stopped early or no more epochs are asked for.
bool IsFinished(const std::string& run_dir, const formats::Checkpoint& checkpoint,
                const Recipe& recipe) {
  const auto summary = run::ReadSummary(run_dir);
  const bool ended = checkpoint.position.epoch >= recipe.epochs || StoppedEarly(recipe, checkpoint);
  return summary.ok() && ended && summary->state == run::RunState::kSucceeded;
}

absl::StatusOr<std::optional<formats::Checkpoint>> FindCheckpoint(
    const JobRequest& request, std::vector<i18n::Message>* notes) {
  if (!request.resume) return std::nullopt;
  if (request.run_dir.empty()) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "resume: needs `run_dir`, the run to go on with");
  }
  std::vector<std::string> skipped;
  auto checkpoint =
      formats::LoadLatestCheckpoint(run::PathIn(request.run_dir, run::kCheckpoints), &skipped);
  for (std::string& line : skipped) notes->push_back(i18n::AsItIs(std::move(line)));
  return checkpoint;
}

// Sets the job's recipe and, for a new run, the weights that it begins with.
absl::Status FindRecipe(JobRequest request, Job* job) {
  std::optional<formats::ModelFile> initial;
  if (!request.initial_weights.empty()) {
    CONVOY_ASSIGN_OR_RETURN(initial, ReadInitialWeights(request.initial_weights, &request.asked));
  }
  CONVOY_ASSIGN_OR_RETURN(job->recipe_proto, DecideRecipe(request, job->checkpoint));
  CONVOY_ASSIGN_OR_RETURN(job->recipe, CheckRecipe(job->recipe_proto));
  if (job->checkpoint) return absl::OkStatus();
  if (initial) {
    CONVOY_ASSIGN_OR_RETURN(job->initial_weights, WeightsFor(job->recipe.model, *initial));
  } else if (job->recipe_proto.has_initial_weights_sha256()) {
    return InvalidArgumentTextError(
        "recipe: begins with given weights; add `initial_weights` and the file whose "
        "weights_sha256 is $0",
        job->recipe_proto.initial_weights_sha256());
  }
  return absl::OkStatus();
}

// The path that is read; "generated" where none is.
std::string ChosenData(const JobRequest& request) {
  const std::string directory = data::FindDataDirectory(request.data).directory;
  return directory.empty() ? data::kGeneratedFlag : directory;
}

// The data of a run that goes on, if its directory has a copy; nothing if it has none that is
// whole.
std::optional<data::DataSource> FindCopy(const JobRequest& request, Job* job) {
  if (!job->checkpoint) return std::nullopt;
  const std::string path = run::PathIn(request.run_dir, run::kDataCopyFile);
  absl::StatusOr<data::DataSource> copy = ReadDataCopy(path, job->checkpoint->model.data_sha256);
  if (absl::IsNotFound(copy.status())) return std::nullopt;
  if (!copy.ok()) {
    job->notes.push_back(i18n::AsItIs(std::string(copy.status().message())));
    return std::nullopt;
  }
  copy->where = absl::StrCat(path, ", a copy of ", copy->where);
  job->notes.push_back(i18n::AsItIs(absl::StrCat("the data are those of ", copy->where)));
  return *std::move(copy);
}

// What an earlier start of the same supervisor has read; nothing else is cached, as the data may
// have been changed on purpose between two runs.
std::optional<data::DataSource> FindCached(const JobRequest& request, const Job& job) {
  if (!job.checkpoint || run::OwnStartName().empty()) return std::nullopt;
  absl::StatusOr<data::DataSource> cached =
      ReadDataCopy(run::PathIn(request.run_dir, run::kDataCacheFile),
                   job.checkpoint->model.data_sha256, ChosenData(request));
  if (!cached.ok()) return std::nullopt;
  return *std::move(cached);
}

// Returns the data; `job` has the checkpoint and the recipe.
absl::StatusOr<data::DataSource> FindData(const JobRequest& request, Job* job) {
  if (std::optional<data::DataSource> copy = FindCopy(request, job)) return *std::move(copy);
  if (std::optional<data::DataSource> cached = FindCached(request, *job)) return *std::move(cached);
  CONVOY_ASSIGN_OR_RETURN(data::LoadOptions options, api::ImageOptionsOf(job->recipe_proto));
  options.progress = request.progress;
  Stopwatch watch;
  CONVOY_ASSIGN_OR_RETURN(data::DataSource source, data::LoadData(request.data, options));
  job->read_seconds = watch.Lap();
  job->notes.insert(job->notes.end(), source.notes.begin(), source.notes.end());
  return source;
}

// Rank 0's part: the job, but for the images, which are in `source`.
absl::StatusOr<Job> FindJob(const JobRequest& request, data::DataSource* source) {
  Job job;
  CONVOY_ASSIGN_OR_RETURN(job.checkpoint, FindCheckpoint(request, &job.notes));
  CONVOY_RETURN_IF_ERROR(FindRecipe(request, &job));
  CONVOY_RETURN_IF_ERROR(CheckNetworkFitsMemory(job.recipe));
  CONVOY_RETURN_IF_ERROR(CheckCheckpointsCanBeRead(job.recipe));
  if (job.checkpoint && IsFinished(request.run_dir, *job.checkpoint, job.recipe)) {
    job.finished_before = true;
    return job;
  }
  CONVOY_ASSIGN_OR_RETURN(*source, FindData(request, &job));
  if (job.checkpoint) {
    CONVOY_RETURN_IF_ERROR(CheckCheckpointFits(*job.checkpoint, source->sha256, source->where));
  }
  if (request.network_follows_data && !job.checkpoint) {
    FollowData(*source, job.recipe_proto.mutable_model());
    CONVOY_ASSIGN_OR_RETURN(job.recipe, CheckRecipe(job.recipe_proto));
  }
  CONVOY_RETURN_IF_ERROR(CheckNetworkFitsData(job.recipe, *source));
  CONVOY_ASSIGN_OR_RETURN(
      const data::Split split,
      data::SplitTrainingImages(source->train.count, job.recipe.validation_split,
                                job.recipe.train_limit, source->validation_images));
  CONVOY_RETURN_IF_ERROR(CheckMonitorsHaveImages(job.recipe, split.validation.size()));
  if (job.checkpoint) {
    CONVOY_RETURN_IF_ERROR(CheckArraysFit(*job.checkpoint, job.recipe, split.train.size()));
    if (i18n::Message note = NoteOnBlas(*job.checkpoint); !note.empty()) {
      job.notes.push_back(std::move(note));
    }
  }
  return job;
}

// The small things that every rank needs.
worker::v1::JobBroadcast Describe(const JobRequest& request, const Job& job,
                                  const data::DataSource& source) {
  worker::v1::JobBroadcast message;
  *message.mutable_recipe() = job.recipe_proto;
  message.set_finished_before(job.finished_before);
  message.set_has_checkpoint(job.checkpoint.has_value());
  worker::v1::DataDescription& data = *message.mutable_data();
  data.set_kind(source.kind);
  data.set_where(source.where);
  data.set_sha256(source.sha256);
  data.set_train_images(source.train.count);
  data.set_test_images(source.test.count);
  data.set_height(source.train.height);
  data.set_width(source.train.width);
  data.set_channels(source.train.channels);
  data.set_classes(source.train.num_classes);
  for (const std::string& name : source.class_names) data.add_class_names(name);
  data.set_validation_images(source.validation_images);
  data.set_chosen(ChosenData(request));
  return message;
}

// COLLECTIVE. Returns rank 0's message on every rank.
absl::StatusOr<worker::v1::JobBroadcast> Broadcast(comm::Communicator& communicator,
                                                   const worker::v1::JobBroadcast& message) {
  CONVOY_ASSIGN_OR_RETURN(
      const std::string bytes,
      comm::BroadcastString(communicator,
                            communicator.rank() == 0 ? message.SerializeAsString() : "", 0));
  worker::v1::JobBroadcast received;
  CONVOY_CHECK(received.ParseFromString(bytes));
  return received;
}

std::span<const uint8_t> BytesOf(const std::vector<Label>& labels) {
  return {reinterpret_cast<const uint8_t*>(labels.data()), labels.size() * sizeof(Label)};
}

// COLLECTIVE. Makes one copy a host of rank 0's images, whose own memory is given back.
absl::StatusOr<std::unique_ptr<comm::SharedBytes>> ShareImages(comm::Communicator& communicator,
                                                               const ImageLayout& layout,
                                                               data::DataSource source) {
  const std::vector<uint8_t> gap(static_cast<size_t>(layout.train_labels - layout.pixels_end));
  return communicator.ShareFromRoot({source.train.pixels, source.test.pixels, gap,
                                     BytesOf(source.train.labels), BytesOf(source.test.labels)},
                                    layout.size);
}

// Measured, so that pictures for the model are prepared as its training images were.
formats::ImageForm FormOf(const data::DatasetView& images) {
  const bool digits = images.channels == 1 && images::AreCentredDigits(images.pixels, images.count,
                                                                       images.height, images.width);
  return digits ? formats::ImageForm::kCentredDigits : formats::ImageForm::kWholePictures;
}

const Label* LabelsAt(const uint8_t* bytes) { return reinterpret_cast<const Label*>(bytes); }

absl::Status SetViews(const worker::v1::DataDescription& data, Job* job) {
  const ImageLayout layout(data);
  const uint8_t* base = job->images->data();
  const data::DatasetView train{.pixels = base + layout.train_pixels,
                                .labels = LabelsAt(base + layout.train_labels),
                                .count = data.train_images(),
                                .height = data.height(),
                                .width = data.width(),
                                .channels = data.channels(),
                                .num_classes = data.classes()};
  CONVOY_ASSIGN_OR_RETURN(
      const data::Split split,
      data::SplitTrainingImages(train.count, job->recipe.validation_split, job->recipe.train_limit,
                                data.validation_images()));
  job->train = train.Slice(split.train);
  job->validation = train.Slice(split.validation);
  job->test = train;
  job->test.pixels = base + layout.test_pixels;
  job->test.labels = LabelsAt(base + layout.test_labels);
  job->test.count = data.test_images();
  job->image_form = FormOf(job->train);
  return absl::OkStatus();
}

absl::Status ShareInitialWeights(comm::Communicator& communicator, Job* job) {
  const std::vector<float>& weights = job->initial_weights;  // empty on the other ranks
  CONVOY_ASSIGN_OR_RETURN(
      const std::string bytes,
      comm::BroadcastString(
          communicator,
          {reinterpret_cast<const char*>(weights.data()), weights.size() * sizeof(float)}, 0));
  job->initial_weights.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(job->initial_weights.data(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status ShareCheckpoint(comm::Communicator& communicator, Job* job) {
  std::string bytes;
  absl::Status encoded;
  if (communicator.rank() == 0) encoded = formats::EncodeCheckpoint(*job->checkpoint, &bytes);
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, encoded));
  CONVOY_ASSIGN_OR_RETURN(bytes, comm::BroadcastString(communicator, bytes, 0));
  CONVOY_ASSIGN_OR_RETURN(job->checkpoint,
                          formats::DecodeCheckpoint(std::move(bytes), "rank 0's checkpoint"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Job> PrepareJob(comm::Communicator& communicator, const JobRequest& request) {
  data::DataSource source;
  absl::StatusOr<Job> found = Job();
  if (communicator.rank() == 0) found = FindJob(request, &source);
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, found.status()));
  Job job = *std::move(found);
  worker::v1::JobBroadcast mine;
  if (communicator.rank() == 0) mine = Describe(request, job, source);
  CONVOY_ASSIGN_OR_RETURN(const worker::v1::JobBroadcast message, Broadcast(communicator, mine));
  job.recipe_proto = message.recipe();
  CONVOY_ASSIGN_OR_RETURN(job.recipe, CheckRecipe(job.recipe_proto));
  job.finished_before = message.finished_before();
  if (job.finished_before) return job;
  job.data = message.data();
  const worker::v1::DataDescription& data = job.data;
  job.data_kind = data.kind();
  job.data_where = data.where();
  job.data_sha256 = data.sha256();
  job.class_names.assign(data.class_names().begin(), data.class_names().end());
  CONVOY_ASSIGN_OR_RETURN(job.images,
                          ShareImages(communicator, ImageLayout(data), std::move(source)));
  CONVOY_RETURN_IF_ERROR(SetViews(data, &job));
  CONVOY_RETURN_IF_ERROR(ShareInitialWeights(communicator, &job));
  if (message.has_checkpoint()) CONVOY_RETURN_IF_ERROR(ShareCheckpoint(communicator, &job));
  return job;
}

bool FindsData(const JobRequest& request, const Job& job) {
  const absl::StatusOr<data::LoadOptions> options = api::ImageOptionsOf(job.recipe_proto);
  if (!options.ok()) return false;
  const absl::StatusOr<data::DataSource> found = data::LoadData(request.data, *options);
  return found.ok() && found->sha256 == job.data_sha256;
}

}  // namespace convoy::train
