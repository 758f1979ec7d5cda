// The list of functions: it drives the backends, the dispatch, the addon and the tests.
#pragma once

#include <cstddef>
#include <limits>

// A new function is one line here, its mathematics in functions/, its kernels in backends/kernels.h and its twin in
// src/.
//
// A row: the name, then the upper bound of the error in ULP with beta 1, and with any other beta. 0 is exact.
// clang-format off
#define SOFTPLUS_FUNCTIONS(each)        \
  each(softplus, 0.81, 1.25)            \
  each(derivative, 0.81, 1.25)          \
  each(secondDerivative, 0.81, 1.25)    \
  each(inverse, 0.51, 0.51)             \
  each(relu, 0, 0)                      \
  each(reluDerivative, 0, 0)
// clang-format on

namespace softplus {

struct Options {
  float beta = 1.0f;
  float threshold = std::numeric_limits<float>::infinity();
};

// The ways a function runs: beta 1 without threshold, beta 1 with one, both. relu has only the first.
template <class Run>
struct Ways {
  Run plain, thresholded, scaled;
};

// y[i] = f(x[i]) for i < count; y is x itself or does not overlap it.
using Kernel = void (*)(const float* x, float* y, size_t count, Options options);

struct Kernels {
  const char* name;
  Ways<Kernel> ways;
};

enum Function {
#define SOFTPLUS_ENUMERATOR(name, bound, boundWithBeta) name##Function,
  SOFTPLUS_FUNCTIONS(SOFTPLUS_ENUMERATOR)
#undef SOFTPLUS_ENUMERATOR
      functionCount
};

// y[i] = grad[i] * derivative(x)[i], rounded once more; y is x, or grad, or lies apart from both. `derivative` is the
// kernel of the derivative that the options ask for.
using BackwardKernel = void (*)(Kernel derivative, const float* x, const float* grad, float* y, size_t count,
                                Options options);

// value[i] = softplus(x[i]) and slope[i] = derivative(x[i]), the bits that either kernel gives; value is x itself or
// does not overlap it, slope lies apart from both.
using WithDerivativeKernel = void (*)(const float* x, float* value, float* slope, size_t count, Options options);

struct Backend {
  const char* name;
  Kernels functions[functionCount];
  BackwardKernel backward;
  Ways<WithDerivativeKernel> withDerivative;
};

}  // namespace softplus
