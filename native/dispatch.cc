// Asks the CPU and the operating system once which backends can run. This file is compiled for any x86-64 or arm64.
#include "dispatch.h"

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#define SOFTPLUS_X64 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif defined(__aarch64__) || defined(_M_ARM64)
#define SOFTPLUS_ARM64 1
#endif

namespace softplus {

// Only the backends of the architecture are linked.
extern const Backend scalarBackend, avx2Backend, avx512Backend, neonBackend;

namespace {

#if defined(SOFTPLUS_X64)
struct Registers {
  uint32_t a, b, c, d;
};

Registers cpuid(uint32_t leaf) {
  Registers r = {};
#if defined(_MSC_VER)
  int out[4];
  __cpuidex(out, 0, 0);
  if (static_cast<uint32_t>(out[0]) < leaf) return r;
  __cpuidex(out, static_cast<int>(leaf), 0);
  r = {uint32_t(out[0]), uint32_t(out[1]), uint32_t(out[2]), uint32_t(out[3])};
#else
  __get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d);
#endif
  return r;
}

// The registers that the operating system saves when it switches threads.
uint64_t xcr0() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
#endif
}

constexpr bool has(uint64_t set, uint64_t wanted) { return (set & wanted) == wanted; }
#endif

// What this CPU and its operating system can run.
struct Cpu {
  bool any = true;
#if defined(SOFTPLUS_X64)
  // Every CPU feature that avx2.cc and avx512.cc are compiled for (backends.json), and the registers that they use.
  bool avx2 = false, avx512 = false;
  Cpu() {
    constexpr uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
    if (!has(cpuid(1).c, fma | osxsave | avx)) return;
    constexpr uint32_t avx2Bit = 1u << 5, avx512f = 1u << 16, avx512dq = 1u << 17, avx512bw = 1u << 30,
                       avx512vl = 1u << 31;
    const uint32_t extended = cpuid(7).b;
    constexpr uint64_t ymm = 0x06, zmm = 0xe6;
    avx2 = has(extended, avx2Bit) && has(xcr0(), ymm);
    avx512 = avx2 && has(extended, avx512f | avx512dq | avx512bw | avx512vl) && has(xcr0(), zmm);
  }
#endif
};

struct Linked {
  const Backend* backend;
  bool Cpu::*canRun;
};

// Every backend of the architecture, best first, and what it needs.
constexpr Linked linked[] = {
#if defined(SOFTPLUS_X64)
    {&avx512Backend, &Cpu::avx512},
    {&avx2Backend, &Cpu::avx2},
#elif defined(SOFTPLUS_ARM64)
    {&neonBackend, &Cpu::any},
#endif
    {&scalarBackend, &Cpu::any},
};

struct Available {
  const Backend* list[sizeof linked / sizeof *linked] = {};
  size_t count = 0;
  Available() {
    const Cpu cpu;
    for (const Linked& each : linked)
      if (cpu.*each.canRun) list[count++] = each.backend;
  }
};

}  // namespace

Backends availableBackends() {
  static const Available available;
  return {available.list, available.count};
}

}  // namespace softplus
