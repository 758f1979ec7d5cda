// A function over an array: full vectors, then the last one, masked or padded, through the same arithmetic.
//
// Functions of cells go a block at a time. A first pass finds each vector's rows, so that an instruction set which
// reads them from memory never waits for an address, and whether a lane is far. If none is, as in most blocks, the
// second pass has no branches.
#pragma once

#include <cstddef>

#include "../math/far.h"

namespace softplus {

// Stores visit(i, vector at x + i) at y + i. Two vectors side by side hide some of each other's latency.
template <class Lanes, class Visit>
SOFTPLUS_INLINE void map(const float* x, float* y, size_t count, Visit visit) {
  size_t i = 0;
  for (; i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    const Lanes x0 = Lanes::load(x + i), x1 = Lanes::load(x + i + Lanes::count);
    const Lanes y0 = visit(i, x0), y1 = visit(i + Lanes::count, x1);
    y0.store(y + i);
    y1.store(y + i + Lanes::count);
  }
  for (; i < count; i += Lanes::count) {
    const size_t left = count - i;
    const bool whole = left >= Lanes::count;
    const Lanes y0 = visit(i, whole ? Lanes::load(x + i) : Lanes::loadFirst(x + i, left));
    whole ? y0.store(y + i) : y0.storeFirst(y + i, left);
  }
}

template <class Lanes, class Look>
SOFTPLUS_INLINE void forEach(const float* x, size_t count, Look look) {
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) look(i, Lanes::load(x + i));
  if (i < count) look(i, Lanes::loadFirst(x + i, count - i));
}

template <class Simd, class Function>
struct Block {
  using Lanes = typename Simd::Lanes;
  const Function& f;
  typename Simd::Rows rows;

  SOFTPLUS_INLINE bool lookNear(const float* x, size_t count) {
    typename Simd::Magnitude magnitude;
    forEach<Lanes>(x, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      rows.keep(i, reduceNear(f.argument, lanes).z);
      magnitude.add(f.argument.product(lanes));
    });
    return magnitude.isBelow(nearLimit);
  }

  SOFTPLUS_INLINE void lookFar(const float* x, size_t count) {
    forEach<Lanes>(x, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      rows.keep(i, reduceFar(f.argument, lanes, Function::floor).z);
    });
  }

  SOFTPLUS_INLINE Lanes evaluate(size_t i, Lanes x) const {
    if (areAll(withSignSet(f.argument.product(x)) > -nearLimit)) return f.near(rows, i, x);
    if (areAll(f.isSettled(x))) return f.settled(x);
    return f.anywhere(rows, i, x);
  }

  SOFTPLUS_INLINE void apply(const float* x, float* y, size_t count) {
    if (lookNear(x, count)) {
      map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.near(rows, i, lanes); });
    } else {
      lookFar(x, count);
      map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return evaluate(i, lanes); });
    }
  }
};

template <class Simd, class Function>
void apply(const Function& f, const float* x, float* y, size_t count) {
  Block<Simd, Function> block{f, {}};
  constexpr size_t length = Simd::Rows::capacity;
  for (size_t start = 0; start < count; start += length)
    block.apply(x + start, y + start, count - start < length ? count - start : length);
}

template <class Simd, class Function>
void applyAt(const Function& f, const float* x, float* y, size_t count) {
  using Lanes = typename Simd::Lanes;
  map<Lanes>(x, y, count, [&](size_t, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.at(lanes); });
}

}  // namespace softplus
