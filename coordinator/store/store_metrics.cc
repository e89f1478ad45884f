// The part of the store that keeps metrics and events.
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/store/page_token.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

absl::Status Store::WriteSamples(const std::string& job,
                                 const std::vector<v1::MetricSample>& samples) {
  for (const v1::MetricSample& sample : samples) {
    CONVOY_ASSIGN_OR_RETURN(
        Statement write,
        database_.Prepare(
            "INSERT OR REPLACE INTO samples(job, step, scope, epoch, sample) VALUES(?,?,?,?,?)"));
    CONVOY_RETURN_IF_ERROR(write.BindText(job)
                               .Bind(sample.step())
                               .Bind(sample.scope())
                               .Bind(sample.epoch())
                               .BindBlob(sample.SerializeAsString())
                               .Run());
  }
  return samples.empty() ? absl::OkStatus() : ThinSteps(job);
}

// Keeps the multiples of the smallest power of two that leaves few enough, so that what stays is
// spaced evenly, however often it was thinned.
absl::Status Store::ThinSteps(const std::string& job) {
  CONVOY_ASSIGN_OR_RETURN(
      Statement count,
      database_.Prepare("SELECT COUNT(*), MAX(step) FROM samples WHERE job=? AND scope=?"));
  CONVOY_RETURN_IF_ERROR(count.BindText(job).Bind(v1::MetricSample::STEP).Step().status());
  if (count.Int(0) <= kMaxStepSamples) return absl::OkStatus();
  int64_t stride = 1;
  while (count.Int(1) / stride >= kMaxStepSamples) stride *= 2;
  CONVOY_ASSIGN_OR_RETURN(
      Statement thin,
      database_.Prepare("DELETE FROM samples WHERE job=? AND scope=? AND step % ? != 0"));
  return thin.BindText(job).Bind(v1::MetricSample::STEP).Bind(stride).Run();
}

absl::Status Store::WriteEvents(const std::string& job, const std::vector<v1::Event>& events) {
  for (const v1::Event& event : events) {
    CONVOY_ASSIGN_OR_RETURN(
        Statement write,
        database_.Prepare("INSERT INTO events(job, number, event) VALUES(?1, (SELECT"
                          " COALESCE(MAX(number), 0) + 1 FROM events WHERE job=?1), ?2)"));
    CONVOY_RETURN_IF_ERROR(write.BindText(job).BindBlob(event.SerializeAsString()).Run());
  }
  if (events.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(
      Statement trim,
      database_.Prepare("DELETE FROM events WHERE job=?1 AND number <= (SELECT MAX(number)"
                        " FROM events WHERE job=?1) - ?2"));
  return trim.BindText(job).Bind(kMaxEvents).Run();
}

absl::StatusOr<std::vector<v1::Event>> Store::Events(const std::string& job) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row,
                          reader_.Prepare("SELECT event FROM events WHERE job=? ORDER BY number"));
  row.BindText(job);
  std::vector<v1::Event> events;
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return events;
    if (events.emplace_back().ParseFromString(row.Blob(0))) continue;
    events.pop_back();
    NoteDamage(job);
  }
}

absl::StatusOr<Page<v1::MetricSample>> Store::ListSamples(const std::string& job,
                                                          v1::MetricSample::Scope scope,
                                                          int page_size,
                                                          const std::string& page_token) {
  std::string sql = "SELECT step, scope, sample FROM samples WHERE job=?";
  const bool one_scope = scope != v1::MetricSample::SCOPE_UNSPECIFIED;
  if (one_scope) sql += " AND scope=?";
  PageStart start;
  int last_scope = 0;
  if (!page_token.empty()) {
    CONVOY_ASSIGN_OR_RETURN(start, ParsePageToken(page_token));
    if (!absl::SimpleAtoi(start.id, &last_scope)) return ParsePageToken("").status();
    sql += " AND (step, scope) > (?, ?)";
  }
  sql += " ORDER BY step, scope LIMIT ?";
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(Statement row, reader_.Prepare(sql));
  row.BindText(job);
  if (one_scope) row.Bind(scope);
  if (!page_token.empty()) row.Bind(start.number).Bind(last_scope);
  row.Bind(page_size + 1);
  Page<v1::MetricSample> page;
  PageStart last;
  for (int rows = 0;; ++rows) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return page;
    if (rows == page_size) break;
    last = {.number = row.Int(0), .id = absl::StrCat(row.Int(1))};
    if (page.entries.emplace_back().ParseFromString(row.Blob(2))) continue;
    page.entries.pop_back();
    NoteDamage(job);
  }
  page.next_token = MakePageToken(last);
  return page;
}

absl::StatusOr<int> Store::CompletedEpochs(const std::string& job) {
  const absl::MutexLock lock(&reading_);
  CONVOY_ASSIGN_OR_RETURN(
      Statement row,
      reader_.Prepare("SELECT epoch FROM samples WHERE job=? AND scope=? ORDER BY epoch"));
  row.BindText(job).Bind(v1::MetricSample::EPOCH);
  int epochs = 0;
  for (;;) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found || row.Int(0) != epochs + 1) return epochs;
    ++epochs;
  }
}

}  // namespace convoy::coordinator
