// convoy: the command line for people.
#include <cstdio>

#include "client/cli/command_line.h"
#include "client/commands/commands.h"
#include "common/kernels/blas/gemm.h"

int main(int argc, char** argv) {
  convoy::kernels::UseOneBlasThread();
  return static_cast<int>(
      convoy::client::RunCommandLine(convoy::client::Commands(), argc, argv, stdout, stderr));
}
