// The floating-point environment: kernels leave the calling thread's as it is, and what it changes in their results.
//
// For every rounding mode and for subnormals flushed to zero (FTZ and DAZ on x86, FZ on Arm), all kernels run over
// inputs that stand for all floats. One line of JSON to stdout for each environment, backend and function:
//
//   inputs        how many
//   changed       how many results are not those of the default environment
//   unexplained   how many of these come without a subnormal number: neither an argument nor the result is one
//   x, was, is    one that changed; was, in the default environment
//
// Exit code 1 if a kernel, or a job in another thread, left another environment than it found.
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <thread>
#include <vector>

#include "../addon/parallel.h"
#include "../dispatch.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace {

using namespace softplus;

// The register's bits that control: not those that say what happened.
#if defined(__x86_64__)
using Control = unsigned;
constexpr Control flags = 0x3f, flushed = 0x8040, down = 0x2000, up = 0x4000, towardsZero = 0x6000;
Control control() { return _mm_getcsr() & ~flags; }
void setControl(Control value) { _mm_setcsr(value); }
#elif defined(__aarch64__)
using Control = uint64_t;
constexpr Control flushed = 1 << 24, down = 2 << 22, up = 1 << 22, towardsZero = 3 << 22;
Control control() {
  Control value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
void setControl(Control value) { __asm__ volatile("msr fpcr, %0" ::"r"(value)); }
#else
#error "unknown floating-point environment"
#endif

const Control usual = control();

struct Environment {
  const char* name;
  Control value;
};

const Environment environments[] = {{"default", usual},
                                    {"subnormals flushed to zero", usual | flushed},
                                    {"rounding down", usual | down},
                                    {"rounding up", usual | up},
                                    {"rounding towards zero", usual | towardsZero}};

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Of bits: a comparison of floats would itself depend on the environment.
bool isNaN(float value) { return (bitsOf(value) & 0x7fffffff) > 0x7f800000; }
bool isSubnormal(float value) { return (bitsOf(value) & 0x7f800000) == 0 && (bitsOf(value) & 0x7fffff) != 0; }
bool differ(float a, float b) { return bitsOf(a) != bitsOf(b) && !(isNaN(a) && isNaN(b)); }

// The ends of every binade of either sign, then every 4099th float.
std::vector<float> inputs() {
  std::vector<float> all;
  for (uint32_t exponent = 0; exponent < 512; exponent++)
    for (uint32_t last : {0u, 1u, 0x7fffffu}) all.push_back(fromBits(exponent << 23 | last));
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 4099) all.push_back(fromBits(static_cast<uint32_t>(bits)));
  return all;
}

const std::vector<float> xs = inputs();
const std::vector<float> grads(xs.rbegin(), xs.rend());

// A name, and what it does to xs. A pair's two results are one after the other.
struct Work {
  const char* name;
  const Backend& backend;
  int function;
  const float* otherArgument;
  std::vector<float> run() const {
    const size_t n = xs.size();
    std::vector<float> y(function > functionCount ? 2 * n : n);
    if (function < functionCount) {
      backend.functions[function].ways.plain(xs.data(), y.data(), n, {});
    } else if (function == functionCount) {
      backend.backward(backend.functions[derivativeFunction].ways.plain, xs.data(), grads.data(), y.data(), n, {});
    } else {
      backend.withDerivative.plain(xs.data(), y.data(), y.data() + n, n, {});
    }
    return y;
  }
};

int failures = 0;

void expectUntouched(const Environment& environment, const char* backend, const char* what) {
  if (control() == environment.value) return;
  std::fprintf(stderr, "environment: %s of %s left another than %s\n", what, backend, environment.name);
  failures++;
}

void compare(const Environment& environment, const Work& work, const std::vector<float>& was,
             const std::vector<float>& is) {
  size_t changed = 0, unexplained = 0, witness = 0;
  for (size_t i = 0; i < was.size(); i++) {
    if (!differ(was[i], is[i])) continue;
    const size_t at = i % xs.size();
    const bool isExplained =
        isSubnormal(xs[at]) || isSubnormal(was[i]) || (work.otherArgument && isSubnormal(work.otherArgument[at]));
    if (changed++ == 0 || (!isExplained && unexplained == 0)) witness = i;
    unexplained += !isExplained;
  }
  std::printf(
      "{\"environment\":\"%s\",\"backend\":\"%s\",\"function\":\"%s\",\"inputs\":%zu,\"changed\":%zu,"
      "\"unexplained\":%zu,\"x\":\"%a\",\"was\":\"%a\",\"is\":\"%a\"}\n",
      environment.name, work.backend.name, work.name, was.size(), changed, unexplained,
      static_cast<double>(xs[witness % xs.size()]), static_cast<double>(was[witness]),
      static_cast<double>(is[witness]));
}

void test(const Work& work) {
  const std::vector<float> was = work.run();
  for (const Environment& environment : environments) {
    setControl(environment.value);
    const std::vector<float> is = work.run();
    expectUntouched(environment, work.backend.name, work.name);
    setControl(usual);
    compare(environment, work, was, is);
  }
}

// Threads begin with the environment of the thread that starts them.
void testJob(const Backend& backend) {
  for (const Environment& environment : environments) {
    std::vector<float> values = xs;
    Job job;
    job.kernel = backend.functions[softplusFunction].ways.plain;
    job.data = values.data();
    job.count = values.size();
    std::thread([&] {
      setControl(environment.value);
      job.work();
      expectUntouched(environment, backend.name, "a job");
    }).join();
    expectUntouched(environments[0], backend.name, "a job elsewhere");
  }
}

}  // namespace

int main() {
  for (const Backend* backend : availableBackends()) {
    for (int f = 0; f < functionCount; f++) test({backend->functions[f].name, *backend, f, nullptr});
    test({"backward", *backend, functionCount, grads.data()});
    test({"withDerivative", *backend, functionCount + 1, nullptr});
    testJob(*backend);
  }
  std::fprintf(stderr, "environment: %s\n", failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
