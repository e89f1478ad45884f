// What Prometheus's client libraries tell of every process, under their names.
#pragma once

namespace convoy::monitoring {

struct ProcessMetrics {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
  double threads = 0;
};

// Reads them of this process; what cannot be read stays zero.
ProcessMetrics ReadProcessMetrics();

}  // namespace convoy::monitoring
