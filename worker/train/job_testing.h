// A small job for tests: made-up images, a network that trains in milliseconds.
#pragma once

#include <string>

#include "worker/train/job.h"

namespace convoy::train {

// Images of `kTestClasses` classes, 6 x 6, which a network can tell apart: bright columns at a
// place that the class says, on noise.
inline constexpr int kTestClasses = 3;

// A recipe whose network is small; `more`, in text format, is added to it and goes before it.
v1::Recipe TestRecipe(const std::string& more = "");

// A job that trains `recipe` on 53 images, validates on 17 and tests on 20. CHECKs that it can.
Job TestJob(const v1::Recipe& recipe);

// Writes the same images as MNIST's four files into a new directory; returns its path.
std::string WriteTestData(const std::string& name);

}  // namespace convoy::train
