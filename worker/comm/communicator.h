// How the ranks of a job talk to each other. Two implementations: MPI (one process a rank) and
// threads of one process (the single-node test mode).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::comm {

// Memory that all ranks of a host see, zeroed at first; freed by its destructor. COLLECTIVE: all
// ranks make it and destroy it, in the same order as other collective calls. What one rank has
// written is visible to another after both have been through a Barrier.
class SharedBytes {
 public:
  virtual ~SharedBytes() = default;
  virtual uint8_t* data() const = 0;  // aligned to a cache line
  virtual int64_t size() const = 0;
};

// Bytes that lie in several places.
using Pieces = std::vector<std::span<const uint8_t>>;

// A sum that is under way; see StartAllReduceSum.
class PendingSum {
 public:
  virtual ~PendingSum() = default;
  // Lets the communication go on; returns at once.
  virtual absl::Status Progress() = 0;
  // Returns when the sum stands in the array.
  virtual absl::Status Wait() = 0;
};

// Thread-compatible: one thread per rank makes the calls. Every call is COLLECTIVE: all ranks make
// the same calls in the same order, with sizes that fit. Arrays are in elements of float where the
// type says so, in bytes elsewhere. A failed call returns UNAVAILABLE; the job cannot go on then.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int world_size() const = 0;

  // Ranks on this host, this one included.
  virtual int local_size() const = 0;

  // Whether all ranks are on one host.
  bool on_one_host() const { return local_size() == world_size(); }

  virtual absl::Status Barrier() = 0;

  // Copies root's `data` [num_bytes] to all.
  virtual absl::Status Broadcast(void* data, int64_t num_bytes, int root) = 0;

  // recv [world_size, num_bytes] gets every rank's `send` [num_bytes], in order of rank.
  virtual absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) = 0;

  // Rank r's recv gets send_counts[r] floats of this rank from send + send_offsets[r]; what rank r
  // sent to this one arrives at recv + recv_offsets[r]. All spans have world_size elements.
  virtual absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                                std::span<const int64_t> send_offsets, float* recv,
                                std::span<const int64_t> recv_counts,
                                std::span<const int64_t> recv_offsets) = 0;

  // Every rank r has filled in its part, counts[r] floats from inout + offsets[r]; afterwards all
  // ranks have all parts.
  virtual absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                                      std::span<const int64_t> offsets) = 0;

  // As AllGatherParts, but only root gets the parts: its recv, at offsets. send is this rank's
  // part.
  virtual absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                                   std::span<const int64_t> offsets, int root) = 0;

  // Starts inout[i] = the sum over all ranks, for i < n, in an order that the library chooses: not
  // the same bits at another world size. The array must stay until Wait has returned. Several may
  // be under way, started in the same order everywhere.
  virtual absl::StatusOr<std::unique_ptr<PendingSum>> StartAllReduceSum(float* inout,
                                                                        int64_t n) = 0;

  // Copies rank 0's `pieces`, one after another and num_bytes in all, to every host once; its ranks
  // share that copy.
  virtual absl::StatusOr<std::unique_ptr<SharedBytes>> ShareFromRoot(const Pieces& pieces,
                                                                     int64_t num_bytes) = 0;

  // Returns one block of memory for all ranks of the host. REQUIRES: on_one_host().
  virtual absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateShared(int64_t num_bytes) = 0;
};

// Writes the pieces into `memory`, for which they are as large as it is.
void CopyPieces(const Pieces& pieces, SharedBytes* memory);

// Makes an error of one rank the error of all: returns OK if `status` is OK on every rank, else, on
// every rank, the error of the lowest rank that has one, with "rank N: " before it unless that is
// rank 0. Call it before acting on anything that can fail on one rank alone.
absl::Status Agree(Communicator& communicator, const absl::Status& status);

// Returns root's text on every rank.
absl::StatusOr<std::string> BroadcastString(Communicator& communicator, const std::string& text,
                                            int root);

// Returns every rank's text, in order of rank.
absl::StatusOr<std::vector<std::string>> AllGatherStrings(Communicator& communicator,
                                                          const std::string& text);

}  // namespace convoy::comm
