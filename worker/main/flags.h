// The trainer's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/cli/flag_names.h"
#include "common/run/labels_file.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::trainer {

struct Flags {
  v1::Recipe asked;  // what --recipe and the recipe's flags set; the network is resolved
  std::string data;
  // The network came by a name of Convoy's own, so its size follows the data.
  bool network_follows_data = false;
  std::string run_dir;
  std::string initial_weights;
  bool resume = false;
  int threads = 0;  // 0: as many as there is room for
  int local_ranks = 1;
  int64_t checkpoint_every = 0;
  int64_t stop_after_epoch = 0;  // 0: not before the end
  int keep_checkpoints = 3;
  std::string coordinator;  // "HOST:PORT"; empty: none
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string token_file;
  run::Labels labels;  // of a run that begins; without a time
  int verbose = 1;
  bool explain_plan = false;
  bool figures = false;
  bool dry_run = false;
  bool report_only = false;
  std::string preview;                        // of a dry run; empty: none
  std::optional<std::string> print_and_exit;  // the text of --help or --version
};

// Returns INVALID_ARGUMENT, naming the flag, for one that is unknown, with the nearest known one,
// or whose value makes no sense; NOT_FOUND and others for a --recipe or --model that cannot be
// read.
absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv);

// Returns the flags of the fields that the libraries' errors name, for cli::NameFlags.
const cli::FlagNames& FlagsOfFields();

}  // namespace convoy::trainer
