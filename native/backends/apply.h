// Applies an evaluation to arrays: full vectors first, then the tail, masked or padded, through the same arithmetic.
//
// Vectors whose lanes are all near have a fast path, and so have vectors whose lanes are all settled.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../evaluate.h"

namespace softplus {

// Prefetches the cache lines 4 KiB, a page, beyond `count` elements at x. Processors' own prefetchers stop at the end
// of a page, and one vector's arithmetic is so long that out-of-order execution does not reach the next loads in time.
// From memory this halves the time on Intel; 2 KiB would do there. On Zen 5, distances of 1 to 3.5 KiB and of 6 KiB
// take twice as long as 4 KiB with three arrays at a time. Beyond the array's end it is harmless: a prefetch cannot
// fault.
template <class Lanes>
SOFTPLUS_INLINE void prefetch(const float* x, size_t count) {
  constexpr size_t line = 64 / sizeof(float), ahead = 64 * line;
  for (size_t i = 0; i < count; i += line)
    Lanes::prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(x) + (ahead + i) * sizeof(float)));
}

// Stores visit(i, vector at x + i) at y + i. Two vectors side by side hide some of each other's latency: visitBoth
// replaces both by their results.
template <class Lanes, class Visit, class VisitBoth>
SOFTPLUS_INLINE void map(const float* x, float* y, size_t count, Visit visit, VisitBoth visitBoth) {
  size_t i = 0;
  for (; Lanes::arePaired && i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
    prefetch<Lanes>(x + i, 2 * Lanes::count);
    prefetch<Lanes>(y + i, 2 * Lanes::count);
    visitBoth(i, first, second);
    first.store(y + i);
    second.store(y + i + Lanes::count);
  }
  for (; i < count; i += Lanes::count) {
    const size_t left = count - i;
    const bool whole = Lanes::areWhole || left >= Lanes::count;
    const Lanes last = visit(i, whole ? Lanes::load(x + i) : Lanes::loadFirst(x + i, left));
    whole ? last.store(y + i) : last.storeFirst(y + i, left);
  }
}

template <class Lanes, class Visit>
SOFTPLUS_INLINE void map(const float* x, float* y, size_t count, Visit visit) {
  map<Lanes>(x, y, count, visit, [&](size_t i, Lanes& first, Lanes& second) SOFTPLUS_INLINE_LAMBDA {
    first = visit(i, first);
    second = visit(i + Lanes::count, second);
  });
}

template <class Lanes, class Visit>
SOFTPLUS_INLINE void forEach(const float* x, size_t count, Visit visit) {
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) visit(i, Lanes::load(x + i));
  if (!Lanes::areWhole && i < count) visit(i, Lanes::loadFirst(x + i, count - i));
}

// For instruction sets whose tables need no row offsets: one vector after the other.
template <class Evaluation>
struct Direct {
  using Lanes = typename Evaluation::Lanes;
  const Evaluation& f;

  SOFTPLUS_INLINE Lanes near(Lanes x) const { return f.near({}, 0, x); }
  SOFTPLUS_INLINE Lanes notNear(Lanes x) const { return areAll(f.isSettled(x)) ? f.settled(x) : f.anywhere({}, 0, x); }

  SOFTPLUS_INLINE void apply(const float* x, float* y, size_t count) const {
    map<Lanes>(
        x, y, count,
        [&](size_t, Lanes lanes)
            SOFTPLUS_INLINE_LAMBDA { return areAll(f.isNear(lanes)) ? near(lanes) : notNear(lanes); },
        [&](size_t, Lanes& first, Lanes& second) SOFTPLUS_INLINE_LAMBDA {
          if (areAll(f.isNear(first) & f.isNear(second))) {
            first = near(first);
            second = near(second);
          } else {
            first = notNear(first);
            second = notNear(second);
          }
        });
  }
};

// For instruction sets that read rows from memory: one block after the other. A first pass keeps the row offsets, so
// that no vector waits for its addresses, and finds out whether a lane of the block is far. In most blocks none is, and
// the second pass has no branches.
template <class Evaluation>
struct Block {
  using Lanes = typename Evaluation::Lanes;
  static constexpr size_t length = Evaluation::RowOffsets::capacity;
  const Evaluation& f;
  typename Evaluation::RowOffsets rows;

  // Keeps the rows as for near lanes, and returns whether all lanes are near.
  SOFTPLUS_INLINE bool lookNear(const float* x, size_t count) {
    Lanes largest = 0.0f;
    forEach<Lanes>(x, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      rows.keep(i, f.reduceNear(lanes).z);
      largest = maxBits(largest, withSignClear(f.argument.product(lanes)));
    });
    return areAll(largest < nearLimit);
  }

  SOFTPLUS_INLINE void lookAnywhere(const float* x, size_t count) {
    forEach<Lanes>(x, count,
                   [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { rows.keep(i, f.reduceAnywhere(lanes).z); });
  }

  SOFTPLUS_INLINE Lanes evaluate(size_t i, Lanes x) const {
    if (areAll(f.isNear(x))) return f.near(rows, i, x);
    if (areAll(f.isSettled(x))) return f.settled(x);
    return f.anywhere(rows, i, x);
  }

  // Stores the results of the settled vectors that x begins with, and returns how many elements these are.
  SOFTPLUS_INLINE size_t applySettled(const float* x, float* y, size_t count) const {
    size_t i = 0;
    for (; i + Lanes::count <= count; i += Lanes::count) {
      const Lanes lanes = Lanes::load(x + i);
      if (!areAll(f.isSettled(lanes))) break;
      f.settled(lanes).store(y + i);
    }
    return i;
  }

  SOFTPLUS_INLINE void applyAnywhere(const float* x, float* y, size_t count) {
    const size_t settled = applySettled(x, y, count);
    x += settled, y += settled, count -= settled;
    lookAnywhere(x, count);
    map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return evaluate(i, lanes); });
  }

  SOFTPLUS_INLINE void apply(const float* x, float* y, size_t count) {
    if (lookNear(x, count))
      map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.near(rows, i, lanes); });
    else
      applyAnywhere(x, y, count);
  }
};

// The number of elements before the first aligned vector of y. A store across two cache lines costs two, and allocators
// align to 16 bytes only. Short arrays are not worth it.
template <class Lanes>
SOFTPLUS_INLINE size_t headLength(const float* y, size_t count) {
  constexpr size_t bytes = Lanes::count * sizeof(float);
  const size_t head = (bytes - reinterpret_cast<uintptr_t>(y) % bytes) % bytes / sizeof(float);
  return Lanes::areWhole || count < 8 * Lanes::count ? 0 : head;
}

template <class Evaluation>
SOFTPLUS_INLINE void applyBlocks(const Evaluation& f, const float* x, float* y, size_t count) {
  if constexpr (Evaluation::RowOffsets::areKept) {
    Block<Evaluation> block{f, {}};
    for (size_t start = 0; start < count; start += block.length)
      block.apply(x + start, y + start, count - start < block.length ? count - start : block.length);
  } else {
    Direct<Evaluation>{f}.apply(x, y, count);
  }
}

template <class Evaluation>
void apply(const Evaluation& f, const float* x, float* y, size_t count) {
  size_t from = 0;
  size_t to = headLength<typename Evaluation::Lanes>(y, count);
  if (to == 0) to = count;
  for (; from < count; from = to, to = count) applyBlocks(f, x + from, y + from, to - from);
}

// Outputs of this many elements, 16 MiB each, bypass the caches: they would be evicted before they are read, and a
// cache line that is stored whole need not be read first. For smaller ones this takes longer, where a large cache could
// hold them.
constexpr size_t streamedFrom = 1 << 22;

// Where results go: past the caches if wanted, except over x, whose lines are in the caches.
template <class Lanes>
struct Destination {
  bool isStreamed;
  SOFTPLUS_INLINE Destination(const float* y, const float* x, bool isWanted)
      : isStreamed(isWanted && y != x && reinterpret_cast<uintptr_t>(y) % (Lanes::count * sizeof(float)) == 0) {}
  SOFTPLUS_INLINE void store(Lanes lanes, float* to) const {
    if (isStreamed) {
      lanes.stream(to);
    } else {
      prefetch<Lanes>(to, Lanes::count);
      lanes.store(to);
    }
  }
};

// Calls visit(i, vector at x + i, v, d) and stores the v and d that it sets.
template <class Lanes, class Visit>
SOFTPLUS_INLINE void mapToBoth(const float* x, float* value, float* derivative, size_t count, bool isStreamed,
                               Visit visit) {
  Lanes v, d;
  const Destination<Lanes> toValue(value, x, isStreamed), toDerivative(derivative, x, isStreamed);
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) {
    prefetch<Lanes>(x + i, Lanes::count);
    visit(i, Lanes::load(x + i), v, d);
    toValue.store(v, value + i);
    toDerivative.store(d, derivative + i);
  }
  if (i == count) return;
  visit(i, Lanes::loadFirst(x + i, count - i), v, d);
  v.storeFirst(value + i, count - i);
  d.storeFirst(derivative + i, count - i);
}

// value[i] = f(x[i]) and derivative[i] = g(x[i]) in one pass over x. The compiler evaluates the common steps once.
// Blocks with far lanes are evaluated twice, the derivative first, because value may be x.
template <class Value, class Derivative>
SOFTPLUS_INLINE void applyBothBlocks(const Value& f, const Derivative& g, const float* x, float* value,
                                     float* derivative, size_t count, bool isStreamed) {
  using Lanes = typename Value::Lanes;
  if constexpr (Value::RowOffsets::areKept) {
    Block<Value> values{f, {}};
    Block<Derivative> derivatives{g, {}};
    for (size_t start = 0; start < count; start += values.length) {
      const size_t n = count - start < values.length ? count - start : values.length;
      if (derivatives.lookNear(x + start, n)) {
        mapToBoth<Lanes>(x + start, value + start, derivative + start, n, isStreamed,
                         [&](size_t i, Lanes lanes, Lanes& v, Lanes& d) SOFTPLUS_INLINE_LAMBDA {
                           v = f.near(derivatives.rows, i, lanes);
                           d = g.near(derivatives.rows, i, lanes);
                         });
      } else {
        derivatives.applyAnywhere(x + start, derivative + start, n);
        values.applyAnywhere(x + start, value + start, n);
      }
    }
  } else {
    const Direct<Value> values{f};
    const Direct<Derivative> derivatives{g};
    mapToBoth<Lanes>(x, value, derivative, count, isStreamed,
                     [&](size_t, Lanes lanes, Lanes& v, Lanes& d) SOFTPLUS_INLINE_LAMBDA {
                       const bool isNear = areAll(g.isNear(lanes));
                       v = isNear ? values.near(lanes) : values.notNear(lanes);
                       d = isNear ? derivatives.near(lanes) : derivatives.notNear(lanes);
                     });
  }
}

template <class Value, class Derivative>
void applyBoth(const Value& f, const Derivative& g, const float* x, float* value, float* derivative, size_t count) {
  using Lanes = typename Value::Lanes;
  const bool isStreamed = count >= streamedFrom;
  size_t from = 0;
  size_t to = headLength<Lanes>(value, count);
  if (to == 0) to = count;
  for (; from < count; from = to, to = count)
    applyBothBlocks(f, g, x + from, value + from, derivative + from, to - from, isStreamed);
  if (isStreamed) Lanes::fence();
}

}  // namespace softplus
