// What results are compared with: the true values, the error of a result in ULP, and the largest error allowed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "../functions.h"

namespace softplus {

// The true value of each function of the list, in a type T wider than float. p is beta x, which is exact in binary64.
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
  // The inverse crosses zero at p = ln 2. Near there e^p - 1 = 1 + 2 (e^d - 1) with d = p - ln 2. ln 2 is the sum of
  // two parts: p - high is exact, and the sum is right to 2^-110.
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
T reference(Function f, float x, const Scaling& scaling, bool hasThreshold) {
  if (std::isnan(x)) return std::numeric_limits<T>::quiet_NaN();
  const T p = static_cast<T>(x) * static_cast<T>(scaling.beta);
  if (hasThreshold && x * scaling.beta > scaling.threshold) return Reference::beyondThreshold<T>(f, x);
  switch (f) {
#define SOFTPLUS_CASE(name, publicName, bound, boundWithBeta) \
  case name##Function:                                        \
    return Reference::name<T>(x, p, scaling.beta);
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

// The error of a result that is wrong where the true value is NaN or infinite: more than any bound.
constexpr double wrong = 1e30;

// The error of a result in ULP. An infinite result counts as 2^128, unless the true value rounds to infinity.
inline double errorOf(float got, double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : wrong;
  if (std::isinf(got) && got == static_cast<float>(want)) return 0;
  if (std::isinf(want)) return wrong;
  const double result = std::isinf(got) ? std::copysign(0x1p128, static_cast<double>(got)) : static_cast<double>(got);
  return std::fabs(result - want) / std::min(ulpOf(want), 0x1p104);
}

// The largest error a result may have, in ULP.
constexpr double boundOf(Function f, bool hasBeta) {
#define SOFTPLUS_BOUNDS(name, publicName, bound, boundWithBeta) {bound, boundWithBeta},
  constexpr double bounds[][2] = {SOFTPLUS_FUNCTIONS(SOFTPLUS_BOUNDS)};
#undef SOFTPLUS_BOUNDS
  return bounds[f][hasBeta];
}

}  // namespace softplus
