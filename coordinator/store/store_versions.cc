// The part of the store that keeps earlier versions of models: a job's model that another epoch's
// replaces becomes a version, and KeptVersions decides which of these stay. The last version is
// the job's model itself, so it is not kept twice.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "coordinator/store/kept_versions.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {
namespace {

// The completed epochs of a model; 0 where it does not say.
int64_t EpochOf(const v1::TrainedModel& model) {
  int64_t epoch = 0;
  return absl::SimpleAtoi(model.version(), &epoch) ? epoch : 0;
}

// A version as it is shown: what was the job's model had the job's name then.
void Name(const std::string& job, int64_t epoch, v1::TrainedModel* model) {
  model->set_name(absl::StrCat(api::ModelName(job), "/versions/", epoch));
}

}  // namespace

absl::Status Store::KeepModel(const std::string& job, const v1::TrainedModel& model,
                              const std::string& file) {
  CONVOY_ASSIGN_OR_RETURN(std::vector<std::string> before, ModelFiles(job));
  std::vector<std::string> of_others;
  const int64_t epoch = EpochOf(model);
  {
    Transaction transaction(database_);
    CONVOY_RETURN_IF_ERROR(transaction.Begin());
    if (model.version() == "0") {
      CONVOY_RETURN_IF_ERROR(WriteVersion(job, model, file));
    } else {
      CONVOY_RETURN_IF_ERROR(KeepOldModel(job, epoch));
      CONVOY_RETURN_IF_ERROR(WriteModel(job, model, file));
    }
    CONVOY_RETURN_IF_ERROR(ThinVersions(job, epoch));
    CONVOY_RETURN_IF_ERROR(MakeRoom(job, &of_others));
    CONVOY_RETURN_IF_ERROR(transaction.Commit());
  }
  RemoveFiles(job, before);
  for (const std::string& other : of_others) ::unlink(ModelPath(other).c_str());
  return absl::OkStatus();
}

absl::Status Store::KeepOldModel(const std::string& job, int64_t epoch) {
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          database_.Prepare("SELECT model, file FROM models WHERE job=?"));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(job).Step());
  v1::TrainedModel old;
  // One that is damaged is no loss: it could not be read.
  if (!found || !old.ParseFromString(row.Blob(0)) || EpochOf(old) >= epoch) {
    return absl::OkStatus();
  }
  old.set_final(false);
  return WriteVersion(job, old, row.Text(1));
}

absl::Status Store::WriteVersion(const std::string& job, const v1::TrainedModel& model,
                                 const std::string& file) {
  CONVOY_ASSIGN_OR_RETURN(
      Statement write,
      database_.Prepare(
          "INSERT OR REPLACE INTO versions(job, epoch, bytes, file, model) VALUES(?,?,?,?,?)"));
  return write.BindText(job)
      .Bind(EpochOf(model))
      .Bind(model.size_bytes())
      .BindText(file)
      .BindBlob(model.SerializeAsString())
      .Run();
}

absl::Status Store::ThinVersions(const std::string& job, int64_t last) {
  std::vector<EarlierVersion> all;
  std::vector<EarlierVersion> earlier;
  CONVOY_ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare("SELECT epoch, bytes FROM versions WHERE job=? ORDER BY epoch"));
  for (row.BindText(job);;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) break;
    all.push_back({.epoch = row.Int(0), .bytes = row.Int(1)});
    if (last == 0 || all.back().epoch < last) earlier.push_back(all.back());
  }
  const std::vector<EarlierVersion> kept = KeptVersions(earlier, last, versions_bytes_);
  for (const EarlierVersion& version : all) {
    if (std::find(kept.begin(), kept.end(), version) != kept.end()) continue;
    CONVOY_ASSIGN_OR_RETURN(Statement remove,
                            database_.Prepare("DELETE FROM versions WHERE job=? AND epoch=?"));
    CONVOY_RETURN_IF_ERROR(remove.BindText(job).Bind(version.epoch).Run());
  }
  return absl::OkStatus();
}

absl::Status Store::MakeRoom(const std::string& job, std::vector<std::string>* removed) {
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const int64_t bytes,
                            database_.QueryInt("SELECT TOTAL(bytes) FROM versions"));
    if (bytes <= versions_bytes_) return absl::OkStatus();
    CONVOY_ASSIGN_OR_RETURN(
        Statement oldest,
        database_.Prepare("SELECT jobs.id FROM versions JOIN jobs ON jobs.id=versions.job"
                          " WHERE jobs.id<>? ORDER BY jobs.created, jobs.id LIMIT 1"));
    CONVOY_ASSIGN_OR_RETURN(const bool found, oldest.BindText(job).Step());
    if (!found) return absl::OkStatus();
    CONVOY_ASSIGN_OR_RETURN(
        Statement files,
        database_.Prepare("DELETE FROM versions WHERE job=?1 RETURNING"
                          " CASE WHEN file IN (SELECT file FROM models WHERE job=?1) THEN ''"
                          " ELSE file END"));
    for (files.BindText(oldest.Text(0));;) {
      CONVOY_ASSIGN_OR_RETURN(const bool another, files.Step());
      if (!another) break;
      if (!files.Text(0).empty()) removed->push_back(files.Text(0));
    }
  }
}

absl::StatusOr<std::vector<std::string>> Store::ModelFiles(const std::string& job) {
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          database_.Prepare("SELECT file FROM models WHERE job=?1 UNION"
                                            " SELECT file FROM versions WHERE job=?1"));
  std::vector<std::string> files;
  for (row.BindText(job);;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return files;
    files.push_back(row.Text(0));
  }
}

// What cannot be removed now the next start removes.
void Store::RemoveFiles(const std::string& job, const std::vector<std::string>& files) {
  const absl::StatusOr<std::vector<std::string>> named = ModelFiles(job);
  if (!named.ok()) return;
  for (const std::string& file : files) {
    if (std::find(named->begin(), named->end(), file) == named->end()) {
      ::unlink(ModelPath(file).c_str());
    }
  }
}

absl::StatusOr<std::optional<std::pair<v1::TrainedModel, std::string>>> Store::FindEarlier(
    const std::string& job, int64_t epoch) {
  CONVOY_ASSIGN_OR_RETURN(
      Statement row, reader_.Prepare("SELECT model, file FROM versions WHERE job=? AND epoch=?"));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(job).Bind(epoch).Step());
  if (!found) return std::optional<std::pair<v1::TrainedModel, std::string>>();
  v1::TrainedModel model;
  if (!model.ParseFromString(row.Blob(0))) {
    NoteDamage(job);
    return absl::DataLossError(
        absl::StrCat("the store: its entry of version ", epoch, " of model ", job, " is damaged"));
  }
  Name(job, epoch, &model);
  return std::make_pair(std::move(model), row.Text(1));
}

absl::StatusOr<std::vector<v1::TrainedModel>> Store::ListVersions(const std::string& id) {
  std::vector<v1::TrainedModel> versions;
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(
      Statement row,
      reader_.Prepare("SELECT epoch, model FROM versions WHERE job=? ORDER BY epoch"));
  for (row.BindText(id);;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) break;
    if (versions.emplace_back().ParseFromString(row.Blob(1))) {
      Name(id, row.Int(0), &versions.back());
    } else {
      versions.pop_back();
      NoteDamage(id);
    }
  }
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> last = FindLast(id);
  if (last.ok()) {
    Name(id, EpochOf(last->first), &last->first);
    versions.push_back(std::move(last->first));
  } else if (versions.empty()) {
    return last.status();
  }
  return versions;
}

}  // namespace convoy::coordinator
