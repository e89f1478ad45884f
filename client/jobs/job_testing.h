// A job for tests of what is shown of jobs.
#pragma once

#include <string>

#include "convoy/v1/job.pb.h"

namespace convoy::client {

// A job in the middle of epoch 2 of 4, 10 steps each, on 2 ranks of 2 hosts.
inline v1::Job SampleJob() {
  v1::Job job;
  job.set_name("jobs/first");
  job.set_state(v1::Job::RUNNING);
  job.set_epoch(2);
  job.set_epochs(4);
  job.set_completed_epochs(1);
  job.set_step(15);
  job.set_total_steps(40);
  job.set_steps_per_epoch(10);
  job.set_progress_percentage(37);
  job.mutable_estimated_remaining_duration()->set_seconds(75);
  job.set_images_per_second(12345.6);
  job.set_world_size(2);
  job.mutable_update_time()->set_seconds(1795402800);  // 2026-11-23T03:00:00Z
  const auto add_metric = [&job](const std::string& name, double value) {
    v1::Metric* metric = job.add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  };
  add_metric("loss", 0.25);
  add_metric("accuracy", 0.9125);
  for (int i = 0; i < 2; ++i) {
    v1::Rank* rank = job.add_ranks();
    rank->set_rank(i);
    rank->set_host(i == 0 ? "pc1" : "pc2");
    rank->set_threads(4);
    rank->mutable_phase_seconds()->set_forward(1.5 + i);
  }
  job.mutable_setup()->set_network("notebook");
  job.mutable_setup()->set_parameter_count(225034);
  return job;
}

// Adds a warning, such as that of a straggler.
inline void AddWarning(const std::string& message, v1::Job* job) {
  v1::Event* event = job->add_events();
  event->set_type(v1::Event::STRAGGLER);
  event->set_severity(v1::Event::WARNING);
  event->set_message(message);
  event->mutable_time()->set_seconds(1795402800);
}

}  // namespace convoy::client
