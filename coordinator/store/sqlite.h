// SQLite in our error style: a database, its statements, a transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace convoy::coordinator {

// One prepared statement. Parameters are bound in the order of their question marks. Thread-
// compatible, as the database is. Returns DATA_LOSS where the file is damaged and UNAVAILABLE for
// other failures of reading or writing, a full disk among them: these may pass.
class Statement {
 public:
  // `statement` is taken over.
  Statement(sqlite3* database, sqlite3_stmt* statement);

  Statement& Bind(int64_t value);
  Statement& BindText(std::string_view value);
  Statement& BindBlob(std::string_view value);

  // Returns whether there is another row, which the methods below read.
  absl::StatusOr<bool> Step();

  // Runs a statement that returns no rows.
  absl::Status Run();

  int64_t Int(int column) const;
  std::string Text(int column) const;
  std::string Blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

// An open database file. Thread-compatible. Errors as those of Statement.
class Database {
 public:
  // Opens or creates `path`. What a transaction has committed is on the disk (synchronous=FULL).
  // With a write-ahead log, so that readers and a writer do not wait for each other; on a network
  // file system, where that is not safe, with a rollback journal. Waits for `patience` where
  // another connection has what it needs.
  static absl::StatusOr<Database> Open(const std::string& path,
                                       absl::Duration patience = absl::Seconds(2));

  // Opens `path` to look at it: nothing is written, not even what a crash left unfinished.
  static absl::StatusOr<Database> OpenUnchanged(const std::string& path);

  // Runs one or several statements without parameters or results.
  absl::Status Execute(const std::string& sql);

  // Returns the statement `sql`. REQUIRES: it is well-formed and its tables exist.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Returns the first column of the first row of `sql`.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  // Looks through the whole file. Returns DATA_LOSS where it is damaged.
  absl::Status Check();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}

  static absl::StatusOr<Database> OpenFile(const std::string& path, int flags);

  std::unique_ptr<sqlite3, Close> database_;
};

// Rolls back at the end of its life unless Commit succeeded. `database` must outlive it.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  absl::Status Begin();
  absl::Status Commit();

 private:
  Database& database_;
  bool open_ = false;
};

}  // namespace convoy::coordinator
