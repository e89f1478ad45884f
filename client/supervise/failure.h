// Why a start of the training did not come to its end: which rank was first, in its own words, and
// whether another start may do better.
#pragma once

#include <string>
#include <vector>

#include "common/i18n/message.h"

namespace convoy::client {

enum class Cause {
  kInput,     // wrong usage or input, as the trainer has said
  kComputed,  // follows from data, recipe and seed, so another start computes the same
  kTrainer,   // the trainer failed by itself: a bug, or the machine
  kOutside,   // something killed or stopped it, a disk was full, a network gone
};

struct Failure {
  Cause cause = Cause::kTrainer;
  i18n::Message what;  // "rank 1 on pc03 was killed by SIGKILL"; text of others, not made printable
};

// Returns what is known of a start that ended with `code` (128 + N: signal N). `launcher` names the
// process that was started, `errors` what it and the ranks wrote on standard error,
// `said` the trainer's lines of error in it; `run_dir` may have ranks' last words, those of ranks
// that see the directory.
Failure Explain(int code, const i18n::Message& launcher, const std::string& errors,
                const std::vector<std::string>& said, const std::string& run_dir);

}  // namespace convoy::client
