// Checks that kernels leave the floating-point environment of the calling thread as it is, and shows how it changes
// results.
//
// All kernels run over a sample of all floats, with every rounding mode and with subnormals flushed to zero (FTZ and
// DAZ on x86, FZ on Arm). Prints a line of JSON to stdout for each environment, backend and function:
//
//   inputs        how many there are
//   changed       how many results differ from those of the default environment
//   unexplained   how many of these have no subnormal number as an argument or as the result
//   x, was, is    an input whose result changed, its result in the default environment, and its result here
//
// Exit code 1 if a kernel, or a job in another thread, changed the environment.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <thread>
#include <vector>

#include "../addon/parallel.h"
#include "../dispatch.h"
#include "floats.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace {

using namespace softplus;

// The control bits of the register, without the flags that operations set.
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

// The ends of every binade of either sign, and every 4099th float.
std::vector<float> inputs() {
  std::vector<float> all;
  for (uint32_t exponent = 0; exponent < 512; exponent++)
    for (uint32_t last : {0u, 1u, 0x7fffffu}) all.push_back(fromBits(exponent << 23 | last));
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 4099) all.push_back(fromBits(static_cast<uint32_t>(bits)));
  return all;
}

const std::vector<float> xs = inputs();
const std::vector<float> grads(xs.rbegin(), xs.rend());

// A computation on xs. withDerivative returns its values followed by its derivatives.
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
  std::fprintf(stderr, "environment: %s of %s changed the environment (%s)\n", what, backend, environment.name);
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

// A thread starts with the environment of the thread that starts it.
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
