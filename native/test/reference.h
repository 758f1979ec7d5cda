// What every result is compared with: the true values, and the unit in the last place at each.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "../functions.h"

namespace softplus {

inline float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// NaN is NaN, whatever its payload.
inline bool differ(float a, float b) { return bitsOf(a) != bitsOf(b) && !(std::isnan(a) && std::isnan(b)); }

// The true values, in a type T wide enough. p is beta x, exact in binary64.
struct Reference {
  template <class T>
  static T softplus(T x, T p, T beta) {
    return p > 0 ? x + std::log1p(std::exp(-p)) / beta : std::log1p(std::exp(p)) / beta;
  }
  template <class T>
  static T derivative(T, T p, T) {
    return p > 0 ? 1 / (1 + std::exp(-p)) : std::exp(p) / (1 + std::exp(p));
  }
  template <class T>
  static T secondDerivative(T, T p, T beta) {
    const T u = std::exp(-std::fabs(p));
    return beta * u / ((1 + u) * (1 + u));
  }
  // Near ln 2, where it crosses zero, e^p - 1 = 1 + 2 (e^d - 1) with d = p - ln 2. ln 2 is taken in two parts: p - high
  // is exact, and the parts together are right to 2^-110.
  template <class T>
  static T inverse(T x, T p, T beta) {
    constexpr T high = 0x1.62e42fefa39efp-1, low = 0x1.abc9e3b39803fp-56;
    if (p < 0) return std::numeric_limits<T>::quiet_NaN();
    if (p > 17) return x + std::log1p(-std::exp(-p)) / beta;
    if (std::fabs(p - high) < T(0.125)) return std::log1p(2 * std::expm1((p - high) - low)) / beta;
    return std::log(std::expm1(p)) / beta;
  }
  template <class T>
  static T relu(T x, T, T) {
    return x > 0 ? x : 0;
  }
  template <class T>
  static T reluDerivative(T x, T, T) {
    return x > 0 ? 1 : 0;
  }
  template <class T>
  static T beyondThreshold(Function f, T x) {
    return f == softplusFunction || f == inverseFunction ? x : f == derivativeFunction ? 1 : 0;
  }
};

template <class T>
T reference(Function f, float x, const Options& options, bool hasThreshold) {
  const T p = static_cast<T>(x) * static_cast<T>(options.beta);
  if (hasThreshold && x * options.beta > options.threshold) return Reference::beyondThreshold<T>(f, x);
  switch (f) {
#define SOFTPLUS_CASE(name, bound, boundWithBeta) \
  case name##Function:                            \
    return Reference::name<T>(x, p, options.beta);
    SOFTPLUS_FUNCTIONS(SOFTPLUS_CASE)
#undef SOFTPLUS_CASE
    case functionCount:
      break;
  }
  std::abort();
}

// The distance between the floats around a value.
inline double ulpOf(double value) {
  if (std::isinf(value)) return 1;
  int exponent;
  std::frexp(value, &exponent);
  return std::ldexp(1.0, std::max(exponent, -125) - 24);
}

// The largest error a result may have, in ULP.
constexpr double boundOf(Function f, bool hasBeta) {
#define SOFTPLUS_BOUNDS(name, bound, boundWithBeta) {bound, boundWithBeta},
  constexpr double bounds[][2] = {SOFTPLUS_FUNCTIONS(SOFTPLUS_BOUNDS)};
#undef SOFTPLUS_BOUNDS
  return bounds[f][hasBeta];
}

}  // namespace softplus
