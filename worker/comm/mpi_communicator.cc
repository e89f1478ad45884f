// Each collective is one call of MPI on a duplicate of MPI_COMM_WORLD, so that our messages never
// meet others', with errors returned as statuses. Counts are int in MPI: what is larger goes in
// pieces or is refused. Memory that a host's ranks share is HostMemory, as MPI's own windows hang
// where /dev/shm is small.
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
#include "common/base/check.h"
#include "common/base/status.h"
#include "worker/comm/host_memory.h"

namespace convoy::comm {
namespace {

// MPI counts in int: larger broadcasts go in pieces.
constexpr int64_t kLargestPieceBytes = int64_t{1} << 30;

void (*g_failure_hook)(const std::string&) = nullptr;

// MPI has texts for its codes only while it runs.
std::string ErrorText(int code) {
  int initialized = 0;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Initialized(&initialized) != MPI_SUCCESS || initialized == 0 ||
      MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) {
    return absl::StrCat("error ", code);
  }
  return {text.data(), static_cast<size_t>(length)};
}

// After a call that failed here the ranks are no longer in step: the others may wait in it for
// ever, and so would MPI_Finalize. So it is the hook's to end them all.
absl::Status MpiStatus(int code, const char* call) {
  if (code == MPI_SUCCESS) return absl::OkStatus();
  const std::string message = absl::StrCat(call, " failed: ", ErrorText(code));
  if (g_failure_hook != nullptr) g_failure_hook(message);
  return absl::UnavailableError(message);
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
      MpiStatus(MPI_Comm_free(comm), "MPI_Comm_free").IgnoreError();  // the hook has heard it
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

  absl::StatusOr<std::unique_ptr<SharedBytes>> ShareFromRoot(const Pieces& pieces,
                                                             int64_t num_bytes) override {
    CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<SharedBytes> shared, AllocateOnHost(num_bytes));
    if (rank_ == 0) CopyPieces(pieces, shared.get());
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
  // The first rank of the host makes the block, the others map it.
  absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateOnHost(int64_t num_bytes) {
    std::unique_ptr<HostMemory> block;
    for (const HostMemory::Kind kind : {HostMemory::Kind::kAnonymous, HostMemory::Kind::kFile}) {
      CONVOY_ASSIGN_OR_RETURN(block, TryOnHost(kind, num_bytes));
      if (block != nullptr) return block;
    }
    return absl::ResourceExhaustedError(absl::StrCat(
        "no room for ", num_bytes,
        " bytes that the ranks of a host share, neither in "
        "memory nor in ",
        HostMemory::FileDirectory(), "; free memory, or name a larger directory by TMPDIR"));
  }

  // Returns null, on all ranks, if it cannot be had on one of the hosts.
  absl::StatusOr<std::unique_ptr<HostMemory>> TryOnHost(HostMemory::Kind kind, int64_t num_bytes) {
    std::unique_ptr<HostMemory> block;
    HostMemory::Name name{};
    if (local_rank_ == 0) block = HostMemory::Make(kind, num_bytes, &name);
    CONVOY_RETURN_IF_ERROR(
        MpiStatus(MPI_Bcast(name.data(), name.size(), MPI_BYTE, 0, host_), "MPI_Bcast"));
    if (local_rank_ != 0) block = HostMemory::Open(name, num_bytes);
    int have = block != nullptr ? 1 : 0;
    CONVOY_RETURN_IF_ERROR(MpiStatus(
        MPI_Allreduce(MPI_IN_PLACE, &have, 1, MPI_INT, MPI_MIN, world_), "MPI_Allreduce"));
    if (have == 0) return std::unique_ptr<HostMemory>();
    block->RemoveName();
    return block;
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

bool StartedWithoutMpi() {
  return !LaunchedByMpi() && EnvironmentInt({"SLURM_STEP_NUM_TASKS"}, 1) > 1;
}

int RankFromEnvironment() {
  return EnvironmentInt({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}, 0);
}

// SLURM_NTASKS is the allocation's: srun --pty starts one task in a larger one.
int WorldSizeFromEnvironment() {
  return EnvironmentInt({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}, 1);
}

void SetMpiFailureHook(void (*hook)(const std::string& message)) { g_failure_hook = hook; }

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
  MpiStatus(MPI_Finalize(), "MPI_Finalize").IgnoreError();  // the hook has heard it
}

absl::StatusOr<std::unique_ptr<Communicator>> MpiRuntime::MakeCommunicator() {
  auto communicator = std::make_unique<MpiCommunicator>();
  CONVOY_RETURN_IF_ERROR(communicator->Open());
  return communicator;
}

}  // namespace convoy::comm
