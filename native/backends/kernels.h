// The kernels of one instruction set: every function of the list, in every way it runs.
#pragma once

#include "../functions.h"
#include "../functions/inverse.h"
#include "../functions/relu.h"
#include "../functions/secondDerivative.h"
#include "../functions/sigmoid.h"
#include "../functions/softplus.h"
#include "../functions/threshold.h"
#include "apply.h"

namespace softplus {

template <class Simd, class Function>
void run(const float* x, float* y, size_t count, Options options) {
  apply<Simd>(Function::of(options), x, y, count);
}

template <class Simd, class Function>
void runAt(const float* x, float* y, size_t count, Options options) {
  applyAt<Simd>(Function::of(options), x, y, count);
}

template <class Simd, class Value, class Slope>
void runBoth(const float* x, float* value, float* slope, size_t count, Options options) {
  applyBoth<Simd>(Value::of(options), Slope::of(options), x, value, slope, count);
}

// A function whose beta is 1, and the one for every other.
template <class Simd, class Function, class ScaledFunction>
constexpr Ways<Kernel> inThreeWays = {run<Simd, Function>, run<Simd, Thresholded<Function>>,
                                      run<Simd, Thresholded<ScaledFunction>>};

template <class Simd>
struct KernelsOf {
  using Slope = Sigmoid<Simd, Plain>;
  using ScaledSlope = Sigmoid<Simd, Scaled>;

  static constexpr Ways<Kernel> softplus = inThreeWays<Simd, Softplus<Simd>, ScaledSoftplus<Simd>>;
  static constexpr Ways<Kernel> derivative = inThreeWays<Simd, Slope, ScaledSlope>;
  static constexpr Ways<Kernel> secondDerivative =
      inThreeWays<Simd, SecondDerivative<Simd>, ScaledSecondDerivative<Simd>>;
  static constexpr Kernel plainInverse = runAt<Simd, Inverse<Simd, false>>;
  static constexpr Ways<Kernel> inverse = {plainInverse, plainInverse, runAt<Simd, Inverse<Simd, true>>};
  static constexpr Ways<Kernel> relu = {runAt<Simd, Relu<Simd>>, nullptr, nullptr};
  static constexpr Ways<Kernel> reluDerivative = {runAt<Simd, ReluDerivative<Simd>>, nullptr, nullptr};

  static constexpr Ways<WithDerivativeKernel> withDerivative = {
      runBoth<Simd, Softplus<Simd>, Slope>, runBoth<Simd, Thresholded<Softplus<Simd>>, Thresholded<Slope>>,
      runBoth<Simd, Thresholded<ScaledSoftplus<Simd>>, Thresholded<ScaledSlope>>};
};

// A block at a time, whose slopes stay in the first-level cache. What is in y's place is read before it is written.
template <class Simd>
void backward(Kernel derivative, const float* x, const float* grad, float* y, size_t count, Options options) {
  using Lanes = typename Simd::Lanes;
  constexpr size_t length = 256;
  alignas(64) float slopes[length] = {};
  for (size_t start = 0; start < count; start += length) {
    const size_t n = count - start < length ? count - start : length;
    derivative(x + start, slopes, n, options);
    map<Lanes>(grad + start, y + start, n,
               [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return lanes * Lanes::load(slopes + i); });
  }
}

template <class Simd>
constexpr Backend backendOf(const char* name) {
#define SOFTPLUS_KERNELS(function, bound, boundWithBeta) {#function, KernelsOf<Simd>::function},
  return {name, {SOFTPLUS_FUNCTIONS(SOFTPLUS_KERNELS)}, backward<Simd>, KernelsOf<Simd>::withDerivative};
#undef SOFTPLUS_KERNELS
}

}  // namespace softplus
