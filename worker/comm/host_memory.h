// Memory that the processes of one host share, without room in /dev/shm, where containers have 64
// MB.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "worker/comm/communicator.h"

namespace convoy::comm {

// Pages of one process that others map, too; all zero at first. They are freed when the last one is
// gone, in whatever way: nothing is left behind.
class HostMemory : public SharedBytes {
 public:
  enum class Kind {
    kAnonymous,  // memory without a name (memfd), opened by way of /proc
    kFile,       // a file in FileDirectory(), where the first is not to be had
  };

  // How others find it: a path, filled up with zeros; empty if there is none.
  using Name = std::array<char, 512>;

  // Reserves `num_bytes` >= 0 and says how it is called. Returns null if there is no room.
  static std::unique_ptr<HostMemory> Make(Kind kind, int64_t num_bytes, Name* name);

  // Maps what another process made. Returns null if it cannot.
  static std::unique_ptr<HostMemory> Open(const Name& name, int64_t num_bytes);

  // $TMPDIR or /tmp.
  static std::string FileDirectory();

  ~HostMemory() override;
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  // Nobody needs the name any more: all have mapped it.
  void RemoveName();

  uint8_t* data() const override { return data_; }
  int64_t size() const override { return size_; }

 private:
  HostMemory(int fd, uint8_t* data, int64_t size) : fd_(fd), data_(data), size_(size) {}

  static std::unique_ptr<HostMemory> Map(int fd, int64_t num_bytes);

  int fd_;
  uint8_t* data_;
  int64_t size_;
  std::string path_;  // of a file that its maker is to remove
};

}  // namespace convoy::comm
