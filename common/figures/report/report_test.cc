#include "common/figures/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/evaluate/evaluate_testing.h"
#include "common/figures/report/html.h"
#include "common/figures/report/report_texts.h"

namespace convoy::gallery {
namespace {

using figures::Language;
using ::testing::HasSubstr;
using ::testing::Not;

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "report_test/my run";
    std::filesystem::remove_all(directory_);
    ASSERT_TRUE(CreateDirectories(directory_).ok());
    Put("summary.json", R"({"state": "succeeded", "seed": 7, "world_size": 2, "data": "mnist",
                               "threads": [1, 1], "rank_hosts": ["<pc>", "b"]})");
    Put("recipe.textproto", "epochs: 1 # <b>\n");
    Put("history.json", R"({"loss": [0.5], "accuracy": [0.75]})");
    ASSERT_TRUE(
        formats::WriteModel(directory_ + "/model.convoy", evaluate::UntrainedModelFile("notebook"))
            .ok());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Put(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomically(directory_ + "/" + name, content).ok());
  }

  absl::StatusOr<std::vector<ReportFile>> Make(Language language, int threads = 1) {
    CONVOY_ASSIGN_OR_RETURN(const RunFiles run, ReadRun(directory_));
    return MakeReport(run, data_.View(), data_.View(), {.language = language, .threads = threads});
  }

  std::string directory_;
  const data::Dataset data_ = evaluate::NoiseDataset(40);
};

TEST_F(ReportTest, PageNeedsNoOtherFileAndEscapesWhatItShows) {
  const auto files = Make(Language::kEnglish);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->back().name, "report.html");
  const std::string& page = files->back().content;
  const auto holds = [&page](const std::string& text) { return absl::StrContains(page, text); };
  EXPECT_TRUE(holds("<html lang=\"en\">"));
  EXPECT_TRUE(holds("Report of the run my run"));
  EXPECT_TRUE(holds("epochs: 1 # &lt;b&gt;"));
  EXPECT_TRUE(holds("<td>&lt;pc&gt;, b</td>"));
  EXPECT_TRUE(holds(" conv1 (Conv2D)"));
  EXPECT_TRUE(holds(absl::StrCat("convoy export &#39;", directory_, "&#39; --format keras")));
  EXPECT_FALSE(holds("src=\"figures"));
  EXPECT_FALSE(holds("http"));
}

TEST_F(ReportTest, HasEveryFigureInBothFormats) {
  const auto files = Make(Language::kEnglish);
  ASSERT_TRUE(files.ok()) << files.status();
  std::set<std::string> names;
  for (const ReportFile& file : *files) names.insert(file.name);
  for (const std::string name :
       {"samples", "curves", "confusion", "mistakes", "filters-conv1", "filters-conv2",
        "feature-maps-conv1", "feature-maps-pool2", "occlusion", "noise", "noise-curve"}) {
    EXPECT_EQ(names.count("figures/" + name + ".png"), 1u) << name;
    EXPECT_EQ(names.count("figures/" + name + ".svg"), 1u) << name;
  }
}

TEST_F(ReportTest, OfVeryManyClassesTheWorstAreSeenAtOnce) {
  ASSERT_TRUE(
      formats::WriteModel(directory_ + "/model.convoy", evaluate::ManyClassesModelFile(1000)).ok());
  const auto files = Make(Language::kEnglish);
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string& page = files->back().content;
  const size_t worst = page.find("The 10 of 1,000 classes that the network tells apart worst");
  const size_t all = page.find("<details><summary>All 1,000 classes</summary>");
  ASSERT_NE(worst, std::string::npos);
  ASSERT_NE(all, std::string::npos);
  const auto rows = [](std::string_view part) {
    int count = 0;
    for (size_t at = 0; (at = part.find("<tr><th scope=\"row\">sort ", at)) != part.npos; ++at) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(rows(std::string_view(page).substr(worst, all - worst)), 10);
  EXPECT_EQ(rows(std::string_view(page).substr(all)), 1000);
}

TEST_F(ReportTest, ShowsWhatPeopleCallTheRun) {
  EXPECT_THAT(Make(Language::kEnglish)->back().content, Not(HasSubstr(">tags<")));
  ASSERT_TRUE(run::WriteLabels(directory_, {.name = "wide <kernels>",
                                            .tags = {"lab3", "été"},
                                            .note = "too few epochs",
                                            .time = absl::FromUnixSeconds(1)})
                  .ok());
  const std::string page = Make(Language::kFrench)->back().content;
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">nom</th><td>wide &lt;kernels&gt;</td>"));
  EXPECT_THAT(page, HasSubstr("<td>lab3, été</td>"));
  EXPECT_THAT(page, HasSubstr("<td>too few epochs</td>"));
}

TEST_F(ReportTest, TellsWhatItDrawsUntilAllIsDone) {
  std::vector<std::string> figures;
  int expected = 0;
  int last = 0;
  const auto progress = [&](const std::string& figure, int done, int total) {
    EXPECT_EQ(done, expected++);
    figures.push_back(figure);
    last = total;
  };
  ASSERT_TRUE(WriteReport(directory_, data_.View(), data_.View(), {.progress = progress}).ok());
  EXPECT_EQ(expected, last);
  EXPECT_EQ(figures.front(), "samples");
  EXPECT_EQ(figures.back(), "noise-curve");
}

TEST_F(ReportTest, SameBytesAtAnyNumberOfThreads) {
  const auto one = Make(Language::kFrench, 1);
  const auto two = Make(Language::kFrench, 2);
  ASSERT_TRUE(one.ok() && two.ok());
  ASSERT_EQ(one->size(), two->size());
  for (size_t i = 0; i < one->size(); ++i) {
    EXPECT_TRUE((*one)[i].content == (*two)[i].content) << (*one)[i].name;
  }
  EXPECT_TRUE(absl::StrContains(one->back().content, "<html lang=\"fr\">"));
  EXPECT_TRUE(absl::StrContains(one->back().content, "Rapport de l&#39;entraînement my run"));
}

TEST_F(ReportTest, WriteReportLeavesTheFiles) {
  ASSERT_TRUE(WriteReport(directory_, data_.View(), data_.View(), {}).ok());
  EXPECT_TRUE(PathExists(directory_ + "/report.html"));
  EXPECT_TRUE(PathExists(directory_ + "/figures/confusion.svg"));
}

TEST_F(ReportTest, UnfinishedRunSaysHowToGoOn) {
  std::filesystem::remove(directory_ + "/model.convoy");
  const absl::Status status = ReadRun(directory_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--resume"));
  EXPECT_EQ(ReadRun(directory_ + "/nothing").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReportTest, BrokenFilesAreNamed) {
  Put("summary.json", "[]");
  EXPECT_THAT(std::string(ReadRun(directory_).status().message()),
              HasSubstr("/summary.json: is damaged"));
  Put("summary.json", R"({"state": "succeeded"})");
  for (const char* broken :
       {"", "{", "[]", "{\"a\": 1}", "{\"a\": [1], \"b\": [1, 2]}", "{\"a\": [\"x\"]}"}) {
    Put("history.json", broken);
    EXPECT_EQ(ReadRun(directory_).status().code(), absl::StatusCode::kDataLoss) << broken;
  }
}

TEST(HtmlTest, EscapesAndKeepsLines) {
  EXPECT_EQ(EscapeHtml("a<b>\n&\"'\x01"), "a&lt;b&gt;\n&amp;&quot;&#39;\uFFFD");
  EXPECT_EQ(EscapeHtml("\n"), "\n");
  EXPECT_EQ(EscapeHtml(""), "");
  EXPECT_EQ(TableToHtml({.header = {"a", "b"}, .rows = {{"<"}}}),
            "<div class=\"table\"><table>\n<thead><tr><th scope=\"col\">a</th><th "
            "scope=\"col\">b</th></tr>\n</thead>\n<tbody>\n<tr><th "
            "scope=\"row\">&lt;</th><td></td></tr>\n"
            "</tbody></table></div>\n");
}

TEST(ReportTextsTest, BothLanguagesHaveEveryTextWithTheSameHoles) {
  const auto words = [](Language language) {
    return reinterpret_cast<const char* const*>(&ReportTextsIn(language));
  };
  const auto holes = [](const std::string& text) {
    int count = 0;
    for (size_t at = 0; (at = text.find("%s", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  for (size_t i = 0; i < sizeof(ReportTexts) / sizeof(char*); ++i) {
    ASSERT_NE(words(Language::kEnglish)[i], nullptr);
    ASSERT_NE(words(Language::kFrench)[i], nullptr);
    EXPECT_EQ(holes(words(Language::kEnglish)[i]), holes(words(Language::kFrench)[i])) << i;
  }
}

}  // namespace
}  // namespace convoy::gallery
