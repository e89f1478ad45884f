// Puts fused blocks together: which forward pass takes a block, and by which backward pass its
// gradients are computed. Every choice follows from the block's sizes, and says why it was not made
// otherwise.
#include "common/kernels/conv/fused_block.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kernels/conv/direct_forward.h"
#include "common/kernels/conv/im2col_block.h"
#include "common/kernels/conv/narrow_backward.h"
#include "common/kernels/conv/padded_images.h"
#include "common/kernels/conv/sparse_backward.h"
#include "common/kernels/conv/winograd_backward.h"
#include "common/kernels/conv/winograd_forward.h"

namespace convoy::kernels {
namespace {

absl::Status SupportsFused(const ConvBlockGeometry& g) {
  if (!g.pooled) {
    if (g.conv.out_height >= 2 && g.conv.out_width >= 2) return absl::OkStatus();
    return absl::UnimplementedError("the output is narrower than two pixels");
  }
  if (!g.relu) return absl::UnimplementedError("there is no ReLU before the pool");
  const Pool2dGeometry& p = g.pool;
  if (p.pool_height != 2 || p.pool_width != 2 || p.stride_height != 2 || p.stride_width != 2) {
    return absl::UnimplementedError(absl::StrCat("the pool is ", p.pool_height, "x", p.pool_width,
                                                 " with stride ", p.stride_height, "x",
                                                 p.stride_width, ", not 2x2 with stride 2"));
  }
  if (p.pad_top != 0 || p.pad_left != 0 || 2 * p.out_height > g.conv.out_height ||
      2 * p.out_width > g.conv.out_width) {
    return absl::UnimplementedError("the pool's windows are padded");
  }
  return absl::OkStatus();
}

// A backward pass and why faster ones were not taken.
struct Backward {
  std::unique_ptr<ConvBackward> pass;
  std::vector<std::string> declined;
};

std::string Declined(std::string_view name, const absl::Status& reason) {
  return absl::StrCat(std::string(name), ": ", std::string(reason.message()));
}

// Through a pool: over the maxima only. Returns UNIMPLEMENTED where no way takes the block.
absl::StatusOr<Backward> CreatePooledBackward(const ConvBlockGeometry& g,
                                              const PaddedImages& images) {
  const absl::Status narrow = SupportsNarrowBackward(g);
  if (narrow.ok()) return Backward{CreateNarrowBackward(g, images), {}};
  CONVOY_RETURN_IF_ERROR(SupportsSparseBackward(g));
  return Backward{CreateSparseBackward(g, images), {Declined("narrow backward", narrow)}};
}

absl::StatusOr<std::unique_ptr<ConvBlock>> MakeBlock(const ConvBlockGeometry& g,
                                                     std::unique_ptr<ConvForward> forward,
                                                     absl::StatusOr<Backward> backward) {
  CONVOY_RETURN_IF_ERROR(backward.status());
  return std::make_unique<ConvBlock>(g, std::move(forward), std::move(backward->pass),
                                     std::move(backward->declined));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConvBlock>> CreateWinogradBlock(const ConvBlockGeometry& g) {
  CONVOY_RETURN_IF_ERROR(SupportsFused(g));
  CONVOY_RETURN_IF_ERROR(SupportsWinogradForward(g));
  const WinogradShape shape = WinogradShapeOf(g);
  const PaddedImages images(g.conv, shape.in_height(), shape.in_width());
  auto forward = CreateWinogradForward(g, shape, images);
  if (g.pooled) return MakeBlock(g, std::move(forward), CreatePooledBackward(g, images));
  const absl::Status winograd = SupportsWinogradBackward(g, shape);
  if (winograd.ok()) {
    return MakeBlock(g, std::move(forward), Backward{CreateWinogradBackward(g, shape, images), {}});
  }
  return MakeBlock(g, std::move(forward),
                   Backward{CreateIm2colBackward(g), {Declined("winograd backward", winograd)}});
}

absl::StatusOr<std::unique_ptr<ConvBlock>> CreateDirectBlock(const ConvBlockGeometry& g) {
  if (!g.relu) return absl::UnimplementedError("there is no ReLU behind the convolution");
  CONVOY_RETURN_IF_ERROR(SupportsFused(g));
  const PaddedImages images = DirectImages(g);
  auto forward = CreateDirectForward(g, images);
  if (g.pooled) return MakeBlock(g, std::move(forward), CreatePooledBackward(g, images));
  return MakeBlock(g, std::move(forward), Backward{CreateIm2colBackward(g), {}});
}

}  // namespace convoy::kernels
