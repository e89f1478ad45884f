// Each collective is one call of MPI on a duplicate of MPI_COMM_WORLD, so that our messages never
// meet others', with errors returned as statuses. Counts are int in MPI: what is larger goes in
// pieces or is refused. Memory that a host's ranks share is an MPI-3 shared window whose first rank
// owns all.
#include "worker/comm/mpi_communicator.h"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace convoy::comm {
namespace {

// MPI counts in int: larger broadcasts go in pieces.
constexpr int64_t kLargestPieceBytes = int64_t{1} << 30;

absl::Status MpiStatus(int code, const char* call) {
  if (code == MPI_SUCCESS) return absl::OkStatus();
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) length = 0;
  return absl::UnavailableError(
      absl::StrCat(call, ": ", std::string(text.data(), static_cast<size_t>(length))));
}

// Reads the first of the variables that is set to a number.
int EnvironmentInt(std::initializer_list<const char*> names, int fallback) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::atoi(value);
  }
  return fallback;
}

// Writes the values as MPI's ints into `ints`, whose memory is used again.
absl::Status ToInts(std::span<const int64_t> values, std::vector<int>* ints) {
  ints->clear();
  for (int64_t value : values) {
    if (value > INT_MAX) return absl::OutOfRangeError("more than 2^31 elements in one MPI call");
    ints->push_back(static_cast<int>(value));
  }
  return absl::OkStatus();
}

class MpiPendingSum : public PendingSum {
 public:
  explicit MpiPendingSum(MPI_Request request) : request_(request) {}
  absl::Status Progress() override {
    int done = 0;
    return MpiStatus(MPI_Test(&request_, &done, MPI_STATUS_IGNORE), "MPI_Test");
  }
  absl::Status Wait() override {
    return MpiStatus(MPI_Wait(&request_, MPI_STATUS_IGNORE), "MPI_Wait");
  }

 private:
  MPI_Request request_;
};

// A window of memory shared by the ranks of a host; its first rank owns all of it.
class WindowBytes : public SharedBytes {
 public:
  WindowBytes(MPI_Win window, uint8_t* data, int64_t size)
      : window_(window), data_(data), size_(size) {}
  ~WindowBytes() override {
    const int code = MPI_Win_free(&window_);
    CONVOY_CHECK_EQ(code, MPI_SUCCESS);
  }
  WindowBytes(const WindowBytes&) = delete;
  WindowBytes& operator=(const WindowBytes&) = delete;
  uint8_t* data() const override { return data_; }
  int64_t size() const override { return size_; }

 private:
  MPI_Win window_;
  uint8_t* data_;
  int64_t size_;
};

absl::Status BroadcastInPieces(void* data, int64_t num_bytes, int root, MPI_Comm comm) {
  auto* bytes = static_cast<char*>(data);
  for (int64_t done = 0; done < num_bytes; done += kLargestPieceBytes) {
    const auto piece = static_cast<int>(std::min(num_bytes - done, kLargestPieceBytes));
    CONVOY_RETURN_IF_ERROR(
        MpiStatus(MPI_Bcast(bytes + done, piece, MPI_BYTE, root, comm), "MPI_Bcast"));
  }
  return absl::OkStatus();
}

class MpiCommunicator : public Communicator {
 public:
  MpiCommunicator() = default;
  ~MpiCommunicator() override {
    for (MPI_Comm* comm : {&leaders_, &host_, &world_}) {
      if (*comm == MPI_COMM_NULL) continue;
      const int code = MPI_Comm_free(comm);
      CONVOY_CHECK_EQ(code, MPI_SUCCESS);
    }
  }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  absl::Status Open() {
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Comm_dup(MPI_COMM_WORLD, &world_), "MPI_Comm_dup"));
    CONVOY_RETURN_IF_ERROR(
        MpiStatus(MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Comm_rank(world_, &rank_), "MPI_Comm_rank"));
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Comm_size(world_, &world_size_), "MPI_Comm_size"));
    CONVOY_RETURN_IF_ERROR(
        MpiStatus(MPI_Comm_split_type(world_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &host_),
                  "MPI_Comm_split_type"));
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Comm_rank(host_, &local_rank_), "MPI_Comm_rank"));
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Comm_size(host_, &local_size_), "MPI_Comm_size"));
    const int color = local_rank_ == 0 ? 0 : MPI_UNDEFINED;
    return MpiStatus(MPI_Comm_split(world_, color, rank_, &leaders_), "MPI_Comm_split");
  }

  int rank() const override { return rank_; }
  int world_size() const override { return world_size_; }
  int local_size() const override { return local_size_; }

  absl::Status Barrier() override {
    // Shared memory that was written before the barrier is read after it.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const absl::Status status = MpiStatus(MPI_Barrier(world_), "MPI_Barrier");
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return status;
  }

  absl::Status Broadcast(void* data, int64_t num_bytes, int root) override {
    return BroadcastInPieces(data, num_bytes, root, world_);
  }

  absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) override {
    if (num_bytes > INT_MAX) return absl::OutOfRangeError("MPI_Allgather of more than 2^31 bytes");
    const auto count = static_cast<int>(num_bytes);
    return MpiStatus(MPI_Allgather(send, count, MPI_BYTE, recv, count, MPI_BYTE, world_),
                     "MPI_Allgather");
  }

  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override {
    CONVOY_RETURN_IF_ERROR(ToInts(send_counts, &send_counts_));
    CONVOY_RETURN_IF_ERROR(ToInts(send_offsets, &send_offsets_));
    CONVOY_RETURN_IF_ERROR(ToInts(recv_counts, &recv_counts_));
    CONVOY_RETURN_IF_ERROR(ToInts(recv_offsets, &recv_offsets_));
    return MpiStatus(MPI_Alltoallv(send, send_counts_.data(), send_offsets_.data(), MPI_FLOAT, recv,
                                   recv_counts_.data(), recv_offsets_.data(), MPI_FLOAT, world_),
                     "MPI_Alltoallv");
  }

  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override {
    CONVOY_RETURN_IF_ERROR(ToInts(counts, &recv_counts_));
    CONVOY_RETURN_IF_ERROR(ToInts(offsets, &recv_offsets_));
    return MpiStatus(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, inout, recv_counts_.data(),
                                    recv_offsets_.data(), MPI_FLOAT, world_),
                     "MPI_Allgatherv");
  }

  absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                           std::span<const int64_t> offsets, int root) override {
    CONVOY_RETURN_IF_ERROR(ToInts(counts, &recv_counts_));
    CONVOY_RETURN_IF_ERROR(ToInts(offsets, &recv_offsets_));
    return MpiStatus(
        MPI_Gatherv(send, recv_counts_[static_cast<size_t>(rank_)], MPI_FLOAT, recv,
                    recv_counts_.data(), recv_offsets_.data(), MPI_FLOAT, root, world_),
        "MPI_Gatherv");
  }

  absl::StatusOr<std::unique_ptr<PendingSum>> StartAllReduceSum(float* inout, int64_t n) override {
    if (n > INT_MAX) return absl::OutOfRangeError("MPI_Iallreduce of more than 2^31 elements");
    MPI_Request request = MPI_REQUEST_NULL;
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Iallreduce(MPI_IN_PLACE, inout, static_cast<int>(n),
                                                    MPI_FLOAT, MPI_SUM, world_, &request),
                                     "MPI_Iallreduce"));
    return std::make_unique<MpiPendingSum>(request);
  }

  absl::StatusOr<std::unique_ptr<SharedBytes>> ShareFromRoot(const void* data,
                                                             int64_t num_bytes) override {
    CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<SharedBytes> shared, AllocateOnHost(num_bytes));
    if (rank_ == 0 && num_bytes > 0) {
      std::memcpy(shared->data(), data, static_cast<size_t>(num_bytes));
    }
    if (leaders_ != MPI_COMM_NULL) {  // whose first is rank 0
      CONVOY_RETURN_IF_ERROR(BroadcastInPieces(shared->data(), num_bytes, 0, leaders_));
    }
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Barrier(host_), "MPI_Barrier"));
    return shared;
  }

  absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateShared(int64_t num_bytes) override {
    CONVOY_CHECK(on_one_host());
    return AllocateOnHost(num_bytes);
  }

 private:
  // The first rank of the host owns the whole block; the others look at it.
  absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateOnHost(int64_t num_bytes) {
    void* own = nullptr;
    MPI_Win window = MPI_WIN_NULL;
    const bool leader = local_rank_ == 0;
    // Room to begin at a cache line, which MPI does not promise.
    const MPI_Aint own_bytes = leader ? num_bytes + static_cast<int64_t>(kCacheLineBytes) : 0;
    CONVOY_RETURN_IF_ERROR(
        MpiStatus(MPI_Win_allocate_shared(own_bytes, 1, MPI_INFO_NULL, host_, &own, &window),
                  "MPI_Win_allocate_shared (is /dev/shm or /tmp full?)"));
    MPI_Aint window_bytes = 0;
    int unit = 0;
    void* base = nullptr;
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Win_shared_query(window, 0, &window_bytes, &unit, &base),
                                     "MPI_Win_shared_query"));
    // The window is mapped at whole pages everywhere, so all ranks skip the same bytes.
    const auto address = reinterpret_cast<uintptr_t>(base);
    const uintptr_t aligned = (address + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
    auto shared =
        std::make_unique<WindowBytes>(window, reinterpret_cast<uint8_t*>(aligned), num_bytes);
    if (leader) std::memset(shared->data(), 0, static_cast<size_t>(num_bytes));
    CONVOY_RETURN_IF_ERROR(MpiStatus(MPI_Barrier(host_), "MPI_Barrier"));
    return shared;
  }

  MPI_Comm world_ = MPI_COMM_NULL;
  MPI_Comm host_ = MPI_COMM_NULL;     // the ranks of this host
  MPI_Comm leaders_ = MPI_COMM_NULL;  // the first rank of each host; null on the others
  int rank_ = 0;
  int world_size_ = 1;
  int local_rank_ = 0;
  int local_size_ = 1;
  // The counts of a call as MPI wants them: kept, so that a step allocates nothing.
  std::vector<int> send_counts_;
  std::vector<int> send_offsets_;
  std::vector<int> recv_counts_;
  std::vector<int> recv_offsets_;
};

void YieldWhereRanksOutnumberCores() {
  const int local_ranks =
      EnvironmentInt({"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE"}, 1);
  const auto cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  if (local_ranks > cores) ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", /*overwrite=*/1);
}

}  // namespace

bool LaunchedByMpi() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

int RankFromEnvironment() {
  return EnvironmentInt({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}, 0);
}

int WorldSizeFromEnvironment() {
  return EnvironmentInt({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"}, 1);
}

absl::StatusOr<std::unique_ptr<MpiRuntime>> MpiRuntime::Initialize() {
  YieldWhereRanksOutnumberCores();
  int provided = MPI_THREAD_SINGLE;
  CONVOY_RETURN_IF_ERROR(MpiStatus(
      MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread"));
  if (provided < MPI_THREAD_FUNNELED) {
    return absl::UnavailableError("this MPI does not allow threads beside the one that calls it");
  }
  return std::unique_ptr<MpiRuntime>(new MpiRuntime);
}

void MpiRuntime::Abort(int exit_code) {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized != 0 && finalized == 0) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

MpiRuntime::~MpiRuntime() {
  const int code = MPI_Finalize();
  CONVOY_CHECK_EQ(code, MPI_SUCCESS);
}

absl::StatusOr<std::unique_ptr<Communicator>> MpiRuntime::MakeCommunicator() {
  auto communicator = std::make_unique<MpiCommunicator>();
  CONVOY_RETURN_IF_ERROR(communicator->Open());
  return communicator;
}

}  // namespace convoy::comm
