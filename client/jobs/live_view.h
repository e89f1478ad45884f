// What `convoy watch` shows: a picture that is drawn over itself on a terminal, lines elsewhere.
#pragma once

#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "convoy/v1/job.pb.h"

namespace convoy::client {

// Values of the curves so far, in order.
struct Curves {
  std::vector<double> loss;
  std::vector<double> accuracy;
  std::vector<double> val_loss;
  std::vector<double> val_accuracy;

  // Appends the sample's metrics.
  void Add(const v1::MetricSample& sample);
};

// Returns the picture of a job: bars of the epoch and the whole, curves, `trouble` or the newest
// warning of the job, a line a rank. Bars and curves are as wide as `columns` let them be, other
// lines may be wider. Lines end in '\n'.
std::string LivePicture(const v1::Job& job, const Curves& curves, const std::string& trouble,
                        int columns);

// Draws pictures over one another. Thread-compatible.
class LiveView {
 public:
  // REQUIRES: `terminal` can redraw (terminal::Terminal).
  explicit LiveView(std::FILE* terminal) : terminal_(terminal) {}

  // Replaces the last picture by the one for so many columns; what is larger than the terminal is
  // cut.
  void Draw(const std::function<std::string(int columns)>& picture);

 private:
  std::FILE* terminal_;
  int lines_ = 0;  // of the last picture
};

// Turns states of a job into lines, each told once. Thread-compatible.
class PlainLines {
 public:
  // How many epochs have been told.
  int epochs_told() const { return epochs_told_; }

  // Returns the lines that are new: state, completed epochs, warnings. `epochs` are the job's
  // completed ones; may be empty while none is new.
  std::string Update(const v1::Job& job, const std::vector<v1::MetricSample>& epochs);

 private:
  std::string NewWarnings(const v1::Job& job);

  v1::Job::State state_ = v1::Job::STATE_UNSPECIFIED;
  int epochs_told_ = 0;
  std::set<std::string> told_;  // warnings, as bytes
};

}  // namespace convoy::client
