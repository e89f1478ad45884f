#include "worker/replicate/checkpoint_sender.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/formats/model_file.h"

namespace convoy::replicate {
namespace {

constexpr int kPatienceSeconds = 5;

}  // namespace

CheckpointSender::CheckpointSender(std::unique_ptr<Connection> connection,
                                   std::function<void(const std::string& line)> on_note)
    : connection_(std::move(connection)), on_note_(std::move(on_note)) {
  connection_->SetPatience(kPatienceSeconds);
}

CheckpointSender::~CheckpointSender() {
  executor_.Flush().IgnoreError();  // was told
  connection_->Close();
}

void CheckpointSender::Send(int64_t global_step, const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    newest_step_ = global_step;
    newest_path_ = path;
  }
  executor_.Post([this] {
    if (lost_) return absl::OkStatus();
    const absl::Status sent = SendNewest();
    if (sent.ok()) return sent;
    lost_ = true;
    on_note_(absl::StrCat("no copies of checkpoints are kept any more: ", sent.message()));
    return sent;
  });
}

absl::Status CheckpointSender::SendNewest() {
  int64_t step = 0;
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    step = newest_step_;
    path = std::exchange(newest_path_, "");
  }
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> bytes = ReadFile(path, formats::kMaxFileBytes);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();  // a newer one comes
  CONVOY_RETURN_IF_ERROR(bytes.status());
  return SendBytes(step, *bytes);
}

absl::Status CheckpointSender::SendBytes(int64_t global_step, const std::string& bytes) {
  const CopyHeader header{.global_step = global_step,
                          .num_bytes = static_cast<int64_t>(bytes.size())};
  CONVOY_RETURN_IF_ERROR(connection_->Write(&header, sizeof(header)));
  CONVOY_RETURN_IF_ERROR(connection_->Write(bytes.data(), header.num_bytes));
  uint8_t kept = 0;
  CONVOY_RETURN_IF_ERROR(connection_->Read(&kept, sizeof(kept)));
  if (kept != 0) return absl::OkStatus();
  return absl::UnavailableError("the other host could not write one (its note says why)");
}

}  // namespace convoy::replicate
