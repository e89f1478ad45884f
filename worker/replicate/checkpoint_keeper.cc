#include "worker/replicate/checkpoint_keeper.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/formats/model_file.h"
#include "common/log/log.h"

namespace convoy::replicate {
namespace {

constexpr std::chrono::seconds kLongestEnd{6};

}  // namespace

CheckpointKeeper::CheckpointKeeper(std::unique_ptr<Connection> connection,
                                   formats::CheckpointStore store)
    : connection_(std::move(connection)), store_(std::move(store)), thread_([this] { Serve(); }) {}

CheckpointKeeper::~CheckpointKeeper() {
  ended_.get_future().wait_for(kLongestEnd);
  connection_->Close();
  thread_.join();
}

void CheckpointKeeper::Serve() {
  connection_->SetPatience(0);  // the next one comes when it comes
  std::string bytes;
  CopyHeader header;
  while (connection_->Read(&header, sizeof(header)).ok()) {
    if (header.num_bytes < 0 || header.num_bytes > static_cast<int64_t>(formats::kMaxFileBytes)) {
      break;
    }
    bytes.resize(static_cast<size_t>(header.num_bytes));
    if (!connection_->Read(bytes.data(), header.num_bytes).ok()) break;
    const absl::Status kept = store_.SaveBytes(header.global_step, bytes);
    const uint8_t answer = kept.ok() ? 1 : 0;
    if (!connection_->Write(&answer, sizeof(answer)).ok()) break;
    if (kept.ok()) continue;
    log::Note(absl::StrCat("on ", HostName(),
                           " no copy of a checkpoint could be kept: ", kept.message()));
    break;
  }
  ended_.set_value();
}

}  // namespace convoy::replicate
