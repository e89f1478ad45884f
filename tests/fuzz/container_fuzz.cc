// libFuzzer program: whatever bytes stand in a container, under right checksums, nothing crashes,
// errors are one line that names the file, and what is accepted can be written again.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/formats/checkpoint.h"
#include "common/formats/container.h"
#include "common/formats/container_layout.h"
#include "tests/fuzz/one_line.h"

namespace convoy::formats {
namespace {

// A container around any content.
std::string Wrapped(FuzzedDataProvider* provider) {
  std::string parts[6];
  for (std::string& part : parts) part = provider->ConsumeRandomLengthString();
  ContainerWriter writer(ContainerKind::kCheckpoint);
  writer.AddSection("model", parts[0]);
  writer.AddSection("training", parts[1]);
  writer.AddSection("weights", parts[2]);
  writer.AddSection("slot/m", parts[3]);
  writer.AddSection("best_weights", parts[4]);
  writer.AddSection("run", parts[5], Coverage::kNotCovered);
  return writer.Finish();
}

// Any bytes, of which the magic and the checksums of header and table are made right.
std::string Repaired(FuzzedDataProvider* provider) {
  std::string bytes = provider->ConsumeRemainingBytesAsString();
  if (bytes.size() < internal::kHeaderBytes) return bytes;
  std::copy(internal::kMagic.begin(), internal::kMagic.end(), bytes.begin());
  const std::string_view view(bytes);
  const size_t count = internal::Load<uint32_t>(view, internal::kNumSectionsOffset);
  const std::string_view table =
      view.substr(internal::kHeaderBytes, std::min(count, kMaxSections) * internal::kEntryBytes);
  internal::Store<uint64_t>(bytes.size(), bytes.data(), internal::kFileBytesOffset);
  internal::Store<uint32_t>(internal::Crc32(table), bytes.data(), internal::kTableCrcOffset);
  internal::Store<uint32_t>(internal::Crc32(view.substr(0, internal::kHeaderCrcOffset)),
                            bytes.data(), internal::kHeaderCrcOffset);
  return bytes;
}

void CheckDecoding(std::string bytes) {
  const absl::StatusOr<Checkpoint> checkpoint = DecodeCheckpoint(std::move(bytes), "NAME");
  if (!checkpoint.ok()) return CheckOneLineThatNames("NAME: ", checkpoint.status());
  std::string written;
  CONVOY_CHECK(EncodeCheckpoint(*checkpoint, &written).ok());
  std::string again;
  CONVOY_CHECK(EncodeCheckpoint(*DecodeCheckpoint(written, "NAME"), &again).ok());
  CONVOY_CHECK(written == again);
}

}  // namespace
}  // namespace convoy::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider provider(data, size);
  const bool wrapped = provider.ConsumeBool();
  convoy::formats::CheckDecoding(wrapped ? convoy::formats::Wrapped(&provider)
                                         : convoy::formats::Repaired(&provider));
  return 0;
}
