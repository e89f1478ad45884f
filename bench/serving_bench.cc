// Measures the coordinator's predictions over gRPC: single images asked for by many clients, beside
// calls of an empty method with messages of the same sizes in the same server, in turn in the same
// run; the delays of single images at half that load; and batches. It first checks an answer.
//
//   serving_bench [SECONDS_A_MEASUREMENT] [ROUNDS]
//
// The clients are threads of this process, each with a connection of its own over the loopback
// interface, so they take from the same cores as the server does, in both kinds of calls alike. On
// a machine that does other work, too, the ratio of processor times says more than that of rates.
#include <grpcpp/create_channel.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/check.h"
#include "common/base/cpus.h"
#include "common/data/digits/generated_digits.h"
#include "common/evaluate/evaluate_testing.h"
#include "coordinator/batching/model_source_testing.h"
#include "coordinator/service/call_gate.h"
#include "coordinator/service/inference_service.h"
#include "inference/grpc_service.grpc.pb.h"

namespace convoy::coordinator {
namespace {

constexpr int kClients = 32;
constexpr int kBatch = 128;

using Infer = inference::GRPCInferenceService;

// The same method under another model's name, as long, answers at once with a prepared response.
// Everything else of the call, from the parsing of the request to the sending of the response, is
// the same.
class BenchedService final : public Infer::WithCallbackMethod_ModelInfer<Infer::Service> {
 public:
  explicit BenchedService(InferenceService& inference) : inference_(inference) {}

  void SetEmptyAnswer(const inference::ModelInferResponse& answer) { answer_ = answer; }

  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override {
    if (request->model_name() != "empty_") return inference_.ModelInfer(context, request, response);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    *response = answer_;
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  InferenceService& inference_;
  inference::ModelInferResponse answer_;
};

data::Dataset Digits(int count) {
  data::Dataset digits{.count = count, .height = 28, .width = 28, .channels = 1, .num_classes = 10};
  digits.pixels.resize(static_cast<size_t>(count) * 784);
  digits.labels.resize(static_cast<size_t>(count));
  data::GenerateDigits(/*seed=*/1, data::kGeneratedTestSplit, count, /*num_threads=*/1,
                       digits.pixels.data(), digits.labels.data());
  return digits;
}

inference::ModelInferRequest Request(const std::string& model, int images) {
  const data::Dataset data = Digits(images);
  inference::ModelInferRequest request;
  request.set_model_name(model);
  auto* input = request.add_inputs();
  input->set_name("input");
  input->set_datatype("UINT8");
  for (const int size : {images, 28, 28, 1}) input->add_shape(size);
  request.add_raw_input_contents(data.pixels.data(), data.pixels.size());
  return request;
}

struct Load {
  int clients = kClients;
  absl::Duration seconds;
  double calls_per_second = 0;  // of all clients together; 0: as fast as they are answered
};

struct Measured {
  double calls_per_second = 0;
  double cpu_microseconds = 0;       // of the process for a call, clients and server together
  std::vector<double> milliseconds;  // of each call, sorted

  double Percentile(double share) const {
    return milliseconds[static_cast<size_t>(share * static_cast<double>(milliseconds.size() - 1))];
  }
};

// Seconds of processor time that this process has had.
double CpuSeconds() {
  timespec time{};
  CONVOY_CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The server and its clients.
class Bench {
 public:
  Bench()
      : serving_(source_, Options()),
        inference_(serving_, gate_, [] { return true; }),
        service_(inference_) {
    source_.Put("lesson", "1",
                formats::EncodeModel(evaluate::UntrainedModelFile("notebook")).value());
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    CONVOY_CHECK(server_ != nullptr);
    for (int client = 0; client < kClients; ++client) {
      grpc::ChannelArguments arguments;
      arguments.SetInt("convoy.client", client);  // so that they do not share a connection
      stubs_.push_back(Infer::NewStub(grpc::CreateCustomChannel(
          "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments)));
    }
  }
  ~Bench() { server_->Shutdown(); }

  // Compares an answer with the network's, and takes it for the empty method.
  void CheckAnswer() {
    const inference::ModelInferResponse answer = Call(0, Request("lesson", 1));
    std::vector<float> expected(10);
    const data::Dataset data = Digits(1);
    const uint8_t* pixels = data.pixels.data();
    evaluate::Predictor(evaluate::UntrainedModel()).Predict(&pixels, 1, expected.data());
    CONVOY_CHECK_EQ(answer.raw_output_contents(0).size(), expected.size() * sizeof(float));
    CONVOY_CHECK_EQ(std::memcmp(answer.raw_output_contents(0).data(), expected.data(),
                                expected.size() * sizeof(float)),
                    0);
    service_.SetEmptyAnswer(answer);
  }

  inference::ModelInferResponse Call(int client, const inference::ModelInferRequest& request) {
    grpc::ClientContext context;
    inference::ModelInferResponse response;
    const grpc::Status status =
        stubs_[static_cast<size_t>(client)]->ModelInfer(&context, request, &response);
    if (!status.ok()) {
      std::fprintf(stderr, "serving_bench: %s\n", status.error_message().c_str());
      std::exit(1);
    }
    return response;
  }

  Measured Run(const inference::ModelInferRequest& request, const Load& load) {
    std::vector<std::vector<double>> times(static_cast<size_t>(load.clients));
    std::vector<std::thread> clients;
    const double cpu_begun = CpuSeconds();
    const absl::Time begun = absl::Now();
    for (int client = 0; client < load.clients; ++client) {
      clients.emplace_back([&, client] {
        RunClient(client, request, load, begun, &times[static_cast<size_t>(client)]);
      });
    }
    for (std::thread& client : clients) client.join();
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begun);
    Measured measured;
    for (const auto& own : times) {
      measured.milliseconds.insert(measured.milliseconds.end(), own.begin(), own.end());
    }
    std::sort(measured.milliseconds.begin(), measured.milliseconds.end());
    const auto calls = static_cast<double>(measured.milliseconds.size());
    measured.calls_per_second = calls / seconds;
    measured.cpu_microseconds = 1e6 * (CpuSeconds() - cpu_begun) / calls;
    return measured;
  }

 private:
  static ServingOptions Options() {
    ServingOptions options;
    options.batcher.threads = UsableCores();
    return options;
  }

  // At a given rate each client asks at its own fixed times; a late answer delays the next, and the
  // delay counts from when it should have been asked.
  void RunClient(int client, const inference::ModelInferRequest& request, const Load& load,
                 absl::Time begun, std::vector<double>* milliseconds) {
    const bool paced = load.calls_per_second > 0;
    const absl::Duration step =
        paced ? absl::Seconds(load.clients / load.calls_per_second) : absl::ZeroDuration();
    absl::Time next = begun + step * client / load.clients;
    while (absl::Now() - begun < load.seconds) {
      if (paced) {
        absl::SleepFor(next - absl::Now());
      } else {
        next = absl::Now();
      }
      Call(client, request);
      milliseconds->push_back(absl::ToDoubleMilliseconds(absl::Now() - next));
      next += step;
    }
  }

  FakeModelSource source_;
  Serving serving_;
  const TokenAuthenticator everybody_{""};
  CallGate gate_{everybody_, {}};
  InferenceService inference_;
  BenchedService service_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<Infer::Stub>> stubs_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Measure(absl::Duration seconds, int rounds) {
  Bench bench;
  bench.CheckAnswer();
  const inference::ModelInferRequest empty = Request("empty_", 1);
  const inference::ModelInferRequest single = Request("lesson", 1);
  const inference::ModelInferRequest batch = Request("lesson", kBatch);
  bench.Run(empty, {.seconds = seconds / 2});
  bench.Run(single, {.seconds = seconds / 2});
  std::vector<double> ratios;
  std::vector<double> cpu_ratios;
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const Measured nothing = bench.Run(empty, {.seconds = seconds});
    const Measured predictions = bench.Run(single, {.seconds = seconds});
    rates.push_back(predictions.calls_per_second);
    ratios.push_back(predictions.calls_per_second / nothing.calls_per_second);
    cpu_ratios.push_back(nothing.cpu_microseconds / predictions.cpu_microseconds);
    std::printf(
        "%d clients, one image: %6.0f predictions/s (%.1f us of CPU each), "
        "%6.0f empty calls/s (%.1f us), ratio %.3f\n",
        kClients, predictions.calls_per_second, predictions.cpu_microseconds,
        nothing.calls_per_second, nothing.cpu_microseconds, ratios.back());
  }
  std::printf("median ratio of rates %.3f, of processor times %.3f\n", Median(ratios),
              Median(cpu_ratios));
  const Measured half =
      bench.Run(single, {.seconds = seconds, .calls_per_second = Median(rates) / 2});
  std::printf("at half that load (%.0f/s): p50 %.2f ms, p99 %.2f ms\n", half.calls_per_second,
              half.Percentile(0.5), half.Percentile(0.99));
  const Measured batches = bench.Run(batch, {.clients = 4, .seconds = seconds});
  std::printf("4 clients, %d images: %.0f predictions/s\n", kBatch,
              kBatch * batches.calls_per_second);
}

}  // namespace
}  // namespace convoy::coordinator

int main(int argc, char** argv) {
  // As the coordinator does.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  double seconds = 1;
  int rounds = 11;
  if ((argc > 1 && !absl::SimpleAtod(argv[1], &seconds)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &rounds)) || argc > 3 || rounds < 1) {
    std::fprintf(stderr, "usage: serving_bench [SECONDS_A_MEASUREMENT] [ROUNDS]\n");
    return 2;
  }
  convoy::coordinator::Measure(absl::Seconds(seconds), rounds);
  return 0;
}
