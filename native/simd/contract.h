// The contract of the headers in this folder: each defines the operations below, with these names and exact results.
// Only the one with 16 lanes has unpack.
//
// native/evaluate.h and native/functions/ are written once, in terms of these operations. test/lanes.cc tests every
// operation on every instruction set.
//
// Each header puts its operations into a namespace named after its instruction set, and calls that namespace
// softplus::isa too. A file includes one such header. Inside is an anonymous namespace: the linker must never merge
// code that was compiled for one instruction set with code of another.
//
// Exactness: + - * / fma narrow and scale round once, to nearest, ties to even. Subnormal numbers are kept. The only
// exception is the fma of scalar.h, which states its own limit.
//
//   Lanes                       `count` lanes of float32. Lanes(v) has v in every lane.
//     arePaired                 Whether loops take two vectors side by side. That hides latency, and doubles the code.
//     areWhole                  Whether callers fill every array up to whole, aligned vectors. Other code is left out.
//   load(from), a.store(to)     `count` floats at any address.
//   loadFirst(from, n)          The first n floats, 0 < n < count. The others are not read, and their lanes are 0.
//   a.storeFirst(to, n)         The first n lanes, 0 < n < count. Nothing else is written.
//   a.stream(to)                Stores, past the caches if the processor can. `to` is aligned to the size of a vector.
//   fence()                     Makes streamed results visible to other threads.
//   prefetch(address)           A hint. Any address is allowed, even outside of all arrays.
//   a + b, a - b, a * b         As float.
//   fma(a, b, c), fms(a, b, c)  a b + c and a b - c.
//   max(a, b), min(a, b)        b if b is NaN. a must not be NaN. Of two zeros either may come out.
//   maxBits(a, b)               The larger bit pattern, as unsigned integers: NaN is larger than all numbers, provided
//                               that both signs are clear.
//   withSignSet, withSignClear  -|a| and |a|, of NaN too.
//   withSignSet(a, least)       -max(|a|, least) for a least > 0. Of NaN it is NaN or -least.
//   timesSign(a, s)             a or -a, where s is 0 or -0.
//   subtractIfPositive(a, p, b) a - b where the sign bit of p is clear, else a.
//   addIfPositive(a, p, b)      a + b there.
//   pow2(n)                     2^n for an integer n in [-126, 127]. For one in [-380, -127] it is 2^-126 or less, and
//                               not below 0. Of NaN it is some number.
//   scale(a, n)                 a 2^n, also if that is subnormal, for a normal a > 0 or +0, and an integer n in
//                               [-250, 0].
//
//   Mask                        A truth value for every lane.
//   a < b, a > b                False where a or b is NaN.
//   isNotAbove(a, limit)        Whether a > limit does not hold, so true where a is NaN.
//   isNotBelow(m, a, limit)     The lanes of m where a < limit does not hold: also those where a is NaN.
//   isWithin(m, a, low, high)   The lanes of m where neither a < low nor a > high: also those where a is NaN.
//   isBetween(a, low, high)     low <= a <= high, for limits below 0. False where a is NaN.
//   isNaN(a), isSignClear(a)    isSignClear looks at the sign bit alone: true for +0, false for -0.
//   m | k, m & k                For every lane.
//   areAll(m)                   Whether every lane is true.
//   select(m, yes, no)          yes where m is true, else no.
//   zeroWhere(m, a)             +0 where m is true, else a.
//   withNaN(a, x)               x where x is NaN, else a. For an a above 0, or of 0 where x is not 0.
//   selectBySign(p, neg, pos)   neg where the sign bit of p is set, else pos.
//   areBelow(a, b, limit)       Whether |a| and |b| are below limit in every lane. NaN is not.
//   bitsOf(m)                   Bit i of this unsigned integer is lane i.
//   Lanes::countOf(bits)        How many lanes these are.
//   pack(bits, a)               The lanes of a with a bit, in order, in the first lanes. The other lanes are arbitrary.
//   unpack(bits, packed, to)    Stores the first lanes of `packed`, in order, at to[i] for every lane i with a bit.
//                               Nothing else is written.
//
//   Wide                        The same lanes in binary64, with + - * /. Wide(v) has v in every lane.
//   widen(a), narrow(w)         Lanes to Wide, and back.
//   selectWhereZero(w, yes, no) yes where w is +0 or -0, else no.
//   widePow2(n)                 2^n for an integer n in [-1022, 1023]. Of NaN it is some number.
//   splitExponent(w)            A struct of k and c with w = 2^k c for a normal w > 0. c is in [m, 2 m) with
//                               m = 0x1.6a09ep-1, just below the square root of 1/2.
//
//   Table::of<rows>()           A table of cells: 32 rows of 8 floats.
//   RowOffsets                  The row of every lane of a block: the low five bits of a lane of z.
//     lookup(table, i, z)       The Coefficients of the rows of z.
//     areKept                   true if keep(i, z) must come before lookup(table, i, z). If false, keep does not exist.
//     capacity                  The length of a block.
//     keep(i, z)                Stores the rows of the lanes at i, a multiple of `count` below `capacity`.
//   FarRows                     As RowOffsets, for z of far lanes only, which are in the rows 2 to 4.
//   HeldTable(table)            A table that stays in registers during a loop, with lookup as RowOffsets. void where
//                               there are not enough registers.
//   Simd                        The types above, as one template argument.
#pragma once

// Lanes must stay in registers, so every operation is inlined, however long a kernel becomes.
#if defined(_MSC_VER) && !defined(__clang__)
#define SOFTPLUS_INLINE __forceinline
#define SOFTPLUS_INLINE_LAMBDA
#define SOFTPLUS_NOINLINE __declspec(noinline)
#else
#define SOFTPLUS_INLINE __attribute__((always_inline)) inline
#define SOFTPLUS_INLINE_LAMBDA __attribute__((always_inline))
#define SOFTPLUS_NOINLINE __attribute__((noinline))
#endif

namespace softplus {

// One row of a table for every lane: the polynomial c0 + low + c1 r + ... + c6 r^6.
template <class Lanes>
struct Coefficients {
  Lanes c0, c1, c2, c3, c4, c5, c6, low;
};

}  // namespace softplus
