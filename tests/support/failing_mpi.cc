// Loaded before MPI's library (LD_PRELOAD): an MPI whose calls fail, on one rank, as they do when a
// network or a driver goes. The idea is MPI's own profiling interface: every call MPI_X is also
// there as PMPI_X.
//
//   CONVOY_TEST_FAILS=MPI_Bcast:2:1     the second call of MPI_Bcast (and all later ones) fails on
//   rank 1 CONVOY_TEST_APART=1                 each rank believes that it is alone on its host
#define OMPI_SKIP_MPICXX  // MPI's old C++ classes want a library of their own
#include <mpi.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

bool IsFailingRank(const char* rank) {
  const char* mine = std::getenv("OMPI_COMM_WORLD_RANK");
  return mine != nullptr && std::strcmp(mine, rank) == 0;
}

// Whether this call, one of the one named `call`, is to fail. MPI is called by one thread alone.
bool Fails(const char* call) {
  const char* asked = std::getenv("CONVOY_TEST_FAILS");
  if (asked == nullptr) return false;
  const std::string text(asked);
  const size_t first = text.find(':');
  const size_t second = text.find(':', first + 1);
  if (text.substr(0, first) != call || !IsFailingRank(text.c_str() + second + 1)) return false;
  static int calls = 0;
  return ++calls >= std::atoi(text.c_str() + first + 1);
}

}  // namespace

// Each of MPI's functions that the trainer calls, with its parameters and their names alone.
#define FAILING(NAME, PARAMETERS, ARGUMENTS) \
  extern "C" int NAME PARAMETERS { return Fails(#NAME) ? MPI_ERR_OTHER : P##NAME ARGUMENTS; }

FAILING(MPI_Allgather,
        (const void* send, int n, MPI_Datatype type, void* recv, int m, MPI_Datatype to,
         MPI_Comm comm),
        (send, n, type, recv, m, to, comm))
FAILING(MPI_Allgatherv,
        (const void* send, int n, MPI_Datatype type, void* recv, const int m[], const int at[],
         MPI_Datatype to, MPI_Comm comm),
        (send, n, type, recv, m, at, to, comm))
FAILING(MPI_Allreduce,
        (const void* send, void* recv, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
        (send, recv, n, type, op, comm))
FAILING(MPI_Alltoallv,
        (const void* send, const int n[], const int from[], MPI_Datatype type, void* recv,
         const int m[], const int to[], MPI_Datatype as, MPI_Comm comm),
        (send, n, from, type, recv, m, to, as, comm))
FAILING(MPI_Barrier, (MPI_Comm comm), (comm))
FAILING(MPI_Bcast, (void* data, int n, MPI_Datatype type, int root, MPI_Comm comm),
        (data, n, type, root, comm))
FAILING(MPI_Comm_dup, (MPI_Comm comm, MPI_Comm* made), (comm, made))
FAILING(MPI_Comm_free, (MPI_Comm * comm), (comm))
FAILING(MPI_Comm_split, (MPI_Comm comm, int color, int key, MPI_Comm* made),
        (comm, color, key, made))
FAILING(MPI_Finalize, (void), ())
FAILING(MPI_Gatherv,
        (const void* send, int n, MPI_Datatype type, void* recv, const int m[], const int at[],
         MPI_Datatype to, int root, MPI_Comm comm),
        (send, n, type, recv, m, at, to, root, comm))
FAILING(MPI_Iallreduce,
        (const void* send, void* recv, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
         MPI_Request* request),
        (send, recv, n, type, op, comm, request))
FAILING(MPI_Init_thread, (int* argc, char*** argv, int asked, int* provided),
        (argc, argv, asked, provided))
FAILING(MPI_Wait, (MPI_Request * request, MPI_Status* status), (request, status))

extern "C" int MPI_Comm_split_type(MPI_Comm comm, int split, int key, MPI_Info info,
                                   MPI_Comm* made) {
  if (Fails("MPI_Comm_split_type")) return MPI_ERR_OTHER;
  if (std::getenv("CONVOY_TEST_APART") == nullptr)
    return PMPI_Comm_split_type(comm, split, key, info, made);
  int rank = 0;
  const int code = PMPI_Comm_rank(comm, &rank);
  return code == MPI_SUCCESS ? PMPI_Comm_split(comm, /*color=*/rank, key, made) : code;
}
