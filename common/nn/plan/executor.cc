#include "common/nn/plan/executor.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/stopwatch.h"
#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::nn {
namespace {

void Tell(const GradientTarget& target, PassListener::Part part, size_t stage = 0) {
  if (target.listener != nullptr) target.listener->OnDone(part, stage);
}

}  // namespace

Executor::Executor(const Plan& plan, int max_images) : plan_(plan), max_images_(max_images) {
  CONVOY_CHECK_GE(max_images, 1);
  const auto images = static_cast<size_t>(max_images);
  size_t largest = 0;
  int64_t scratch_bytes = 0;
  activations_.emplace_back(images * static_cast<size_t>(plan.network().input_elems()));
  for (const Plan::Stage& stage : plan.stages()) {
    activations_.emplace_back(images * static_cast<size_t>(stage.dst_elems));
    saved_.emplace_back(static_cast<size_t>(stage.operation->SavedBytes(max_images)));
    d_skips_.emplace_back(stage.feeds_skip ? images * static_cast<size_t>(stage.dst_elems) : 0);
    scratch_bytes = std::max(scratch_bytes, stage.operation->ScratchBytes(max_images));
    largest = std::max(
        {largest, static_cast<size_t>(stage.src_elems), static_cast<size_t>(stage.dst_elems)});
  }
  scratch_ = AlignedBuffer<std::byte>(static_cast<size_t>(scratch_bytes));
  d_dst_ = AlignedBuffer<float>(images * largest);
  d_src_ = AlignedBuffer<float>(images * largest);
}

kernels::LossSums Executor::Train(const PreparedWeights& weights, const Pass& images,
                                  const ImageBatch& batch, const GradientTarget& target) {
  CONVOY_CHECK_EQ(images.num_images, batch.num_images);
  Pass pass = images;
  pass.pixels = batch.pixels;
  Stopwatch watch;
  LoadPixels(batch);
  Tell(target, PassListener::Part::kPixels);
  seconds_.data += watch.Lap();
  const auto& stages = plan_.stages();
  for (size_t i = 0; i < stages.size(); ++i) {
    stages[i].operation->Forward(pass, MemoryOf(weights, i), activations_[i].data(),
                                 activations_[i + 1].data());
    Tell(target, PassListener::Part::kForward, i);
  }
  const kernels::LossSums sums =
      kernels::SoftmaxCrossEntropy(batch.num_images, plan_.network().num_classes(),
                                   activations_.back().data(), batch.labels, d_dst_.data(),
                                   /*loss_per_image=*/nullptr, pass.label_smoothing);
  Tell(target, PassListener::Part::kLoss);
  seconds_.forward += watch.Lap();
  Backward(weights, pass, target);
  seconds_.backward += watch.Lap();
  return sums;
}

void Executor::Backward(const PreparedWeights& weights, const Pass& pass,
                        const GradientTarget& target) {
  const auto& stages = plan_.stages();
  for (AlignedBuffer<float>& d_skip : d_skips_) {
    std::fill(d_skip.data(), d_skip.data() + d_skip.size(), 0.0f);
  }
  for (size_t i = stages.size(); i-- > 0;) {
    if (stages[i].feeds_skip) {
      const int64_t elems = pass.num_images * stages[i].dst_elems;
      for (int64_t k = 0; k < elems; ++k) d_dst_.data()[k] += d_skips_[i].data()[k];
    }
    // Nobody asks for the gradient of the images themselves.
    float* d_src = i == 0 ? nullptr : d_src_.data();
    const float* src = activations_[i].data();
    const float* dst = activations_[i + 1].data();
    const Operation& operation = *stages[i].operation;
    if (target.factors != nullptr && target.factors[i].src != nullptr) {
      operation.BackwardToFactors(pass, MemoryOf(weights, i), src, dst, d_dst_.data(), d_src,
                                  target.gradient, target.factors[i]);
    } else {
      operation.Backward(pass, MemoryOf(weights, i), src, dst, d_dst_.data(), d_src,
                         target.gradient);
    }
    std::swap(d_dst_, d_src_);
    Tell(target, PassListener::Part::kBackward, i);
    if (target.listener != nullptr && stages[i].has_parameters) {
      target.listener->OnGradientFrom(stages[i].parameters_begin);
    }
  }
}

kernels::LossSums Executor::Evaluate(const PreparedWeights& weights, const ImageBatch& batch) {
  const float* logits = Infer(weights, batch);
  return kernels::SoftmaxCrossEntropy(batch.num_images, plan_.network().num_classes(), logits,
                                      batch.labels, /*d_logits=*/nullptr,
                                      /*loss_per_image=*/nullptr);
}

void Executor::Predict(const PreparedWeights& weights, const ImageBatch& batch,
                       float* probabilities) {
  const int classes = plan_.network().num_classes();
  for (int first = 0; first < batch.num_images; first += max_images_) {
    const int count = std::min(max_images_, batch.num_images - first);
    const float* logits =
        Infer(weights, {.num_images = count, .pixels = batch.pixels + first, .labels = nullptr});
    kernels::Softmax(count, classes, logits, probabilities + int64_t{first} * classes);
  }
}

const float* Executor::Infer(const PreparedWeights& weights, const ImageBatch& batch) {
  LoadPixels(batch);
  const Pass pass{.num_images = batch.num_images, .pixels = batch.pixels};
  const auto& stages = plan_.stages();
  for (size_t i = 0; i < stages.size(); ++i) {
    stages[i].operation->Infer(pass, MemoryOf(weights, i), activations_[i].data(),
                               activations_[i + 1].data());
  }
  return activations_.back().data();
}

void Executor::LoadPixels(const ImageBatch& batch) {
  CONVOY_CHECK_LE(batch.num_images, max_images_);
  if (plan_.stages().front().operation->takes_pixels()) return;
  const int64_t elems = plan_.network().input_elems();
  for (int i = 0; i < batch.num_images; ++i) {
    kernels::Uint8ToUnitFloat(batch.pixels[i], activations_[0].data() + i * elems, elems);
  }
}

OperationMemory Executor::MemoryOf(const PreparedWeights& weights, size_t stage) {
  OperationMemory memory{.weights = weights.weights,
                         .prepared = weights.prepared + plan_.stages()[stage].prepared_offset,
                         .saved = saved_[stage].data(),
                         .scratch = scratch_.data()};
  const int skip = plan_.stages()[stage].skip;
  if (skip >= 0) memory.skip = activations_[static_cast<size_t>(skip)].data();
  if (skip > 0) memory.d_skip = d_skips_[static_cast<size_t>(skip) - 1].data();
  return memory;
}

}  // namespace convoy::nn
