// Pages of messages out of the database, newest first.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/store/page_token.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

// A page ends with the entry that brings it to so many bytes: gRPC's clients take 4 MiB, unless
// they are told otherwise, and an entry has far less than the rest.
inline constexpr size_t kPageBytes = size_t{3} << 20;

// Which page of a table is wanted. `select` asks for the id, the number that entries are sorted by
// and the message's bytes, and ends in its WHERE clause; `order` names number and id.
struct PageQuery {
  std::string select;
  std::pair<std::string, std::string> order;
  int page_size = 0;
  std::string page_token;
};

// Returns the page; INVALID_ARGUMENT for a token that is none. An entry whose bytes are no
// `Message` is left out, and `on_damaged` called with its id. The caller holds the database's lock.
template <typename Message, typename OnDamaged>
absl::StatusOr<Page<Message>> ReadPage(Database& database, const PageQuery& query,
                                       const OnDamaged& on_damaged) {
  const auto& [number, id] = query.order;
  PageStart start;
  std::string sql = query.select;
  if (!query.page_token.empty()) {
    CONVOY_ASSIGN_OR_RETURN(start, ParsePageToken(query.page_token));
    absl::StrAppend(&sql, " AND (", number, ", ", id, ") < (?, ?)");
  }
  absl::StrAppend(&sql, " ORDER BY ", number, " DESC, ", id, " DESC LIMIT ?");
  CONVOY_ASSIGN_OR_RETURN(Statement row, database.Prepare(sql));
  if (!query.page_token.empty()) row.Bind(start.number).BindText(start.id);
  row.Bind(query.page_size + 1);  // one more, to know whether there is another page
  Page<Message> page;
  PageStart last;
  size_t bytes = 0;
  for (int rows = 0;; ++rows) {
    CONVOY_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return page;
    if (rows == query.page_size || bytes >= kPageBytes) break;
    last = {.number = row.Int(1), .id = row.Text(0)};
    const std::string blob = row.Blob(2);
    bytes += blob.size();
    if (page.entries.emplace_back().ParseFromString(blob)) continue;
    page.entries.pop_back();
    on_damaged(last.id);
  }
  page.next_token = MakePageToken(last);
  return page;
}

}  // namespace convoy::coordinator
