#include "worker/comm/communicator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace convoy::comm {

void CopyPieces(const Pieces& pieces, SharedBytes* memory) {
  int64_t offset = 0;
  for (const std::span<const uint8_t> piece : pieces) {
    CONVOY_CHECK_LE(offset + static_cast<int64_t>(piece.size()), memory->size());
    std::copy(piece.begin(), piece.end(), memory->data() + offset);
    offset += static_cast<int64_t>(piece.size());
  }
}

absl::Status Agree(Communicator& communicator, const absl::Status& status) {
  const auto code = static_cast<int32_t>(status.raw_code());
  std::vector<int32_t> codes(static_cast<size_t>(communicator.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(&code, sizeof(code), codes.data()));
  const auto first = std::find_if(codes.begin(), codes.end(), [](int32_t c) { return c != 0; });
  if (first == codes.end()) return absl::OkStatus();
  const auto culprit = static_cast<int>(first - codes.begin());
  CONVOY_ASSIGN_OR_RETURN(const std::string message,
                          BroadcastString(communicator, std::string(status.message()), culprit));
  if (culprit == 0 && communicator.rank() == 0) return status;  // with all that it has beside words
  const std::string prefix = culprit == 0 ? "" : absl::StrCat("rank ", culprit, ": ");
  return absl::Status(static_cast<absl::StatusCode>(*first), absl::StrCat(prefix, message));
}

absl::StatusOr<std::string> BroadcastString(Communicator& communicator, const std::string& text,
                                            int root) {
  auto size = static_cast<int64_t>(text.size());
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(&size, sizeof(size), root));
  std::string result = text;
  result.resize(static_cast<size_t>(size));
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(result.data(), size, root));
  return result;
}

absl::StatusOr<std::vector<std::string>> AllGatherStrings(Communicator& communicator,
                                                          const std::string& text) {
  const auto world_size = static_cast<size_t>(communicator.world_size());
  const auto own_size = static_cast<int64_t>(text.size());
  std::vector<int64_t> sizes(world_size);
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(&own_size, sizeof(own_size), sizes.data()));
  const auto longest = static_cast<size_t>(*std::max_element(sizes.begin(), sizes.end()));
  std::string padded = text;
  padded.resize(longest);
  std::string all(world_size * longest, '\0');
  CONVOY_RETURN_IF_ERROR(
      communicator.AllGather(padded.data(), static_cast<int64_t>(longest), all.data()));
  std::vector<std::string> texts;
  for (size_t rank = 0; rank < world_size; ++rank) {
    texts.push_back(all.substr(rank * longest, static_cast<size_t>(sizes[rank])));
  }
  return texts;
}

}  // namespace convoy::comm
