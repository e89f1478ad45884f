#include "common/api/job_labels.h"

#include "common/api/job_description.h"

namespace convoy::api {

v1::JobLabels ToProto(const run::Labels& labels) {
  v1::JobLabels proto;
  proto.set_display_name(labels.name);
  for (const std::string& tag : labels.tags) proto.add_tags(tag);
  proto.set_note(labels.note);
  if (labels.time != absl::InfinitePast()) *proto.mutable_update_time() = ToProto(labels.time);
  return proto;
}

run::Labels FromProto(const v1::JobLabels& proto) {
  run::Labels labels{.name = proto.display_name(),
                     .tags = {proto.tags().begin(), proto.tags().end()},
                     .note = proto.note()};
  if (proto.has_update_time()) {
    labels.time = absl::FromUnixSeconds(proto.update_time().seconds()) +
                  absl::Nanoseconds(proto.update_time().nanos());
  }
  return labels;
}

absl::Status CheckLabels(const v1::JobLabels& labels) {
  return run::CheckLabels(FromProto(labels));
}

}  // namespace convoy::api
