#include "common/exports/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/base/files.h"
#include "common/exports/exports_testing.h"
#include "common/exports/keras/keras_weights.h"
#include "common/nn/plan/network_testing.h"

namespace convoy::exports {
namespace {

using ::testing::HasSubstr;

constexpr ExportFormat kFormats[] = {ExportFormat::kKeras, ExportFormat::kTfjs,
                                     ExportFormat::kOnnx};

class ExportFixture : public ::testing::Test {
 protected:
  ExportFixture() : path_(::testing::TempDir() + "/export." + std::to_string(::getpid())) {}
  ~ExportFixture() override { std::filesystem::remove_all(path_); }

  // Writes `written` in one format and compares it with `model`.
  absl::StatusOr<ExportCheck> Check(ExportFormat format, const formats::ModelFile& written,
                                    const formats::ModelFile& model) {
    std::filesystem::remove_all(path_);
    const absl::Status status = WriteExport(format, path_, written);
    if (!status.ok()) return status;
    const nn::Network network = NetworkOfModel(model).value();
    const data::Dataset images = RandomImages(network, 20);
    return VerifyExport(format, path_, model, images.View());
  }

  std::string path_;
};

class ExportTest : public ExportFixture, public ::testing::WithParamInterface<nn::Network> {};

INSTANTIATE_TEST_SUITE_P(Networks, ExportTest, ::testing::ValuesIn(ExportNetworks()),
                         [](const auto& test) { return test.param.spec().name; });

TEST_P(ExportTest, WhatIsWrittenSaysTheSame) {
  const formats::ModelFile model = ModelOf(GetParam());
  for (const ExportFormat format : kFormats) {
    const absl::StatusOr<ExportCheck> check = Check(format, model, model);
    ASSERT_TRUE(check.ok()) << static_cast<int>(format) << ": " << check.status();
    EXPECT_EQ(check->images, 20);
    EXPECT_LT(check->largest_difference, 3e-6);
  }
}

TEST_P(ExportTest, WrongFlattenOrderIsFound) {
  if (!HasFlattenOrder(GetParam())) return;
  const formats::ModelFile model = ModelOf(GetParam());
  for (const ExportFormat format : kFormats) {
    const absl::Status status = Check(format, WithFlattenInChw(model), model).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("a probability differs by"));
  }
}

TEST_P(ExportTest, WrongKernelLayoutIsFound) {
  if (!HasKernelOrder(GetParam())) return;
  const formats::ModelFile model = ModelOf(GetParam());
  for (const ExportFormat format : kFormats) {
    const absl::Status status = Check(format, WithKernelsInOihw(model), model).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  }
}

TEST(ExportNetworksTest, ManyOfThemHaveAnOrderToGetWrong) {
  const std::vector<nn::Network> networks = ExportNetworks();
  EXPECT_GE(std::count_if(networks.begin(), networks.end(), HasFlattenOrder), 8);
  EXPECT_GE(std::count_if(networks.begin(), networks.end(), HasKernelOrder), 8);
}

TEST(ExportFormatTest, NamesAreKnownAndOthersAreNot) {
  EXPECT_EQ(ParseExportFormat("keras").value(), ExportFormat::kKeras);
  EXPECT_EQ(ParseExportFormat("tfjs").value(), ExportFormat::kTfjs);
  EXPECT_EQ(ParseExportFormat("onnx").value(), ExportFormat::kOnnx);
  EXPECT_THAT(std::string(ParseExportFormat("onx").status().message()), HasSubstr("onnx"));
  EXPECT_EQ(ParseExportFormat("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(VerifyExportTest, ImagesMustFitAndBeThere) {
  const formats::ModelFile model = BuiltinModel("notebook");
  const formats::ModelFile small = ModelOf(ExportNetworks()[0]);
  const data::Dataset images = RandomImages(NetworkOfModel(small).value(), 2);
  const std::string path = "/nonexistent/model.onnx";
  EXPECT_THAT(
      std::string(VerifyExport(ExportFormat::kOnnx, path, model, images.View()).status().message()),
      HasSubstr("the images are (9, 7, 3), but the network takes (28, 28, 1)"));
  EXPECT_EQ(VerifyExport(ExportFormat::kOnnx, path, small, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  for (const ExportFormat format : kFormats) {
    EXPECT_EQ(VerifyExport(format, path, small, images.View()).status().code(),
              absl::StatusCode::kNotFound);
  }
}

TEST_F(ExportFixture, GroupNormalizationIsRefusedWhereAFormatHasNone) {
  const formats::ModelFile model = ModelOf(GroupNormalizedNetwork());
  for (const ExportFormat format : {ExportFormat::kKeras, ExportFormat::kOnnx}) {
    const absl::StatusOr<ExportCheck> check = Check(format, model, model);
    EXPECT_TRUE(check.ok()) << check.status();
  }
  const absl::Status refused = Check(ExportFormat::kTfjs, model, model).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("TensorFlow.js has no group normalization"));
}

}  // namespace
}  // namespace convoy::exports
