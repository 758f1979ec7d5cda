// Applies an evaluation to arrays: full vectors first, then the tail, masked or padded, through the same arithmetic.
//
// Arrays whose lanes are all near have a fast path. Elsewhere one block after the other takes the best of three ways:
//
// - Each vector by the arithmetic that its lanes need. That is best for long runs of one kind, and where many lanes are
//   far.
// - Packed: all vectors take the arithmetic of near lanes. Their far lanes are packed into dense vectors, which are
//   evaluated on their own. That is best where most vectors have a few far or settled lanes: in [-20, 20] it takes 0.8
//   times as long, and with 1 in 10 lanes masked 0.5 times with AVX-512 and 0.6 times with AVX2.
// - Sparse: all vectors take the results of settled lanes, and the other lanes are packed. That is best where most
//   lanes are settled: with beta 100 it takes half the time in [-8, 8].
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../evaluate.h"
#include "packed.h"

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

// Stores visit(i, vector at x + i) at y + i, from i = start on.
template <class Lanes, class Visit>
SOFTPLUS_INLINE void mapEach(const float* x, float* y, size_t start, size_t count, Visit visit) {
  for (size_t i = start; i < count; i += Lanes::count) {
    const size_t left = count - i;
    const bool whole = Lanes::areWhole || left >= Lanes::count;
    const Lanes last = visit(i, whole ? Lanes::load(x + i) : Lanes::loadFirst(x + i, left));
    whole ? last.store(y + i) : last.storeFirst(y + i, left);
  }
}

// Stores visit(i, vector at x + i) at y + i. Two vectors side by side hide some of each other's latency.
//
// Out of two scalar lanes side by side compilers make vectors, which relu needs: one branch a lane takes 18 times as
// long.
template <class Lanes, class Visit>
SOFTPLUS_INLINE void map(const float* x, float* y, size_t count, Visit visit) {
  constexpr bool arePaired = Lanes::arePaired || Lanes::count == 1;
  size_t i = 0;
  for (; arePaired && i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    const Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
    prefetch<Lanes>(x + i, 2 * Lanes::count);
    prefetch<Lanes>(y + i, 2 * Lanes::count);
    const Lanes firstResult = visit(i, first), secondResult = visit(i + Lanes::count, second);
    firstResult.store(y + i);
    secondResult.store(y + i + Lanes::count);
  }
  mapEach<Lanes>(x, y, i, count, visit);
}

// Lets visitBoth(i, next, first, second) replace the vectors at x + i and x + next by their results, and stores these
// at y. Where there is no second one, it is the first again, and next is i. One call of visitBoth serves whole pairs
// and the last vectors: it is long, and would be inlined twice.
//
// With `isApart`, whole pairs have a loop of their own nevertheless.
template <class Lanes, bool isApart = false, class VisitBoth>
SOFTPLUS_INLINE void mapPairs(const float* x, float* y, size_t count, VisitBoth visitBoth) {
  if constexpr (Lanes::arePaired) {
    constexpr size_t pair = 2 * Lanes::count;
    size_t i = 0;
    for (; isApart && i + pair <= count; i += pair) {
      Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
      prefetch<Lanes>(x + i, pair);
      prefetch<Lanes>(y + i, pair);
      visitBoth(i, i + Lanes::count, first, second);
      first.store(y + i);
      second.store(y + i + Lanes::count);
    }
    for (; i < count; i += pair) {
      const size_t left = count - i;
      const size_t next = left > Lanes::count ? i + Lanes::count : i;
      Lanes first, second;
      if (left >= pair) {
        first = Lanes::load(x + i), second = Lanes::load(x + next);
        prefetch<Lanes>(x + i, pair);
        prefetch<Lanes>(y + i, pair);
      } else {
        first = left >= Lanes::count ? Lanes::load(x + i) : Lanes::loadFirst(x + i, left);
        second = next == i ? first : Lanes::loadFirst(x + next, left - Lanes::count);
      }
      visitBoth(i, next, first, second);
      if (left >= pair) {
        first.store(y + i);
        second.store(y + next);
      } else {
        left >= Lanes::count ? first.store(y + i) : first.storeFirst(y + i, left);
        if (next != i) second.storeFirst(y + next, left - Lanes::count);
      }
    }
  } else {
    mapEach<Lanes>(x, y, 0, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      Lanes again = lanes;
      visitBoth(i, i, lanes, again);
      return lanes;
    });
  }
}

template <class Lanes, class Visit>
SOFTPLUS_INLINE void forEach(const float* x, size_t count, Visit visit) {
  size_t i = 0;
  for (; i + Lanes::count <= count; i += Lanes::count) visit(i, Lanes::load(x + i));
  if (!Lanes::areWhole && i < count) visit(i, Lanes::loadFirst(x + i, count - i));
}

template <class Lanes>
constexpr unsigned allLanes = (1u << Lanes::count) - 1;  // as bitsOf

// How a block is evaluated, by a sample of its vectors. near: the sample has no other lanes; the block may. settled: as
// packed, but the sample has no far lanes. The others are explained above.
enum class Way { near, settled, packed, sparse, each };

// One block after the other. Where rows are kept, a first pass keeps the row offsets, so that no vector waits for its
// addresses, and finds out whether a lane of the block is not near. In most blocks none is, and the second pass has no
// branches. A block that does not begin near has no first pass, unless its way needs the rows.
template <class Evaluation>
struct Block {
  using Lanes = typename Evaluation::Lanes;
  using RowOffsets = typename Evaluation::RowOffsets;
  using FarRows = typename Evaluation::FarRows;
  static constexpr size_t length = RowOffsets::capacity;
  const Evaluation& evaluation;
  RowOffsets rows;
  bool hasRows = false;
  PackedLanes<Lanes, length> packed;

  SOFTPLUS_INLINE explicit Block(const Evaluation& f) : evaluation(f) {}

  // Whether all lanes are near. Keeps their rows then. Where the first lanes are not near it looks no further: most
  // such blocks are settled, and need no rows.
  SOFTPLUS_INLINE bool areNear(const float* x, size_t count) {
    hasRows = count < Lanes::count || evaluation.areNear(Lanes::load(x), Lanes::load(x));
    return hasRows && lookNear(x, count);
  }

  // Keeps the rows as for near lanes, and returns whether all lanes are near.
  SOFTPLUS_INLINE bool lookNear(const float* x, size_t count) {
    Lanes largest = -0.0f;
    forEach<Lanes>(x, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      const Lanes a = withSignSet(lanes);
      // A multiplication of subnormal lanes traps into microcode, an addition does not.
      const bool isMultiplied = Evaluation::Argument::isRounded;
      rows.keep(i, evaluation.argument.plus(isMultiplied ? evaluation.argument.negative(lanes) : a, halves));
      largest = maxBits(largest, a);
    });
    return areAll(largest > -evaluation.argument.limit);
  }

  SOFTPLUS_INLINE void lookAnywhere(const float* x, size_t count) {
    if constexpr (RowOffsets::areKept)
      forEach<Lanes>(x, count, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
        rows.keep(i, evaluation.reduceAnywhere(lanes).z);
      });
  }

  // What a lane costs. A lane of a far vector that is evaluated by itself costs 16. Fitted to the time that each way
  // takes with AVX-512 and with AVX2; `npm run bench -- check` shows what becomes slower.
  struct Cost {
    // Each vector by itself. Where one is not settled, those behind it have their rows looked up, too.
    static constexpr size_t farVector = 16, settledVector = RowOffsets::areKept ? 6 : 3, otherVector = 11;
    // Packed, and sparse: every lane, and those that are packed besides.
    static constexpr size_t near = 10, packedFar = 16, settled = 5, packedOther = 17;
  };

  // Which way is the fastest for a block, as far as a few vectors tell. Where `each` evaluates two functions together,
  // it costs `eachShare` sixteenths of one after the other.
  SOFTPLUS_INLINE Way look(const float* x, size_t count, size_t eachShare = 16) const {
    constexpr size_t stride = 9 * Lanes::count;  // data may repeat after a power of two
    size_t eachCost = 0, packedCost = 0, sparseCost = 0, allOthers = 0, allFar = 0;
    for (size_t i = 0; i + Lanes::count <= count; i += stride) {
      const Lanes lanes = Lanes::load(x + i);
      const auto isNotNear = evaluation.isNotNear(lanes);
      const size_t others = Lanes::countOf(bitsOf(isNotNear));
      const size_t far = Lanes::countOf(bitsOf(evaluation.isFar(isNotNear, lanes)));
      const size_t settled = others - far;
      eachCost += Lanes::count * (far > 0                   ? Cost::farVector
                                  : settled == Lanes::count ? Cost::settledVector
                                                            : Cost::otherVector);
      packedCost += Lanes::count * Cost::near + far * Cost::packedFar;
      sparseCost += Lanes::count * Cost::settled + (Lanes::count - settled) * Cost::packedOther;
      allOthers += others;
      allFar += far;
    }
    eachCost = eachCost * eachShare / 16;
    if (allOthers == 0) return Way::near;
    if (sparseCost <= eachCost && sparseCost <= packedCost) return Way::sparse;
    return eachCost < packedCost ? Way::each : allFar == 0 ? Way::settled : Way::packed;
  }

  // All vectors as if their lanes were near or settled, with the rows kept. Far lanes are packed.
  SOFTPLUS_NOINLINE void applyPacked(const float* x, float* y, size_t count) {
    const Evaluation f = evaluation;  // in registers, as stores cannot change it
    packed.clear();
    size_t packedCount = 0;
    // With AVX2 that takes 0.90 to 0.96 of the time. Elsewhere it is not worth its code.
    constexpr bool isApart = Lanes::count == 8 && !Evaluation::hasBeta && !Evaluation::isCut;
    mapPairs<Lanes, isApart>(
        x, y, count, [&](size_t i, size_t next, Lanes& first, Lanes& second) SOFTPLUS_INLINE_LAMBDA {
          const auto firstNotNear = f.isNotNear(first), secondNotNear = f.isNotNear(second);
          const auto isFirstFar = f.isFar(firstNotNear, first), isSecondFar = f.isFar(secondNotNear, second);
          if (bitsOf(isFirstFar | isSecondFar) != 0) {
            packedCount = packed.add(packedCount, i, first, bitsOf(isFirstFar));
            if (next != i) packedCount = packed.add(packedCount, next, second, bitsOf(isSecondFar));
          }
          first = f.nearOrSettled(firstNotNear, rows, i, first);
          second = f.nearOrSettled(secondNotNear, rows, next, second);
        });
    if (packedCount > 0) evaluatePacked<FarRows>(packedCount, y, count);
  }

  // All vectors as if they were settled. The lanes that are not are packed.
  SOFTPLUS_NOINLINE void applySparse(const float* x, float* y, size_t count) {
    const Evaluation f = evaluation;
    packed.clear();
    size_t packedCount = 0;
    size_t i = 0;
    for (; i + Lanes::count <= count; i += Lanes::count) {
      const Lanes lanes = Lanes::load(x + i);
      prefetch<Lanes>(x + i, Lanes::count);
      prefetch<Lanes>(y + i, Lanes::count);
      packedCount = packed.add(packedCount, i, lanes, bitsOf(f.isSettled(lanes)) ^ allLanes<Lanes>);
      f.settled(lanes).store(y + i);
    }
    if (i < count) applyEach(x + i, y + i, count - i);
    if (packedCount > 0) evaluatePacked<RowOffsets>(packedCount, y, i);
  }

  // Stores the results of the settled vectors that x begins with, and returns how many elements these are.
  SOFTPLUS_INLINE size_t applySettled(const float* x, float* y, size_t count) const {
    size_t i = 0;
    for (; i + Lanes::count <= count; i += Lanes::count) {
      const Lanes lanes = Lanes::load(x + i);
      if (!areAll(evaluation.isSettled(lanes))) break;
      evaluation.settled(lanes).store(y + i);
    }
    return i;
  }

  // Evaluates the packed lanes, and puts their results into y. Rows is FarRows if all are far, else RowOffsets.
  template <class Rows>
  SOFTPLUS_NOINLINE void evaluatePacked(size_t packedCount, float* y, size_t count) {
    Lanes(0.0f).store(packed.lanes + packedCount);  // the last vector's other lanes
    const size_t wholeCount = (packedCount + Lanes::count - 1) / Lanes::count * Lanes::count;
    if constexpr (std::is_same_v<Rows, RowOffsets>) {
      applyEach(packed.lanes, packed.lanes, wholeCount);
    } else {
      const Evaluation f = evaluation;
      for (size_t i = 0; i < wholeCount; i += Lanes::count)
        f.anywhere(Rows{}, i, Lanes::load(packed.lanes + i)).store(packed.lanes + i);
    }
    packed.putBack(packedCount, y, count);
  }

  // Every vector, or pair of vectors, by the arithmetic that its lanes need.
  SOFTPLUS_NOINLINE void applyEach(const float* x, float* y, size_t count) {
    const Evaluation f = evaluation;  // in registers, as stores cannot change it
    lookAnywhere(x, count);
    mapPairs<Lanes>(x, y, count, [&](size_t i, size_t next, Lanes& first, Lanes& second) SOFTPLUS_INLINE_LAMBDA {
      const auto firstNotNear = f.isNotNear(first), secondNotNear = f.isNotNear(second);
      if (bitsOf(firstNotNear | secondNotNear) == 0) {
        first = f.near(rows, i, first);
        second = f.near(rows, next, second);
      } else if (bitsOf(f.isFar(firstNotNear, first) | f.isFar(secondNotNear, second)) != 0) {
        first = f.anywhere(rows, i, first);
        second = f.anywhere(rows, next, second);
      } else if ((bitsOf(firstNotNear) & bitsOf(secondNotNear)) == allLanes<Lanes>) {
        first = f.settled(first);
        second = f.settled(second);
      } else {
        first = f.nearOrSettled(firstNotNear, rows, i, first);
        second = f.nearOrSettled(secondNotNear, rows, next, second);
      }
    });
  }

  SOFTPLUS_INLINE void applyNotNear(Way way, const float* x, float* y, size_t count) {
    if (way == Way::each || way == Way::sparse) {
      const size_t settled = applySettled(x, y, count);
      x += settled, y += settled, count -= settled;
      return way == Way::each ? applyEach(x, y, count) : applySparse(x, y, count);
    }
    if constexpr (RowOffsets::areKept)
      if (!hasRows) lookNear(x, count);
    applyPacked(x, y, count);
  }
};

// The near vectors that x begins with. Returns how many elements these are. A loop without anything else, and out of
// line, leaves the registers to the table.
template <class Evaluation>
SOFTPLUS_NOINLINE size_t applyNear(const Evaluation& f, const float* x, float* y, size_t count) {
  using Lanes = typename Evaluation::Lanes;
  const typename Evaluation::HeldTable table(f.table);
  size_t i = 0;
  for (; i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    const Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
    if (!f.areNear(first, second)) return i;
    prefetch<Lanes>(x + i, 2 * Lanes::count);
    prefetch<Lanes>(y + i, 2 * Lanes::count);
    f.near(table, i, first).store(y + i);
    f.near(table, i, second).store(y + i + Lanes::count);
  }
  for (; i < count; i += Lanes::count) {
    const size_t left = count - i;
    const bool whole = left >= Lanes::count;
    const Lanes last = whole ? Lanes::load(x + i) : Lanes::loadFirst(x + i, left);
    if (!f.areNear(last, last)) return i;
    const Lanes result = f.near(table, i, last);
    whole ? result.store(y + i) : result.storeFirst(y + i, left);
  }
  return count;
}

// The number of elements before the first aligned vector of y. A store across two cache lines costs two, and allocators
// align to 16 bytes only. Short arrays are not worth it.
template <class Lanes>
SOFTPLUS_INLINE size_t headLength(const float* y, size_t count) {
  constexpr size_t bytes = Lanes::count * sizeof(float);
  const size_t head = (bytes - reinterpret_cast<uintptr_t>(y) % bytes) % bytes / sizeof(float);
  return Lanes::areWhole || count < 8 * Lanes::count ? 0 : head;
}

// Near runs as far as they go, by applyNear(start), which returns how many elements these are. In between blocks whose
// way look(start, n) chooses, by applyOthers(way, start, n).
template <class Look, class ApplyNear, class ApplyOthers>
SOFTPLUS_INLINE void forRuns(size_t count, size_t length, Look look, ApplyNear applyNear, ApplyOthers applyOthers) {
  for (size_t start = applyNear(size_t{0}); start < count;) {
    const auto upTo = [&](size_t n) { return count - start < n ? count - start : n; };
    const Way way = look(start, upTo(length));
    size_t done = way == Way::near ? applyNear(start) : 0;
    if (done == 0) {
      // One vector after the other needs no buffer. Looking less often saves 3 %.
      done = upTo(way == Way::each ? 4 * length : length);
      applyOthers(way, start, done);
    }
    start += done;
  }
}

template <class Evaluation>
SOFTPLUS_INLINE void applyBlocks(const Evaluation& f, const float* x, float* y, size_t count) {
  using Lanes = typename Evaluation::Lanes;
  if constexpr (Lanes::count == 1) {
    Block<Evaluation>(f).applyEach(x, y, count);
  } else {
    Block<Evaluation> block(f);
    if constexpr (Evaluation::RowOffsets::areKept) {
      for (size_t start = 0; start < count; start += block.length) {
        const size_t n = count - start < block.length ? count - start : block.length;
        if (block.areNear(x + start, n))
          map<Lanes>(x + start, y + start, n,
                     [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.near(block.rows, i, lanes); });
        else
          block.applyNotNear(block.look(x + start, n), x + start, y + start, n);
      }
    } else {
      const auto applyOthers = [&](Way way, size_t start, size_t n)
                                   SOFTPLUS_INLINE_LAMBDA { block.applyNotNear(way, x + start, y + start, n); };
      forRuns(
          count, block.length, [&](size_t start, size_t n) SOFTPLUS_INLINE_LAMBDA { return block.look(x + start, n); },
          [&](size_t start) SOFTPLUS_INLINE_LAMBDA { return applyNear(f, x + start, y + start, count - start); },
          applyOthers);
    }
  }
}

// Takes the arithmetic for any lane everywhere, which is less code.
template <class Evaluation>
void applySimply(const Evaluation& f, const float* x, float* y, size_t count) {
  using Lanes = typename Evaluation::Lanes;
  if constexpr (Evaluation::RowOffsets::areKept) {
    Block<Evaluation> block(f);
    for (size_t start = 0; start < count; start += block.length) {
      const size_t n = count - start < block.length ? count - start : block.length;
      block.lookAnywhere(x + start, n);
      mapEach<Lanes>(x + start, y + start, 0, n,
                     [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA { return f.anywhere(block.rows, i, lanes); });
    }
  } else {
    mapEach<Lanes>(x, y, 0, count, [&](size_t, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
      return f.anywhere(typename Evaluation::RowOffsets{}, 0, lanes);
    });
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

// The near vectors that x begins with, for both. Returns how many elements these are.
template <class Value, class Derivative>
SOFTPLUS_NOINLINE size_t applyBothNear(const Value& f, const Derivative& g, const float* x, float* value,
                                       float* derivative, size_t count, bool isStreamed) {
  using Lanes = typename Value::Lanes;
  constexpr typename Value::RowOffsets rows{};
  const Destination<Lanes> toValue(value, x, isStreamed), toDerivative(derivative, x, isStreamed);
  // One of the two tables fits into the registers. That takes 0.95 of the time.
  const typename Value::HeldTable table(f.table);
  size_t i = 0;
  for (; i + 2 * Lanes::count <= count; i += 2 * Lanes::count) {
    const Lanes first = Lanes::load(x + i), second = Lanes::load(x + i + Lanes::count);
    if (!g.areNear(first, second)) return i;
    prefetch<Lanes>(x + i, 2 * Lanes::count);
    const auto atFirst = g.reduceNear(first), atSecond = g.reduceNear(second);
    toValue.store(f.near(atFirst, table, i, first), value + i);
    toDerivative.store(g.near(atFirst, rows, i, first), derivative + i);
    toValue.store(f.near(atSecond, table, i, second), value + i + Lanes::count);
    toDerivative.store(g.near(atSecond, rows, i, second), derivative + i + Lanes::count);
  }
  return i;
}

// value[i] = f(x[i]) and derivative[i] = g(x[i]), vector by vector.
template <class Value, class Derivative>
SOFTPLUS_NOINLINE void applyBothEach(const Value& f, const Derivative& g, const float* x, float* value,
                                     float* derivative, size_t count, bool isStreamed) {
  using Lanes = typename Value::Lanes;
  constexpr typename Value::RowOffsets rows{};
  mapToBoth<Lanes>(x, value, derivative, count, isStreamed,
                   [&](size_t i, Lanes lanes, Lanes& v, Lanes& d) SOFTPLUS_INLINE_LAMBDA {
                     const auto isNotNear = g.isNotNear(lanes);
                     const unsigned notNear = bitsOf(isNotNear);
                     if (notNear == 0) {
                       const auto at = g.reduceNear(lanes);
                       v = f.near(at, rows, i, lanes);
                       d = g.near(at, rows, i, lanes);
                     } else if (bitsOf(f.isFar(isNotNear, lanes) | g.isFar(isNotNear, lanes)) != 0) {
                       v = f.anywhere(rows, i, lanes);
                       d = g.anywhere(rows, i, lanes);
                     } else if (notNear == allLanes<Lanes>) {
                       v = f.settled(lanes);
                       d = g.settled(lanes);
                     } else {
                       v = f.nearOrSettled(isNotNear, rows, i, lanes);
                       d = g.nearOrSettled(isNotNear, rows, i, lanes);
                     }
                   });
}

// value[i] = f(x[i]) and derivative[i] = g(x[i]) in one pass over x. The compiler evaluates the common steps once.
// Packed and sparse blocks, and where rows are kept all that are not near, are evaluated twice, the derivative first,
// because value may be x.
template <class Value, class Derivative>
SOFTPLUS_INLINE void applyBothBlocks(const Value& f, const Derivative& g, const float* x, float* value,
                                     float* derivative, size_t count, bool isStreamed) {
  using Lanes = typename Value::Lanes;
  Block<Value> values(f);
  Block<Derivative> derivatives(g);
  const auto applyTwice = [&](Way way, size_t start, size_t n) SOFTPLUS_INLINE_LAMBDA {
    derivatives.applyNotNear(way, x + start, derivative + start, n);
    values.applyNotNear(way, x + start, value + start, n);
  };
  if constexpr (Value::RowOffsets::areKept) {
    for (size_t start = 0; start < count; start += values.length) {
      const size_t n = count - start < values.length ? count - start : values.length;
      if (derivatives.areNear(x + start, n))
        mapToBoth<Lanes>(x + start, value + start, derivative + start, n, isStreamed,
                         [&](size_t i, Lanes lanes, Lanes& v, Lanes& d) SOFTPLUS_INLINE_LAMBDA {
                           const auto at = g.reduceNear(lanes);
                           v = f.near(at, derivatives.rows, i, lanes);
                           d = g.near(at, derivatives.rows, i, lanes);
                         });
      else
        applyTwice(derivatives.look(x + start, n), start, n);
    }
  } else {
    forRuns(
        count, values.length,
        [&](size_t start, size_t n) SOFTPLUS_INLINE_LAMBDA {
          // The reduction that both share is a larger part of the time with beta 1.
          const Way way = derivatives.look(x + start, n, Value::hasBeta ? 16 : 13);
          return way == Way::settled ? Way::each : way;
        },
        [&](size_t start) SOFTPLUS_INLINE_LAMBDA {
          return applyBothNear(f, g, x + start, value + start, derivative + start, count - start, isStreamed);
        },
        [&](Way way, size_t start, size_t n) SOFTPLUS_INLINE_LAMBDA {
          if (way == Way::packed || way == Way::sparse)
            applyTwice(way, start, n);
          else
            applyBothEach(f, g, x + start, value + start, derivative + start, n, isStreamed);
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
