#include "client/supervise/launch.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

// Adds "NAME=value" unless NAME is set.
void AddDefault(const std::string& name, const std::string& value,
                std::vector<std::string>* environment) {
  const std::string begin = name + "=";
  const bool set =
      std::any_of(environment->begin(), environment->end(),
                  [&](const std::string& variable) { return absl::StartsWith(variable, begin); });
  if (!set) environment->push_back(begin + value);
}

// For ranks that are all on this machine: any number on any number of cores, none bound to one core
// (a rank has threads), and only shared memory and loopback, so that no network, firewall or bridge
// matters. Where ranks outnumber cores, the trainer has waiting ranks give the core away itself.
void AddOneMachine(std::vector<std::string>* environment) {
  AddDefault("OMPI_MCA_rmaps_base_oversubscribe", "1", environment);
  AddDefault("OMPI_MCA_hwloc_base_binding_policy", "none", environment);
  AddDefault("OMPI_MCA_pml", "ob1", environment);
  AddDefault("OMPI_MCA_btl", "self,vader", environment);
  AddDefault("OMPI_MCA_oob_tcp_if_include", "lo", environment);
}

void AddScratch(const std::string& scratch, std::vector<std::string>* environment) {
  for (const char* user :
       {"orte_tmpdir_base", "btl_vader_backing_directory", "osc_sm_backing_directory"}) {
    AddDefault(absl::StrCat("OMPI_MCA_", user), scratch, environment);
  }
}

}  // namespace

Launch LaunchOf(const SupervisedRun& run, std::vector<std::string> environment,
                const std::string& mark, const std::string& scratch) {
  Launch launch;
  if (run.ranks > 1) launch.command = {"mpirun", "-np", absl::StrCat(run.ranks)};
  launch.command.push_back(run.trainer);
  launch.command.insert(launch.command.end(), run.flags.begin(), run.flags.end());
  AddOneMachine(&environment);
  if (!scratch.empty()) AddScratch(scratch, &environment);
  // Who outlives the rank that died first has nothing to add: MPI gives it a second by default.
  AddDefault("OMPI_MCA_odls_base_sigkill_timeout", "0", &environment);
  if (::geteuid() == 0) {  // mpirun wants to be told twice; a container has no other user
    AddDefault("OMPI_ALLOW_RUN_AS_ROOT", "1", &environment);
    AddDefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", &environment);
  }
  environment.push_back(mark);
  launch.environment = std::move(environment);
  return launch;
}

}  // namespace convoy::client
