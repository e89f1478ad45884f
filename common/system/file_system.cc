#include "common/system/file_system.h"

#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace convoy {
namespace {

// From linux/magic.h and the file systems' own sources.
constexpr std::array<uint32_t, 15> kNetworkMagics = {
    0x6969,                  // NFS
    0x517B,     0xFF534D42,  // SMB, CIFS
    0xFE534D42,              // SMB 2
    0x5346414F, 0x6B414653,  // AFS
    0x73757245,              // Coda
    0x01021997,              // 9P
    0x00C36400,              // Ceph
    0x0BD00BD0,              // Lustre
    0x47504653,              // GPFS
    0x65735546,              // FUSE: sshfs, GlusterFS and others
    0x7461636F, 0x01161970,  // OCFS2, GFS2
    0x19830326,              // BeeGFS
};

}  // namespace

bool IsNetworkFileSystem(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return false;
  const auto magic = static_cast<uint32_t>(info.f_type);
  return std::find(kNetworkMagics.begin(), kNetworkMagics.end(), magic) != kNetworkMagics.end();
}

}  // namespace convoy
