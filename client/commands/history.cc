#include "client/commands/history.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/local/run_directory.h"
#include "client/view/text.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

std::string Number(const Json& value) {
  return value.is_number() ? absl::StrFormat("%.4f", value.get<double>()) : "-";
}

// A line an epoch, counted from 1 as the trainer's terminal does.
std::string HistoryTable(const Json& history) {
  std::vector<std::string> headers = {"epoch"};
  for (const auto& [name, values] : history.items()) headers.push_back(name);
  Table table(headers, std::vector<Align>(headers.size(), Align::kRight));
  const size_t epochs = history.empty() ? 0 : history.begin()->size();
  for (size_t epoch = 0; epoch < epochs; ++epoch) {
    std::vector<std::string> row = {absl::StrCat(epoch + 1)};
    for (const Json& values : history) row.push_back(Number(values[epoch]));
    table.AddRow(std::move(row));
  }
  return table.ToText();
}

class History : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("JOB", &job_, "a run directory such as runs/first");
  }

  std::string Details() const override {
    return "Loss and accuracy of each finished epoch. With --json the object that Keras returns "
           "as\n"
           "History.history: {\"loss\": [...], \"accuracy\": [...], \"val_loss\": [...], ...}.\n\n"
           "Examples:\n"
           "  convoy history runs/first\n"
           "  convoy history runs/first --json > history.json";
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const Json history, ReadRunHistory(job_));
    const std::string text = context.json ? history.dump() + "\n" : HistoryTable(history);
    std::fputs(text.c_str(), context.out);
    return absl::OkStatus();
  }

 private:
  std::string job_;
};

}  // namespace

std::unique_ptr<Command> NewHistory() { return std::make_unique<History>(); }

}  // namespace convoy::client
