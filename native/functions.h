// The list of functions. It drives the backends, the addon, the DuckDB extension, the tests and the proofs.
//
// A new function is a description in functions/, its #include and its entry here, and its true value in
// test/reference.h.
#pragma once

#include <cstddef>
#include <limits>

#include "functions/derivative.h"
#include "functions/inverse.h"
#include "functions/relu.h"
#include "functions/reluDerivative.h"
#include "functions/secondDerivative.h"
#include "functions/softplus.h"

// An entry: the name, what users call it, then the upper bound of the error in ULP with beta 1, and with any other
// beta. 0 is exact.
// clang-format off
#define SOFTPLUS_FUNCTIONS(each)                                        \
  each(softplus, "softplus", 0.81, 1.15)                                \
  each(derivative, "softplus.derivative", 0.81, 1.15)                   \
  each(secondDerivative, "softplus.secondDerivative", 0.81, 1.15)       \
  each(inverse, "softplus.inverse", 0.51, 0.51)                         \
  each(relu, "relu", 0, 0)                                              \
  each(reluDerivative, "relu.derivative", 0, 0)
// clang-format on

namespace softplus {

enum Function {
#define SOFTPLUS_ENUMERATOR(name, publicName, bound, boundWithBeta) name##Function,
  SOFTPLUS_FUNCTIONS(SOFTPLUS_ENUMERATOR)
#undef SOFTPLUS_ENUMERATOR
      functionCount
};

// beta and threshold.
struct Scaling {
  float beta = 1.0f;
  float threshold = std::numeric_limits<float>::infinity();
};

// The ways a function runs: beta 1 without a threshold, beta 1 with one, any beta with one. relu has only the first.
template <class Run>
struct Ways {
  Run plain, withThreshold, withBeta;
};

// y[i] = f(x[i]) for i < count. y is x itself or does not overlap it.
using Kernel = void (*)(const float* x, float* y, size_t count, Scaling scaling);

// What a backend has for one entry of the list.
struct FunctionEntry {
  const char* name;
  const char* publicName;
  Ways<Kernel> ways;
};

// y[i] = grad[i] * derivative(x[i]), rounded once more. y is x, or grad, or overlaps neither. `derivative` is the
// kernel of the derivative for this beta and threshold.
using BackwardKernel = void (*)(Kernel derivative, const float* x, const float* grad, float* y, size_t count,
                                Scaling scaling);

// value[i] = softplus(x[i]) and derivative[i] = its derivative at x[i], with the bits of the two kernels. value is x
// itself or does not overlap it. derivative overlaps neither.
using WithDerivativeKernel = void (*)(const float* x, float* value, float* derivative, size_t count, Scaling scaling);

struct Backend {
  const char* name;
  FunctionEntry functions[functionCount];
  BackwardKernel backward;
  Ways<WithDerivativeKernel> withDerivative;
};

}  // namespace softplus
