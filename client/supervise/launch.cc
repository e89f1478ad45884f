#include "client/supervise/launch.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/supervise/remote.h"
#include "common/run/run_id.h"
#include "common/run/start_file.h"

namespace convoy::client {
namespace {

constexpr char kPlainLetters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=:/.,-";

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

// For ranks on several machines: only the named networks, for bridges of virtual machines have the
// same address everywhere and make MPI hang; with keepalive, so that a machine that was cut off
// ends the start after some ten seconds.
void AddNetworks(const std::string& networks, const std::string& mark,
                 std::vector<std::string>* environment) {
  AddDefault("OMPI_MCA_hwloc_base_binding_policy", "none", environment);
  AddDefault("OMPI_MCA_pml", "ob1", environment);
  AddDefault("OMPI_MCA_btl", "self,vader,tcp", environment);
  if (!networks.empty()) {
    AddDefault("OMPI_MCA_btl_tcp_if_include", networks, environment);
    AddDefault("OMPI_MCA_oob_tcp_if_include", networks, environment);
  }
  AddDefault("OMPI_MCA_oob_tcp_keepalive_time", "5", environment);
  AddDefault("OMPI_MCA_oob_tcp_keepalive_intvl", "2", environment);
  AddDefault("OMPI_MCA_oob_tcp_keepalive_probes", "3", environment);
  AddDefault("OMPI_MCA_plm_rsh_agent", absl::StrJoin(SshCommand(), " "), environment);
  // The daemon on each host gets the mark, too, as far as the shell there leaves it whole.
  if (mark.find_first_not_of(kPlainLetters) == std::string::npos) {
    AddDefault("OMPI_MCA_orte_launch_agent", absl::StrCat("env ", mark, " orted"), environment);
  }
  // A host that is frozen shall be noticed, left out and the rest at work within half a minute.
  AddDefault("CONVOY_HANG_SECONDS", "10", environment);
}

void AddScratch(const std::string& scratch, std::vector<std::string>* environment) {
  for (const char* user :
       {"orte_tmpdir_base", "btl_vader_backing_directory", "osc_sm_backing_directory"}) {
    AddDefault(absl::StrCat("OMPI_MCA_", user), scratch, environment);
  }
}

// mpirun with flags that hand the trainers' variables on to other hosts.
std::vector<std::string> Mpirun(const Placement& placement,
                                const std::vector<std::string>& environment) {
  std::vector<std::string> command = {"mpirun", "-np", absl::StrCat(placement.ranks)};
  if (placement.host_file.empty()) return command;
  command.insert(command.end(), {"-hostfile", placement.host_file});
  for (const std::string& variable : environment) {
    if (!absl::StartsWith(variable, "CONVOY_")) continue;
    command.insert(command.end(), {"-x", variable.substr(0, variable.find('='))});
  }
  return command;
}

}  // namespace

Launch LaunchOf(const SupervisedRun& run, const Placement& placement,
                std::vector<std::string> environment, const std::string& mark) {
  if (placement.host_file.empty()) {
    AddOneMachine(&environment);
  } else {
    AddNetworks(placement.networks, mark, &environment);
  }
  environment.push_back(absl::StrCat(run::kStartVariable, "=", placement.start));
  if (!placement.run_id.empty()) {
    environment.push_back(absl::StrCat(run::kRunIdVariable, "=", placement.run_id));
  }
  if (!placement.scratch.empty()) AddScratch(placement.scratch, &environment);
  // Who outlives the rank that died first has nothing to add: MPI gives it a second by default.
  AddDefault("OMPI_MCA_odls_base_sigkill_timeout", "0", &environment);
  if (::geteuid() == 0) {  // mpirun wants to be told twice; a container has no other user
    AddDefault("OMPI_ALLOW_RUN_AS_ROOT", "1", &environment);
    AddDefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", &environment);
  }
  environment.push_back(mark);
  Launch launch;
  if (placement.ranks > 1 || !placement.host_file.empty()) {
    launch.command = Mpirun(placement, environment);
  }
  launch.command.push_back(run.trainer);
  launch.command.insert(launch.command.end(), run.flags.begin(), run.flags.end());
  launch.environment = std::move(environment);
  return launch;
}

}  // namespace convoy::client
