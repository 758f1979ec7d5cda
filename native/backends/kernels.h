// The kernels of one instruction set: every function of the list, in every way it runs.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../functions.h"
#include "apply.h"
#include "backward.h"

namespace softplus {

template <class F>
constexpr bool hasCells = std::is_base_of_v<CellFunction<F>, F>;

template <class F, class Simd, Beta beta, bool isThresholded>
void compute(const float* x, float* y, size_t count, Scaling scaling) {
  using Lanes = typename Simd::Lanes;
  if constexpr (hasCells<F>) {
    using Evaluated = Evaluation<F, Simd, beta, isThresholded>;
    const Evaluated f = Evaluated::of(scaling.beta, scaling.threshold);
    if constexpr (Evaluated::isRare)
      applySimply(f, x, y, count);
    else
      apply(f, x, y, count);
  } else {
    float cutAbove = scaling.threshold;
    if constexpr (F::takesScaling) {
      // Above either one the result is y.
      const float lower = cutAbove < F::ceiling ? cutAbove : F::ceiling;
      cutAbove = largestWithin<Lanes>(lower, scaling.beta);
    }
    map<Lanes>(x, y, count, [=](size_t, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      return F::template at<Simd, beta != Beta::one>(lanes, scaling.beta, cutAbove);
    });
  }
}

// Whether near and settled lanes can ignore the threshold. Near, |p| is below 14.75, but for one rounding. Settled
// lanes above the threshold are above the ceiling too. They have the same result there, but for a zero's sign: that of
// beta.
constexpr bool canIgnoreThreshold(Scaling scaling) {
  return scaling.threshold >= 15.0f &&
         (scaling.beta > 0.0f || scaling.threshold == std::numeric_limits<float>::infinity());
}

// Kernels that ignore it take 0.95 of the time. They are worth their code with 16 lanes only: with fewer it is longer.
template <class Simd>
constexpr bool isCutCostly = Simd::Lanes::count >= 16;

template <class F, class Simd>
void computeWithBeta(const float* x, float* y, size_t count, Scaling scaling) {
  if constexpr (!hasCells<F>) {
    compute<F, Simd, Beta::rare, false>(x, y, count, scaling);
  } else {
    if (!isModerate(scaling.beta)) return compute<F, Simd, Beta::rare, true>(x, y, count, scaling);
    if constexpr (isCutCostly<Simd>)
      if (canIgnoreThreshold(scaling)) return compute<F, Simd, Beta::moderate, false>(x, y, count, scaling);
    compute<F, Simd, Beta::moderate, true>(x, y, count, scaling);
  }
}

// A function without cells has no kernel of its own for thresholds: it always looks at the threshold, or has none.
template <class F, class Simd>
constexpr Ways<Kernel> kernelsOf() {
  if constexpr (F::takesScaling)
    return {compute<F, Simd, Beta::one, false>, compute<F, Simd, Beta::one, hasCells<F>>, computeWithBeta<F, Simd>};
  else
    return {compute<F, Simd, Beta::one, false>, nullptr, nullptr};
}

template <class Simd, Beta beta, bool isThresholded>
void computeWithDerivative(const float* x, float* value, float* derivative, size_t count, Scaling scaling) {
  if constexpr (Simd::Lanes::count == 1) {
    // Portable C++ calls both kernels. That takes a fifth longer, and needs no further code. The derivative comes
    // first, because value may be x.
    compute<functions::derivative, Simd, beta, isThresholded>(x, derivative, count, scaling);
    compute<functions::softplus, Simd, beta, isThresholded>(x, value, count, scaling);
  } else {
    applyBoth(Evaluation<functions::softplus, Simd, beta, isThresholded>::of(scaling.beta, scaling.threshold),
              Evaluation<functions::derivative, Simd, beta, isThresholded>::of(scaling.beta, scaling.threshold), x,
              value, derivative, count);
  }
}

template <class Simd>
void computeWithDerivativeAndBeta(const float* x, float* value, float* derivative, size_t count, Scaling scaling) {
  if (!isModerate(scaling.beta)) {
    // The derivative first, because value may be x.
    computeWithBeta<functions::derivative, Simd>(x, derivative, count, scaling);
    return computeWithBeta<functions::softplus, Simd>(x, value, count, scaling);
  }
  if constexpr (isCutCostly<Simd>)
    if (canIgnoreThreshold(scaling))
      return computeWithDerivative<Simd, Beta::moderate, false>(x, value, derivative, count, scaling);
  computeWithDerivative<Simd, Beta::moderate, true>(x, value, derivative, count, scaling);
}

template <class Simd>
constexpr Backend backendOf(const char* name) {
#define SOFTPLUS_ENTRY(function, publicName, bound, boundWithBeta) \
  {#function, publicName, kernelsOf<functions::function, Simd>()},
  return {name,
          {SOFTPLUS_FUNCTIONS(SOFTPLUS_ENTRY)},
          computeBackward<Simd>,
          {computeWithDerivative<Simd, Beta::one, false>, computeWithDerivative<Simd, Beta::one, true>,
           computeWithDerivativeAndBeta<Simd>}};
#undef SOFTPLUS_ENTRY
}

}  // namespace softplus
