// The part of the store that keeps models.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "coordinator/store/pages.h"
#include "coordinator/store/store.h"
#include "coordinator/store/store_directory.h"

namespace convoy::coordinator {
namespace {

absl::Status WriteModelFile(const std::string& path, const std::string& bytes) {
  const absl::Status written = Annotate(WriteFileAtomically(path, bytes), "the store");
  if (written.code() != absl::StatusCode::kResourceExhausted) return written;
  return absl::UnavailableError(absl::StrCat(written.message(), "; make room on its disk"));
}

absl::Status MissingFile(const std::string& id) {
  return absl::DataLossError(absl::StrCat("the file of model ", id,
                                          " is missing or damaged in the store; the trainer's "
                                          "run directory has it too (model.convoy)"));
}

absl::Status NoSuchVersion(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("there is no ", api::ModelName(id),
                                          ", or it is not kept any more; ListModelVersions has "
                                          "those that are"));
}

}  // namespace

std::string Store::ModelPath(const std::string& file) const {
  return absl::StrCat(directory_, "/models/", file);
}

// The file comes first, under a name of its own content, so that whatever the database says is
// there. One that the database does not name yet, or no more, is a stray.
absl::StatusOr<bool> Store::PutModel(const std::string& job, const v1::TrainedModel& model,
                                     const std::string& bytes,
                                     absl::FunctionRef<bool()> is_wanted) {
  const std::string file = absl::StrCat(job, "-", model.sha256(), ".convoy");
  const absl::MutexLock writing(&files_);
  CONVOY_RETURN_IF_ERROR(WriteModelFile(ModelPath(file), bytes));
  const absl::MutexLock lock(&mutex_);
  absl::StatusOr<bool> replaced = is_wanted();
  if (*replaced) {
    if (const absl::Status kept = KeepModel(job, model, file); !kept.ok()) replaced = kept;
  }
  RemoveFiles(job, {file});
  return replaced;
}

absl::Status Store::WriteModel(const std::string& job, const v1::TrainedModel& model,
                               const std::string& file) {
  CONVOY_ASSIGN_OR_RETURN(
      Statement write,
      database_.Prepare(
          "INSERT OR REPLACE INTO models(job, updated, file, model) VALUES(?,?,?,?)"));
  return write.BindText(job)
      .Bind(absl::ToUnixMicros(FromProto(model.update_time())))
      .BindText(file)
      .BindBlob(model.SerializeAsString())
      .Run();
}

absl::StatusOr<std::pair<v1::TrainedModel, std::string>> Store::FindModel(const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(const api::ModelId asked, api::ParseModelId(id));
  if (!asked.version) return FindLast(asked.job);
  CONVOY_ASSIGN_OR_RETURN(auto earlier, FindEarlier(asked.job, *asked.version));
  if (earlier) return *std::move(earlier);
  CONVOY_ASSIGN_OR_RETURN(auto last, FindLast(asked.job));
  if (last.first.version() != absl::StrCat(*asked.version)) return NoSuchVersion(id);
  last.first.set_name(api::ModelName(id));
  return last;
}

absl::StatusOr<std::pair<v1::TrainedModel, std::string>> Store::FindLast(const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          reader_.Prepare("SELECT model, file FROM models WHERE job=?"));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(id).Step());
  if (!found) {
    return absl::NotFoundError(absl::StrCat("there is no model ", api::ModelName(id),
                                            "; ListModels (convoy models) has all names"));
  }
  std::pair<v1::TrainedModel, std::string> model;
  if (!model.first.ParseFromString(row.Blob(0))) {
    NoteDamage(id);
    return absl::DataLossError(absl::StrCat("the store: its entry of model ", id, " is damaged"));
  }
  model.second = row.Text(1);
  return model;
}

absl::StatusOr<v1::TrainedModel> Store::GetModel(const std::string& id) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(auto model, FindModel(id));
  CONVOY_RETURN_IF_ERROR(AddLabels(&model.first));
  return std::move(model.first);
}

// A job that is damaged does not hide its model.
absl::Status Store::AddLabels(v1::TrainedModel* model) {
  const std::string id = api::ShortName(model->job());
  CONVOY_ASSIGN_OR_RETURN(Statement row, reader_.Prepare("SELECT summary FROM jobs WHERE id=?"));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(id).Step());
  v1::Job job;
  if (found && job.ParseFromString(row.Blob(0)) && job.has_labels()) {
    *model->mutable_labels() = job.labels();
  }
  return absl::OkStatus();
}

absl::StatusOr<Page<v1::TrainedModel>> Store::ListModels(int page_size,
                                                         const std::string& page_token) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(
      Page<v1::TrainedModel> page,
      ReadPage<v1::TrainedModel>(reader_,
                                 {.select = "SELECT job, updated, model FROM models WHERE true",
                                  .order = {"updated", "job"},
                                  .page_size = page_size,
                                  .page_token = page_token},
                                 [this](const std::string& id) { NoteDamage(id); }));
  for (v1::TrainedModel& model : page.entries) CONVOY_RETURN_IF_ERROR(AddLabels(&model));
  return page;
}

absl::StatusOr<std::pair<v1::TrainedModel, std::string>> Store::ReadModel(const std::string& id) {
  // The file is read without the lock; a newer model may then have replaced it.
  for (std::string tried;;) {
    std::pair<v1::TrainedModel, std::string> model;
    {
      const absl::MutexLock lock(&reading_);
      CONVOY_ASSIGN_OR_RETURN(model, FindModel(id));
    }
    absl::StatusOr<std::string> bytes =
        ReadFile(ModelPath(model.second), static_cast<uint64_t>(model.first.size_bytes()));
    if (!bytes.ok() && tried != model.second) {
      tried = model.second;
      continue;
    }
    if (!bytes.ok() || Sha256Hex(*bytes) != model.first.sha256()) {
      return MissingFile(id);
    }
    return std::make_pair(std::move(model.first), *std::move(bytes));
  }
}

absl::StatusOr<OpenModel> Store::OpenFile(const std::string& id) {
  // A newer model may replace the file before it is open; it is then under another name.
  for (std::string tried;;) {
    std::pair<v1::TrainedModel, std::string> found;
    {
      const absl::MutexLock lock(&reading_);
      CONVOY_ASSIGN_OR_RETURN(found, FindModel(id));
    }
    auto file = std::make_unique<std::ifstream>(ModelPath(found.second), std::ios::binary);
    if (file->is_open()) return OpenModel{std::move(found.first), std::move(file)};
    if (tried == found.second) return MissingFile(id);
    tried = found.second;
  }
}

absl::Status Store::RemoveStrayFiles() {
  std::set<std::string> known;
  CONVOY_ASSIGN_OR_RETURN(
      Statement row, database_.Prepare("SELECT file FROM models UNION SELECT file FROM versions"));
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) break;
    known.insert(row.Text(0));
  }
  std::vector<std::filesystem::path> strays;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory_ + "/models", error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (IsModelFileName(name) && known.count(name) == 0) strays.push_back(entry->path());
  }
  for (const std::filesystem::path& stray : strays) std::filesystem::remove(stray, error);
  return absl::OkStatus();
}

}  // namespace convoy::coordinator
