// A function over an array: full vectors, then the last one, masked or padded, through the same arithmetic.
//
// Where lanes may be near or far, those that are all near have a way of their own, and so have those whose results need
// no arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../functions/far.h"

namespace softplus {

// Asks for the cache lines that lie a page, 4 KiB, beyond `count` elements at x. The processor's own prefetchers stop
// at every page, and a vector's arithmetic is too long for it to look far enough ahead by itself: from memory this
// halves the time on Intel's processors, and 2 KiB would do. On Zen 5, 1 to 3.5 KiB and 6 KiB cost three arrays at a
// time twice what 4 KiB does. A line beyond the array's end is asked for in vain, which is no access.
template <class Lanes>
SOFTPLUS_INLINE void prefetch(const float* x, size_t count) {
  constexpr size_t line = 64 / sizeof(float), ahead = 64 * line;
  for (size_t i = 0; i < count; i += line)
    Lanes::prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(x) + (ahead + i) * sizeof(float)));
}

// Stores visit(i, vector at x + i) at y + i. Two vectors side by side hide some of each other's latency.
template <class Lanes, class Visit, class VisitBoth>
SOFTPLUS_INLINE void map(const float* x, float* y, size_t count, Visit visit, VisitBoth visitBoth) {
  size_t i = 0;
  for (; i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
    prefetch<Lanes>(x + i, 2 * Lanes::count);
    prefetch<Lanes>(y + i, 2 * Lanes::count);
    visitBoth(i, first, second);
    first.store(y + i);
    second.store(y + i + Lanes::count);
  }
  for (; i < count; i += Lanes::count) {
    const size_t left = count - i;
    const bool whole = left >= Lanes::count;
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

template <class Lanes, class Look>
SOFTPLUS_INLINE void forEach(const float* x, size_t count, Look look) {
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) look(i, Lanes::load(x + i));
  if (i < count) look(i, Lanes::loadFirst(x + i, count - i));
}

// Where the rows of a table need no address: a vector at a time.
template <class Simd, class Function>
struct Direct {
  using Lanes = typename Simd::Lanes;
  const Function& f;

  SOFTPLUS_INLINE auto isNear(Lanes x) const { return withSignSet(f.argument.product(x)) > -nearLimit; }
  SOFTPLUS_INLINE Lanes near(Lanes x) const { return f.near({}, 0, x); }
  SOFTPLUS_INLINE Lanes notNear(Lanes x) const { return areAll(f.isSettled(x)) ? f.settled(x) : f.anywhere({}, 0, x); }

  SOFTPLUS_INLINE void apply(const float* x, float* y, size_t count) const {
    map<Lanes>(
        x, y, count,
        [&](size_t, Lanes lanes)
            SOFTPLUS_INLINE_LAMBDA { return areAll(isNear(lanes)) ? near(lanes) : notNear(lanes); },
        [&](size_t, Lanes& first, Lanes& second) SOFTPLUS_INLINE_LAMBDA {
          if (areAll(isNear(first), isNear(second))) {
            first = near(first);
            second = near(second);
          } else {
            first = notNear(first);
            second = notNear(second);
          }
        });
  }
};

// Where rows are read from memory: a block at a time. A first pass finds each vector's rows, so that no vector waits
// for its addresses, and whether a lane of the block is far. If none is, as in most blocks, the second pass has no
// branches.
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

  SOFTPLUS_INLINE void applyFar(const float* x, float* y, size_t count) {
    lookFar(x, count);
    map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return evaluate(i, lanes); });
  }

  SOFTPLUS_INLINE void apply(const float* x, float* y, size_t count) {
    if (lookNear(x, count))
      map<Lanes>(x, y, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.near(rows, i, lanes); });
    else
      applyFar(x, y, count);
  }
};

// How many elements come before y is at a whole vector's address, where that pays: a store across two cache lines costs
// two, and allocators like 16 bytes.
template <class Lanes>
SOFTPLUS_INLINE size_t headLength(const float* y, size_t count) {
  constexpr size_t bytes = Lanes::count * sizeof(float);
  const size_t head = (bytes - reinterpret_cast<uintptr_t>(y) % bytes) % bytes / sizeof(float);
  return count < 8 * Lanes::count ? 0 : head;
}

template <class Simd, class Function>
SOFTPLUS_INLINE void applyBlocks(const Function& f, const float* x, float* y, size_t count) {
  if constexpr (Simd::Rows::areKept) {
    Block<Simd, Function> block{f, {}};
    constexpr size_t length = Simd::Rows::capacity;
    for (size_t start = 0; start < count; start += length)
      block.apply(x + start, y + start, count - start < length ? count - start : length);
  } else {
    Direct<Simd, Function>{f}.apply(x, y, count);
  }
}

template <class Simd, class Function>
void apply(const Function& f, const float* x, float* y, size_t count) {
  size_t from = 0;
  size_t to = headLength<typename Simd::Lanes>(y, count);
  if (to == 0) to = count;
  for (; from < count; from = to, to = count) applyBlocks<Simd>(f, x + from, y + from, to - from);
}

// Results of an array this long go past the caches: most are gone from there before anyone reads them, and a line that
// is written whole need not be read first. 16 MiB each, as where a large cache can hold it, this takes longer.
constexpr size_t streamedFrom = 1 << 22;

// Where results go: past the caches if asked to, except over x, whose lines are in them.
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

// visit(i, vector at x + i, its value, its slope), then both are stored.
template <class Lanes, class Visit>
SOFTPLUS_INLINE void mapToBoth(const float* x, float* value, float* slope, size_t count, bool isStreamed, Visit visit) {
  Lanes v, s;
  const Destination<Lanes> toValue(value, x, isStreamed), toSlope(slope, x, isStreamed);
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) {
    prefetch<Lanes>(x + i, Lanes::count);
    visit(i, Lanes::load(x + i), v, s);
    toValue.store(v, value + i);
    toSlope.store(s, slope + i);
  }
  if (i == count) return;
  visit(i, Lanes::loadFirst(x + i, count - i), v, s);
  v.storeFirst(value + i, count - i);
  s.storeFirst(slope + i, count - i);
}

// value[i] = f(x[i]) and slope[i] = g(x[i]), in one pass over x: what the two begin with, the compiler evaluates once.
// Far lanes are left to either by itself, slopes first, as value may be x.
template <class Simd, class Value, class Slope>
SOFTPLUS_INLINE void applyBothBlocks(const Value& f, const Slope& g, const float* x, float* value, float* slope,
                                     size_t count, bool isStreamed) {
  using Lanes = typename Simd::Lanes;
  if constexpr (Simd::Rows::areKept) {
    Block<Simd, Value> values{f, {}};
    Block<Simd, Slope> slopes{g, {}};
    constexpr size_t length = Simd::Rows::capacity;
    for (size_t start = 0; start < count; start += length) {
      const size_t n = count - start < length ? count - start : length;
      if (slopes.lookNear(x + start, n)) {
        mapToBoth<Lanes>(x + start, value + start, slope + start, n, isStreamed,
                         [&](size_t i, Lanes lanes, Lanes& v, Lanes& s) SOFTPLUS_INLINE_LAMBDA {
                           v = f.near(slopes.rows, i, lanes);
                           s = g.near(slopes.rows, i, lanes);
                         });
      } else {
        slopes.applyFar(x + start, slope + start, n);
        values.applyFar(x + start, value + start, n);
      }
    }
  } else {
    const Direct<Simd, Value> values{f};
    const Direct<Simd, Slope> slopes{g};
    mapToBoth<Lanes>(x, value, slope, count, isStreamed,
                     [&](size_t, Lanes lanes, Lanes& v, Lanes& s) SOFTPLUS_INLINE_LAMBDA {
                       const bool isNear = areAll(slopes.isNear(lanes));
                       v = isNear ? values.near(lanes) : values.notNear(lanes);
                       s = isNear ? slopes.near(lanes) : slopes.notNear(lanes);
                     });
  }
}

template <class Simd, class Value, class Slope>
void applyBoth(const Value& f, const Slope& g, const float* x, float* value, float* slope, size_t count) {
  using Lanes = typename Simd::Lanes;
  const bool isStreamed = count >= streamedFrom;
  size_t from = 0;
  size_t to = headLength<Lanes>(value, count);
  if (to == 0) to = count;
  for (; from < count; from = to, to = count)
    applyBothBlocks<Simd>(f, g, x + from, value + from, slope + from, to - from, isStreamed);
  if (isStreamed) Lanes::fence();
}

template <class Simd, class Function>
void applyAt(const Function& f, const float* x, float* y, size_t count) {
  using Lanes = typename Simd::Lanes;
  map<Lanes>(x, y, count, [&](size_t, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.at(lanes); });
}

}  // namespace softplus
