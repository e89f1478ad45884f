#include "worker/comm/host_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace convoy::comm {
namespace {

// A file that is open already; -1 if there is none. Sets its path.
int OpenNew(HostMemory::Kind kind, std::string* path) {
  if (kind == HostMemory::Kind::kAnonymous) {
    const int fd = ::memfd_create("convoy", MFD_CLOEXEC);
    *path = absl::StrCat("/proc/", ::getpid(), "/fd/", fd);
    return fd;
  }
  *path = absl::StrCat(HostMemory::FileDirectory(), "/convoy.XXXXXX");
  return ::mkostemp(path->data(), O_CLOEXEC);
}

// Mapping nothing is an error.
size_t MappedBytes(int64_t num_bytes) {
  return static_cast<size_t>(std::max(num_bytes, int64_t{1}));
}

}  // namespace

std::string HostMemory::FileDirectory() {
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/tmp";
}

std::unique_ptr<HostMemory> HostMemory::Make(Kind kind, int64_t num_bytes, Name* name) {
  *name = {};
  std::string path;
  const int fd = OpenNew(kind, &path);
  if (fd < 0) return nullptr;
  // Without a reservation the first write to a page that is not there would be a SIGBUS.
  std::unique_ptr<HostMemory> memory;
  if (::posix_fallocate(fd, 0, static_cast<off_t>(MappedBytes(num_bytes))) == 0 &&
      path.size() < name->size()) {
    memory = Map(fd, num_bytes);
  }
  if (memory == nullptr) {
    ::close(fd);
    if (kind == Kind::kFile) ::unlink(path.c_str());
    return nullptr;
  }
  std::copy(path.begin(), path.end(), name->begin());
  if (kind == Kind::kFile) memory->path_ = path;
  return memory;
}

std::unique_ptr<HostMemory> HostMemory::Open(const Name& name, int64_t num_bytes) {
  if (name[0] == '\0') return nullptr;
  const int fd = ::open(name.data(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  std::unique_ptr<HostMemory> memory = Map(fd, num_bytes);
  if (memory == nullptr) ::close(fd);
  return memory;
}

std::unique_ptr<HostMemory> HostMemory::Map(int fd, int64_t num_bytes) {
  // The pages are there already; having them all at once is cheaper than a fault for each.
  void* data = ::mmap(nullptr, MappedBytes(num_bytes), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE, fd, 0);
  if (data == MAP_FAILED) return nullptr;
  return std::unique_ptr<HostMemory>(new HostMemory(fd, static_cast<uint8_t*>(data), num_bytes));
}

HostMemory::~HostMemory() {
  RemoveName();
  ::munmap(data_, MappedBytes(size_));
}

void HostMemory::RemoveName() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace convoy::comm
