#include "client/names/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Works in a directory of its own that holds runs/first and runs/second, of which second is newer.
class NamesTest : public ::testing::Test {
 protected:
  NamesTest() : before_(fs::current_path()) {
    const fs::path here = fs::path(::testing::TempDir()) / "convoy_names";
    fs::remove_all(here);
    fs::create_directories(here);
    fs::current_path(here);
    MakeRun("runs/first");
    MakeRun("runs/second");
    fs::last_write_time("runs/first/summary.json",
                        fs::last_write_time("runs/second/summary.json") - std::chrono::hours(1));
    context_.err = std::tmpfile();
  }
  ~NamesTest() override {
    std::fclose(context_.err);
    fs::current_path(before_);
  }

  static void Write(const std::string& path) { std::ofstream(path) << "x"; }
  static void MakeRun(const std::string& path) {
    fs::create_directories(path);
    Write(path + "/summary.json");
    Write(path + "/model.convoy");
  }

  std::string Error(const std::string& named, WantedThing wanted) const {
    const auto place = FindPlace(named, wanted, context_);
    EXPECT_EQ(place.status().code(), absl::StatusCode::kNotFound) << named;
    return std::string(place.status().message());
  }
  Place Found(const std::string& named) const {
    const auto place = FindPlace(named, WantedThing::kJob, context_);
    EXPECT_TRUE(place.ok()) << place.status();
    return place.value_or(Place());
  }

  Context context_;
  fs::path before_;
};

TEST_F(NamesTest, NoNameIsTheNewestRunAndANoteSaysSo) {
  EXPECT_TRUE(Found("").here);
  EXPECT_EQ(Found("").name, "runs/second");
  std::rewind(context_.err);
  char line[200] = "";
  ASSERT_NE(std::fgets(line, sizeof line, context_.err), nullptr);
  EXPECT_THAT(line, HasSubstr("runs/second"));
}

TEST_F(NamesTest, NoNameIsTheCoordinatorsWhereOneIsNamedOrNoRunIsHere) {
  context_.coordinator_named = true;
  EXPECT_FALSE(Found("").here);
  context_.coordinator_named = false;
  fs::remove_all("runs");
  EXPECT_FALSE(Found("").here);
}

TEST_F(NamesTest, PlainNameIsARunOfRuns) {
  EXPECT_EQ(Found("first").name, "runs/first");
  EXPECT_TRUE(Found("first").here);
  EXPECT_FALSE(Found("third").here);
  MakeRun("first");  // nearer
  EXPECT_EQ(Found("first").name, "first");
}

TEST_F(NamesTest, PlainNameIsTheCoordinatorsWhereOneIsNamed) {
  context_.coordinator_named = true;
  EXPECT_FALSE(Found("first").here);
  EXPECT_TRUE(Found("runs/first").here);
  MakeRun("here");
  EXPECT_TRUE(Found("here").here);
  EXPECT_FALSE(Found("jobs/first").here);
}

TEST_F(NamesTest, WhatIsSomethingElseIsSaid) {
  fs::create_directories("models");
  for (const char* file : {"models/net.textproto", "README.md", "old.h5", "seven.png"}) Write(file);
  EXPECT_THAT(Error("runs", WantedThing::kJob),
              AllOf(HasSubstr("holds runs"), HasSubstr("runs/second")));
  EXPECT_THAT(Error("models/net.textproto", WantedThing::kModel), HasSubstr("convoy show"));
  EXPECT_THAT(Error("README.md", WantedThing::kModel),
              HasSubstr("neither a run directory nor a model"));
  EXPECT_THAT(Error("old.h5", WantedThing::kModel), HasSubstr("convoy import"));
  EXPECT_THAT(Error("seven.png", WantedThing::kModel), HasSubstr("convoy predict"));
  EXPECT_THAT(Error("runs/first/model.convoy", WantedThing::kJob),
              HasSubstr("give its run, 'runs/first'"));
  EXPECT_TRUE(FindPlace("runs/first/model.convoy", WantedThing::kModel, context_)->here);
}

TEST_F(NamesTest, NamesNearbyAreOffered) {
  Write("vgg.textproto");
  EXPECT_THAT(Error("runs/frist", WantedThing::kJob), HasSubstr("did you mean 'runs/first'?"));
  EXPECT_THAT(Error("runs/first/modell.convoy", WantedThing::kModel),
              HasSubstr("runs/first/model.convoy"));
  EXPECT_THAT(Error("runs/none/", WantedThing::kJob), HasSubstr("no such directory; give a run"));
  const absl::Status away = absl::UnavailableError("nobody answers");
  EXPECT_THAT(ExplainMissing(away, "frist", context_).message(), HasSubstr("'runs/first'"));
  EXPECT_THAT(ExplainMissing(away, "vgg", context_).message(), HasSubstr("'vgg.textproto'"));
  EXPECT_THAT(ExplainMissing(away, "", context_).message(), HasSubstr("no run in ./runs"));
  context_.coordinator_named = true;
  EXPECT_EQ(ExplainMissing(away, "frist", context_), away);
  EXPECT_THAT(ExplainMissing(absl::NotFoundError("no job"), "first", context_).message(),
              HasSubstr("'runs/first'"));
}

TEST_F(NamesTest, ListsShowOneRunOrThoseOfADirectory) {
  const auto list = [&](const std::string& named) {
    return FindRuns(named, context_)->value_or(std::vector<std::string>());
  };
  EXPECT_EQ(list("first"), std::vector<std::string>{"runs/first"});
  EXPECT_EQ(list("runs").size(), 2u);
  EXPECT_EQ(list(""), list("runs"));
  EXPECT_TRUE(list("runs/first/..").size() == 2);
  EXPECT_FALSE(FindRuns("runs/third", context_).ok());
  EXPECT_FALSE(FindRuns("runs/first/model.convoy", context_).ok());
  context_.coordinator_named = true;
  EXPECT_FALSE(FindRuns("", context_)->has_value());
}

}  // namespace
}  // namespace convoy::client
