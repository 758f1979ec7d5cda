// The kernels of one instruction set: every function of the list, in every way it runs.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../functions.h"
#include "apply.h"

namespace softplus {

template <class F>
constexpr bool hasCells = std::is_base_of_v<CellFunction<F>, F>;

template <class F, class Simd, bool hasBeta, bool isThresholded>
void compute(const float* x, float* y, size_t count, Scaling scaling) {
  using Lanes = typename Simd::Lanes;
  if constexpr (hasCells<F>) {
    apply(Evaluation<F, Simd, hasBeta, isThresholded>::of(scaling.beta, scaling.threshold), x, y, count);
  } else {
    map<Lanes>(x, y, count, [=](size_t, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      return F::template at<Simd, hasBeta>(lanes, scaling.beta, scaling.threshold);
    });
  }
}

// A function without cells has no kernel of its own for thresholds: it always looks at the threshold, or has none.
template <class F, class Simd>
constexpr Ways<Kernel> kernelsOf() {
  if constexpr (F::takesScaling)
    return {compute<F, Simd, false, false>, compute<F, Simd, false, hasCells<F>>, compute<F, Simd, true, hasCells<F>>};
  else
    return {compute<F, Simd, false, false>, nullptr, nullptr};
}

template <class Simd, bool hasBeta, bool isThresholded>
void computeWithDerivative(const float* x, float* value, float* derivative, size_t count, Scaling scaling) {
  applyBoth(Evaluation<functions::softplus, Simd, hasBeta, isThresholded>::of(scaling.beta, scaling.threshold),
            Evaluation<functions::derivative, Simd, hasBeta, isThresholded>::of(scaling.beta, scaling.threshold), x,
            value, derivative, count);
}

// One block after the other, whose derivatives stay in the first-level cache. grad is read before y is written, which
// may be the same array.
template <class Simd>
void computeBackward(Kernel derivative, const float* x, const float* grad, float* y, size_t count, Scaling scaling) {
  using Lanes = typename Simd::Lanes;
  constexpr size_t length = 256;
  alignas(64) float derivatives[length] = {};
  for (size_t start = 0; start < count; start += length) {
    const size_t n = count - start < length ? count - start : length;
    derivative(x + start, derivatives, n, scaling);
    map<Lanes>(grad + start, y + start, n,
               [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return lanes * Lanes::load(derivatives + i); });
  }
}

template <class Simd>
constexpr Backend backendOf(const char* name) {
#define SOFTPLUS_ENTRY(function, publicName, bound, boundWithBeta) \
  {#function, publicName, kernelsOf<functions::function, Simd>()},
  return {name,
          {SOFTPLUS_FUNCTIONS(SOFTPLUS_ENTRY)},
          computeBackward<Simd>,
          {computeWithDerivative<Simd, false, false>, computeWithDerivative<Simd, false, true>,
           computeWithDerivative<Simd, true, true>}};
#undef SOFTPLUS_ENTRY
}

}  // namespace softplus
