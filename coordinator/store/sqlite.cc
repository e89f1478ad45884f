// SQLite's C interface behind statuses: codes become ours, with what the system says where it was
// the system's. Which journal is safe depends on the file system: a write-ahead log needs memory
// that all who have the file share.
#include "coordinator/store/sqlite.h"

#include <sqlite3.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/check.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/system/file_system.h"

namespace convoy::coordinator {
namespace {

absl::Status SqliteStatus(sqlite3* database, int code) {
  std::string message = absl::StrCat("the store: ", sqlite3_errmsg(database));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::UnavailableError(absl::StrCat(message, "; make room on its disk"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrCat(message, "; restore it from a copy, or start with an empty one"));
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (const int error = sqlite3_system_errno(database); error != 0) {
        absl::StrAppend(&message, " (", std::strerror(error), ")");
      }
      return absl::UnavailableError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

Statement::Statement(sqlite3* database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int64_t value) {
  CONVOY_CHECK_EQ(sqlite3_bind_int64(statement_.get(), ++bound_, value), SQLITE_OK);
  return *this;
}

Statement& Statement::BindText(std::string_view value) {
  CONVOY_CHECK_EQ(sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                                      SQLITE_TRANSIENT, SQLITE_UTF8),
                  SQLITE_OK);
  return *this;
}

Statement& Statement::BindBlob(std::string_view value) {
  // Without a pointer it would be NULL instead of empty.
  const char* data = value.empty() ? "" : value.data();
  CONVOY_CHECK_EQ(
      sqlite3_bind_blob64(statement_.get(), ++bound_, data, value.size(), SQLITE_TRANSIENT),
      SQLITE_OK);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteStatus(database_, code);
}

absl::Status Statement::Run() { return Step().status(); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::Text(int column) const { return Blob(column); }

std::string Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return std::string(static_cast<const char*>(data), static_cast<size_t>(size));
}

absl::StatusOr<Database> Database::OpenFile(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return SqliteStatus(raw, code);
  return database;
}

absl::StatusOr<Database> Database::Open(const std::string& path, absl::Duration patience) {
  CONVOY_ASSIGN_OR_RETURN(Database database,
                          OpenFile(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_busy_timeout(database.database_.get(),
                       static_cast<int>(absl::ToInt64Milliseconds(patience)));
  // auto_vacuum must come before the first table: DeleteJob can then give pages back.
  CONVOY_RETURN_IF_ERROR(database.Execute(
      "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  const std::string journal = IsNetworkFileSystem(path) ? "delete" : "wal";
  CONVOY_ASSIGN_OR_RETURN(const std::string mode,
                          database.QueryText(absl::StrCat("PRAGMA journal_mode=", journal)));
  if (mode == journal) return database;
  return absl::UnavailableError(
      absl::StrCat("the store: its file system does not take a journal of the kind '", journal,
                   "'; choose a directory on another one"));
}

absl::StatusOr<Database> Database::OpenUnchanged(const std::string& path) {
  const std::string uri =
      absl::StrCat("file:", absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}),
                   "?immutable=1");
  return OpenFile(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(database_.get(), code);
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(database_.get(), code);
  return Statement(database_.get(), statement);
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  CONVOY_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  CONVOY_ASSIGN_OR_RETURN(const bool found, statement.Step());
  return found ? statement.Int(0) : 0;
}

absl::StatusOr<std::string> Database::QueryText(std::string_view sql) {
  CONVOY_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  CONVOY_ASSIGN_OR_RETURN(const bool found, statement.Step());
  return found ? statement.Text(0) : "";
}

absl::Status Database::Check() {
  CONVOY_ASSIGN_OR_RETURN(const std::string found, QueryText("PRAGMA quick_check(1)"));
  if (found == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the store: its database is damaged (", OneLine(found),
                                          "); restore it from a copy, save what can be read with "
                                          "sqlite3's .recover, or start with an empty one"));
}

Transaction::~Transaction() {
  // What cannot be rolled back was never committed: SQLite drops it when the file is next opened.
  if (open_) (void)database_.Execute("ROLLBACK");
}

absl::Status Transaction::Begin() {
  CONVOY_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
  open_ = true;
  return absl::OkStatus();
}

absl::Status Transaction::Commit() {
  CONVOY_RETURN_IF_ERROR(database_.Execute("COMMIT"));
  open_ = false;
  return absl::OkStatus();
}

}  // namespace convoy::coordinator
