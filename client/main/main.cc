// convoy: the command line for people.
#include <cstdio>
#include <optional>
#include <string>

#include "client/cli/command_line.h"
#include "client/commands/commands.h"
#include "common/base/status.h"
#include "common/kernels/blas/gemm.h"
#include "common/log/log.h"
#include "common/rpc/library_log.h"
#include "common/system/process_start.h"

int main(int argc, char** argv) {
  convoy::PrepareProcess();
  convoy::rpc::SilenceLibraries();
  const absl::Status kernels = convoy::kernels::UseKernels(std::nullopt);
  if (!kernels.ok()) {
    convoy::log::Error(std::string(kernels.message()));
    return static_cast<int>(convoy::ExitCodeFor(kernels));
  }
  return static_cast<int>(
      convoy::client::RunCommandLine(convoy::client::Commands(), argc, argv, stdout, stderr));
}
