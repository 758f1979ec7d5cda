// The kernels of one instruction set: every function of the list, in every way it runs.
#pragma once

#include "../functions.h"
#include "../math/cells.h"
#include "../math/inverse.h"
#include "../math/relu.h"
#include "../math/secondDerivative.h"
#include "../math/sigmoid.h"
#include "../math/softplus.h"
#include "../math/threshold.h"
#include "apply.h"

namespace softplus {

template <class Simd>
struct KernelsOf {
  using Table = typename Simd::Table;

  struct softplus {
    static void plain(const float* x, float* y, size_t count, Options) {
      apply<Simd>(Softplus<Simd>{Table::template of<softplusCells>(), {}}, x, y, count);
    }
    static void thresholded(const float* x, float* y, size_t count, Options o) {
      const Softplus<Simd> f{Table::template of<softplusCells>(), {}};
      apply<Simd>(Thresholded<Softplus<Simd>>{f, o.threshold}, x, y, count);
    }
    static void scaled(const float* x, float* y, size_t count, Options o) {
      const ScaledSoftplus<Simd> f{Table::template of<softplusCells>(), {o.beta}, 1.0 / o.beta};
      apply<Simd>(Thresholded<ScaledSoftplus<Simd>>{f, o.threshold}, x, y, count);
    }
  };

  struct derivative {
    static void plain(const float* x, float* y, size_t count, Options) {
      apply<Simd>(Sigmoid<Simd, Plain>{Table::template of<sigmoidCells>(), {}}, x, y, count);
    }
    static void thresholded(const float* x, float* y, size_t count, Options o) {
      const Sigmoid<Simd, Plain> f{Table::template of<sigmoidCells>(), {}};
      apply<Simd>(Thresholded<Sigmoid<Simd, Plain>>{f, o.threshold}, x, y, count);
    }
    static void scaled(const float* x, float* y, size_t count, Options o) {
      const Sigmoid<Simd, Scaled> f{Table::template of<sigmoidCells>(), {o.beta}};
      apply<Simd>(Thresholded<Sigmoid<Simd, Scaled>>{f, o.threshold}, x, y, count);
    }
  };

  struct secondDerivative {
    static void plain(const float* x, float* y, size_t count, Options) {
      apply<Simd>(SecondDerivative<Simd>{Table::template of<secondDerivativeCells>(), {}}, x, y, count);
    }
    static void thresholded(const float* x, float* y, size_t count, Options o) {
      const SecondDerivative<Simd> f{Table::template of<secondDerivativeCells>(), {}};
      apply<Simd>(Thresholded<SecondDerivative<Simd>>{f, o.threshold}, x, y, count);
    }
    static void scaled(const float* x, float* y, size_t count, Options o) {
      const ScaledSecondDerivative<Simd> f{Table::template of<secondDerivativeCells>(), {o.beta}};
      apply<Simd>(Thresholded<ScaledSecondDerivative<Simd>>{f, o.threshold}, x, y, count);
    }
  };

  struct inverse {
    static void plain(const float* x, float* y, size_t count, Options) { scaled(x, y, count, {1.0f, infinity}); }
    static void thresholded(const float* x, float* y, size_t count, Options o) {
      scaled(x, y, count, {1.0f, o.threshold});
    }
    static void scaled(const float* x, float* y, size_t count, Options o) {
      applyAt<Simd>(Inverse<Simd>{o.beta, o.threshold}, x, y, count);
    }
    static constexpr float infinity = std::numeric_limits<float>::infinity();
  };

  struct relu {
    static void plain(const float* x, float* y, size_t count, Options) { applyAt<Simd>(Relu<Simd>{}, x, y, count); }
    static constexpr Kernel thresholded = nullptr, scaled = nullptr;
  };

  struct reluDerivative {
    static void plain(const float* x, float* y, size_t count, Options) {
      applyAt<Simd>(ReluDerivative<Simd>{}, x, y, count);
    }
    static constexpr Kernel thresholded = nullptr, scaled = nullptr;
  };
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

#define SOFTPLUS_KERNELS(name) \
  {#name, KernelsOf<Simd>::name::plain, KernelsOf<Simd>::name::thresholded, KernelsOf<Simd>::name::scaled},

}  // namespace softplus
