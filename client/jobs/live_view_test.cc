#include "client/jobs/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/jobs/job_testing.h"

namespace convoy::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::MetricSample Sample(int epoch, double loss, double accuracy) {
  v1::MetricSample sample;
  sample.set_epoch(epoch);
  v1::Metric* metric = sample.add_metrics();
  metric->set_name("loss");
  metric->set_value(loss);
  metric = sample.add_metrics();
  metric->set_name("accuracy");
  metric->set_value(accuracy);
  return sample;
}

TEST(LivePictureTest, ShowsBothBarsCurvesRanksAndTheNewestWarning) {
  v1::Job job = SampleJob();
  AddWarning("old", &job);
  AddWarning("rank 1 is slow", &job);
  Curves curves;
  curves.Add(Sample(1, 1.0, 0.5));
  curves.Add(Sample(2, 0.25, 0.9));
  const std::string picture = LivePicture(job, curves, "", 79);
  EXPECT_THAT(picture, AllOf(HasSubstr("epoch 2/4 [===============>..............] - 5/10"),
                             HasSubstr("] - 37% - 1:15 left - 12,345 images/s"),
                             HasSubstr("loss            0.2500  █▁"),
                             HasSubstr("accuracy        90.00%  ▁█"), HasSubstr("pc2"),
                             HasSubstr("! rank 1 is slow"), Not(HasSubstr("old"))));
}

TEST(LivePictureTest, TroubleIsShownInsteadOfWarnings) {
  v1::Job job = SampleJob();
  AddWarning("old", &job);
  EXPECT_THAT(LivePicture(job, Curves(), "nobody answers", 79),
              AllOf(HasSubstr("! nobody answers\n"), Not(HasSubstr("old"))));
}

TEST(LiveViewTest, DrawsOverTheLastPicture) {
  std::FILE* file = std::tmpfile();
  LiveView view(file);
  view.Draw([](int) { return "a\nb\n"; });
  view.Draw([](int) { return "c\n"; });
  std::rewind(file);
  std::string shown(64, '\0');
  shown.resize(std::fread(shown.data(), 1, shown.size(), file));
  std::fclose(file);
  EXPECT_EQ(shown, "a\nb\n\033[2A\r\033[Jc\n");
}

TEST(PlainLinesTest, EachIsToldOnce) {
  PlainLines lines;
  v1::Job job = SampleJob();
  EXPECT_EQ(lines.Update(job, {Sample(1, 0.5, 0.75)}),
            "first: running with 2 ranks on pc1, pc2\n"
            "Epoch 1/4 - loss: 0.5000 - accuracy: 0.7500\n");
  EXPECT_EQ(lines.epochs_told(), 1);
  EXPECT_EQ(lines.Update(job, {Sample(1, 0.5, 0.75)}), "");
  AddWarning("rank 1 is slow", &job);
  EXPECT_EQ(lines.Update(job, {}), "warning: rank 1 is slow\n");
  EXPECT_EQ(lines.Update(job, {}), "");
}

TEST(PlainLinesTest, TheEndComesAfterItsEpochs) {
  PlainLines lines;
  v1::Job job = SampleJob();
  lines.Update(job, {});
  job.set_state(v1::Job::FAILED);
  job.set_error("disk full");
  EXPECT_EQ(lines.Update(job, {Sample(1, 0.5, 0.75)}),
            "Epoch 1/4 - loss: 0.5000 - accuracy: 0.7500\nfirst: failed: disk full\n");
}

}  // namespace
}  // namespace convoy::client
