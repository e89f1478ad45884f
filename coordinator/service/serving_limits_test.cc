// What ModelService and the Open Inference Protocol refuse, and how much they take at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/images/png.h"
#include "coordinator/service/serving_testing.h"

namespace convoy::coordinator {
namespace {

// The methods of both services only read, so the table must have them all; but for the one that
// waits in the batcher, which has limits of its own.
TEST_F(ServingTest, EveryMethodIsOpenToAll) {
  for (const auto* service : {v1::ListModelsRequest::descriptor()->file()->service(0),
                              inference::ServerLiveRequest::descriptor()->file()->service(0)}) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->name() == "ModelInfer") continue;
      grpc::ServerContext context;
      EXPECT_TRUE(
          gate_.Enter(context, absl::StrCat(service->full_name(), "/", service->method(i)->name()))
              .ok())
          << service->method(i)->full_name();
    }
  }
}

TEST_F(ServingTest, EvaluationsThatWaitAreCounted) {
  using Stub = v1::ModelService::StubInterface;
  absl::Notification waits;
  absl::Notification go_on;
  source_.BeforeRead([&](const std::string&) {
    waits.Notify();
    go_on.WaitForNotification();
  });
  source_.Put("slow", "1", bytes_);
  v1::EvaluateModelRequest request;
  request.set_name("models/slow");
  // The only place is taken by a call that waits for the disk.
  std::thread first([&] {
    v1::EvaluateModelResponse response;
    EXPECT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, request, &response).ok());
  });
  waits.WaitForNotification();
  v1::EvaluateModelResponse response;
  ExpectError(Call<Stub>(*model_stub_, &Stub::EvaluateModel, request, &response),
              grpc::RESOURCE_EXHAUSTED, "1 such calls");
  v1::ListModelsResponse listed;
  EXPECT_TRUE(Call<Stub>(*model_stub_, &Stub::ListModels, {}, &listed).ok());
  go_on.Notify();
  first.join();
  EXPECT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, request, &response).ok());
}

TEST_F(ServingTest, ADamagedFileIsToldAtTheEndOfItsDownload) {
  source_.Put("broken", "1", bytes_);
  source_.Damage("broken");
  v1::DownloadModelRequest download;
  download.set_name("models/broken");
  grpc::ClientContext context;
  const auto reader = model_stub_->DownloadModel(&context, download);
  v1::DownloadModelResponse message;
  while (reader->Read(&message)) {
  }
  ExpectError(reader->Finish(), grpc::DATA_LOSS, "damaged");
}

// 1,024 pictures of 25 million pixels each are 3 MB on the wire and minutes of a core.
TEST_F(ServingTest, PicturesOfARequestAreBoundedTogether) {
  v1::PredictRequest request;
  request.set_name(kModel);
  images::GreyImage large;
  large.height = large.width = 5000;
  large.pixels.resize(25'000'000, 255);
  for (size_t row = 1000; row < 4000; ++row) {
    std::fill_n(large.pixels.begin() + static_cast<ptrdiff_t>(row * 5000 + 2300), 400, uint8_t{0});
  }
  const std::string png = images::EncodePng(large);
  for (int i = 0; i < 3; ++i) request.add_images()->set_png(png);
  v1::PredictResponse response;
  ExpectError(Predict(request, &response), grpc::RESOURCE_EXHAUSTED, "images[2]");
}

}  // namespace
}  // namespace convoy::coordinator
