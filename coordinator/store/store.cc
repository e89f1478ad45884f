// Jobs in SQLite: messages as protobuf blobs, with columns only for what is searched and sorted by.
// The schema is brought up to date step by step (migrations, numbered by PRAGMA user_version). One
// connection writes, in transactions that are on the disk when they return (write-ahead log,
// synchronous=FULL); another reads, which waits for no writer. store_directory.cc keeps a second
// coordinator out; store_metrics.cc, store_models.cc and store_versions.cc have
// the other tables.
#include "coordinator/store/store.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "coordinator/store/pages.h"
#include "coordinator/store/store_directory.h"

namespace convoy::coordinator {
namespace {

// Each makes the schema of one version from that of the version before. Never change one that was
// released: add another.
constexpr const char* kMigrations[] = {
    // 1. Messages are stored as protobuf; columns of their own are what is searched for. `summary`
    // is a v1.Job without recipe and ranks, `details` one with only these.
    "CREATE TABLE jobs(id TEXT PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, summary BLOB NOT NULL,"
    " details BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX jobs_by_creation ON jobs(created, id);"
    "CREATE INDEX jobs_by_state ON jobs(state, created, id);"
    "CREATE TABLE samples(job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,"
    " step INTEGER NOT NULL, scope INTEGER NOT NULL, epoch INTEGER NOT NULL, sample BLOB NOT NULL,"
    " PRIMARY KEY(job, step, scope)) WITHOUT ROWID;"
    "CREATE TABLE events(job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,"
    " number INTEGER NOT NULL, event BLOB NOT NULL, PRIMARY KEY(job, number)) WITHOUT ROWID;"
    "CREATE TABLE models(job TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,"
    " updated INTEGER NOT NULL, file TEXT NOT NULL, model BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX models_by_update ON models(updated, job);",
    // 2. The database says whose it is (kApplicationId), and a run may have a key.
    "ALTER TABLE jobs ADD COLUMN run_key TEXT NOT NULL DEFAULT '';"
    "PRAGMA application_id=1131312761;",
    // 3. Versions of a model before its last; `bytes` are those of the file.
    "CREATE TABLE versions(job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,"
    " epoch INTEGER NOT NULL, bytes INTEGER NOT NULL, file TEXT NOT NULL, model BLOB NOT NULL,"
    " PRIMARY KEY(job, epoch)) WITHOUT ROWID;",
};
constexpr int64_t kSchemaVersion = std::size(kMigrations);

// Every list of jobs reads its columns in this order.
constexpr char kJobColumns[] = "id, run_id, process_id, summary, details, run_key";

absl::Status Damaged(const std::string& id) {
  return absl::DataLossError(
      absl::StrCat("the store: what it has of ", api::JobName(id),
                   " is damaged; delete the job, or resume it: its trainer tells all anew"));
}

absl::StatusOr<JobRecord> ReadRecord(const Statement& row) {
  JobRecord record{.id = row.Text(0),
                   .run_id = row.Text(1),
                   .process_id = row.Text(2),
                   .run_key = row.Text(5),
                   .job = {}};
  if (!record.job.ParseFromString(row.Blob(3)) || !record.job.MergeFromString(row.Blob(4))) {
    return Damaged(record.id);
  }
  record.recipe = std::make_shared<v1::Recipe>(std::move(*record.job.mutable_recipe()));
  record.job.clear_recipe();
  return record;
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  google::protobuf::Timestamp proto;
  proto.set_seconds(micros / 1'000'000);
  proto.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return proto;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& directory,
                                                   absl::Duration patience,
                                                   int64_t versions_bytes) {
  CONVOY_ASSIGN_OR_RETURN(FileLock lock, TakeStoreDirectory(directory));
  const std::string path = absl::StrCat(directory, "/", kDatabaseFile);
  absl::StatusOr<Database> database = Database::Open(path, patience);
  absl::StatusOr<Database> reader = Database::Open(path, patience);
  if (!database.ok() || !reader.ok()) {
    return Annotate(database.ok() ? reader.status() : database.status(),
                    absl::StrCat("`store` ", directory));
  }
  std::unique_ptr<Store> store(new Store(directory, versions_bytes, std::move(lock),
                                         *std::move(database), *std::move(reader)));
  CONVOY_RETURN_IF_ERROR(Annotate(store->Prepare(), absl::StrCat("`store` ", directory)));
  return store;
}

absl::Status Store::Prepare() {
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_RETURN_IF_ERROR(database_.Check());
    CONVOY_RETURN_IF_ERROR(Migrate());
    CONVOY_RETURN_IF_ERROR(RemoveStrayFiles());
  }
  return FindDamage();
}

Store::Store(std::string directory, int64_t versions_bytes, FileLock lock, Database database,
             Database reader)
    : directory_(std::move(directory)),
      versions_bytes_(versions_bytes),
      lock_(std::move(lock)),
      database_(std::move(database)),
      reader_(std::move(reader)) {}

Store::~Store() = default;

absl::Status Store::Migrate() {
  CONVOY_ASSIGN_OR_RETURN(const int64_t version, database_.QueryInt("PRAGMA user_version"));
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("a newer coordinator wrote it (format ",
                                                      version, ", this one knows ", kSchemaVersion,
                                                      "); run that one, or name another `store`"));
  }
  for (int64_t next = version; next < kSchemaVersion; ++next) {
    Transaction transaction(database_);
    CONVOY_RETURN_IF_ERROR(transaction.Begin());
    CONVOY_RETURN_IF_ERROR(database_.Execute(kMigrations[next]));
    CONVOY_RETURN_IF_ERROR(database_.Execute(absl::StrCat("PRAGMA user_version=", next + 1)));
    CONVOY_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

absl::Status Store::FindDamage() {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          reader_.Prepare(absl::StrCat("SELECT ", kJobColumns, " FROM jobs")));
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return absl::OkStatus();
    if (!ReadRecord(row).ok()) NoteDamage(row.Text(0));
  }
}

void Store::NoteDamage(const std::string& id) {
  const absl::MutexLock lock(&damage_);
  if (damaged_.insert(id).second) damage_to_tell_.push_back(id);
}

void Store::ForgetDamage(const std::string& id) {
  const absl::MutexLock lock(&damage_);
  damaged_.erase(id);
}

std::vector<std::string> Store::TakeDamaged() {
  const absl::MutexLock lock(&damage_);
  return std::exchange(damage_to_tell_, {});
}

absl::StatusOr<JobRecord> Store::GetJob(const std::string& id) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row, reader_.Prepare(absl::StrCat("SELECT ", kJobColumns,
                                                                      " FROM jobs WHERE id=?")));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(id).Step());
  if (!found) {
    return absl::NotFoundError(absl::StrCat("there is no job ", api::JobName(id),
                                            "; ListJobs (convoy jobs) has all names"));
  }
  absl::StatusOr<JobRecord> record = ReadRecord(row);
  if (!record.ok()) NoteDamage(id);
  return record;
}

absl::StatusOr<std::optional<StoredRun>> Store::FindRun(const std::string& run_id) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          reader_.Prepare("SELECT id, run_key FROM jobs WHERE run_id=?"));
  CONVOY_ASSIGN_OR_RETURN(const bool found, row.BindText(run_id).Step());
  if (!found) return std::optional<StoredRun>();
  return StoredRun{.id = row.Text(0), .run_key = row.Text(1)};
}

absl::StatusOr<bool> Store::HasJob(const std::string& id) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row, reader_.Prepare("SELECT 1 FROM jobs WHERE id=?"));
  return row.BindText(id).Step();
}

// "." follows "-" in the order of ids.
absl::StatusOr<int64_t> Store::FreeNumber(const std::string& stem) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(
      Statement highest,
      reader_.Prepare("SELECT MAX(CAST(substr(id, length(?1) + 2) AS INTEGER)) FROM jobs"
                      " WHERE id > ?1 || '-' AND id < ?1 || '.'"
                      " AND length(id) < length(?1) + 10"
                      " AND substr(id, length(?1) + 2) NOT GLOB '*[^0-9]*'"));
  CONVOY_RETURN_IF_ERROR(highest.BindText(stem).Step().status());
  return std::max<int64_t>(highest.Int(0), 1) + 1;
}

absl::StatusOr<std::vector<JobRecord>> Store::JobsInState(v1::Job::State state) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row, reader_.Prepare(absl::StrCat("SELECT ", kJobColumns,
                                                                      " FROM jobs WHERE state=?")));
  row.Bind(state);
  std::vector<JobRecord> records;
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return records;
    absl::StatusOr<JobRecord> record = ReadRecord(row);
    record.ok() ? records.push_back(*std::move(record)) : NoteDamage(row.Text(0));
  }
}

absl::StatusOr<Page<v1::Job>> Store::ListJobs(const std::vector<v1::Job::State>& states,
                                              int page_size, const std::string& page_token) {
  std::string select = "SELECT id, created, summary FROM jobs WHERE true";
  if (!states.empty()) absl::StrAppend(&select, " AND state IN (", absl::StrJoin(states, ","), ")");
  const absl::MutexLock lock(&reading_);
  return ReadPage<v1::Job>(reader_,
                           {.select = std::move(select),
                            .order = {"created", "id"},
                            .page_size = page_size,
                            .page_token = page_token},
                           [this](const std::string& id) { NoteDamage(id); });
}

absl::StatusOr<std::vector<std::pair<v1::Job::State, int64_t>>> Store::CountJobs() {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          reader_.Prepare("SELECT state, COUNT(*) FROM jobs GROUP BY state"));
  std::vector<std::pair<v1::Job::State, int64_t>> counts;
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return counts;
    counts.emplace_back(static_cast<v1::Job::State>(row.Int(0)), row.Int(1));
  }
}

absl::Status Store::Update(const JobUpdate& update) {
  const absl::MutexLock lock(&mutex_);
  const std::string& job = update.record->id;
  Transaction transaction(database_);
  CONVOY_RETURN_IF_ERROR(transaction.Begin());
  CONVOY_RETURN_IF_ERROR(WriteJob(*update.record));
  if (update.forget_after_step) {
    CONVOY_ASSIGN_OR_RETURN(Statement forget,
                            database_.Prepare("DELETE FROM samples WHERE job=? AND step>?"));
    CONVOY_RETURN_IF_ERROR(forget.BindText(job).Bind(*update.forget_after_step).Run());
  }
  CONVOY_RETURN_IF_ERROR(WriteSamples(job, update.samples));
  CONVOY_RETURN_IF_ERROR(WriteEvents(job, update.events));
  CONVOY_RETURN_IF_ERROR(transaction.Commit());
  ForgetDamage(job);
  return absl::OkStatus();
}

absl::Status Store::WriteJob(const JobRecord& record) {
  v1::Job summary = record.job;
  v1::Job details;
  *details.mutable_recipe() = *record.recipe;
  *details.mutable_ranks() = record.job.ranks();
  summary.clear_ranks();
  summary.clear_events();
  CONVOY_ASSIGN_OR_RETURN(
      Statement write,
      database_.Prepare(
          "INSERT INTO jobs(id, run_id, process_id, state, created, summary, details, run_key)"
          " VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET run_id=excluded.run_id,"
          " process_id=excluded.process_id, state=excluded.state, created=excluded.created,"
          " summary=excluded.summary, details=excluded.details, run_key=excluded.run_key"));
  return write.BindText(record.id)
      .BindText(record.run_id)
      .BindText(record.process_id)
      .Bind(record.job.state())
      .Bind(absl::ToUnixMicros(FromProto(record.job.create_time())))
      .BindBlob(summary.SerializeAsString())
      .BindBlob(details.SerializeAsString())
      .BindText(record.run_key)
      .Run();
}

absl::Status Store::DeleteJob(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<std::vector<std::string>> files = ModelFiles(id);
  CONVOY_ASSIGN_OR_RETURN(Statement remove, database_.Prepare("DELETE FROM jobs WHERE id=?"));
  CONVOY_RETURN_IF_ERROR(remove.BindText(id).Run());
  CONVOY_ASSIGN_OR_RETURN(const int64_t removed, database_.QueryInt("SELECT changes()"));
  if (removed == 0) return absl::NotFoundError(absl::StrCat("there is no job ", api::JobName(id)));
  // What cannot be removed now the next start removes.
  if (files.ok()) {
    for (const std::string& file : *files) ::unlink(ModelPath(file).c_str());
  }
  ForgetDamage(id);
  // The job is deleted, whether or not its space can be given back now.
  (void)database_.Execute("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  return absl::OkStatus();
}

}  // namespace convoy::coordinator
