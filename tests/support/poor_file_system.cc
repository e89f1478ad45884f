// Loaded before the C library (LD_PRELOAD): a file system that lacks what the variable
// CONVOY_TEST_LACKS names, separated by commas, as those of clusters and of containers do.
//
//   flock    has no locks (NFS without lockd)
//   local    is one of the network (NFS), by what statfs says
//   sync     cannot sync a directory
#include <dlfcn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

bool Lacks(const char* what) {
  const char* lacking = std::getenv("CONVOY_TEST_LACKS");
  return lacking != nullptr && std::strstr(lacking, what) != nullptr;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int flock(int fd, int operation) noexcept {
  if (Lacks("flock")) {
    errno = ENOLCK;
    return -1;
  }
  return Real<int(int, int)>("flock")(fd, operation);
}

extern "C" int statfs(const char* path, struct statfs* info) noexcept {
  constexpr long kNfs = 0x6969;
  const int result = Real<int(const char*, struct statfs*)>("statfs")(path, info);
  if (Lacks("local")) info->f_type = kNfs;
  return result;
}

extern "C" int fsync(int fd) {
  struct stat info {};
  if (Lacks("sync") && ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return Real<int(int)>("fsync")(fd);
}
