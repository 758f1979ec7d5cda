// What a WebAssembly module exports: every function of native/functions.h, backward and withDerivative.
//
// They compute in two buffers of the module, because WebAssembly sees no memory but its own.
// src/backend/wasm/kernels.ts copies one block after the other into them, and the results back.
#include <cstddef>

#include "../backends/kernels.h"
#include "../dispatch.h"
#include "../simd/wasm.h"

namespace softplus {
namespace {

constexpr size_t blockLength = 4096;
struct Buffers {
  alignas(16) float x[blockLength], other[blockLength];
};
Buffers buffers;

// Fills both buffers with zeros up to the next whole vector, and returns that length.
size_t padded(size_t count) {
  size_t i = count;
  for (; i % wasm::Lanes::count != 0; i++) buffers.x[i] = buffers.other[i] = 0.0f;
  return i;
}

// The kernel of a way: 0 plain, 1 with a threshold, 2 with a threshold and a beta.
template <class F>
Kernel kernelOf(int way) {
  constexpr Ways<Kernel> ways = kernelsOf<F, wasm::Simd>();
  return chosen(ways, way == 1, way == 2);
}

}  // namespace
}  // namespace softplus

using namespace softplus;

#define SOFTPLUS_EXPORT(name) extern "C" __attribute__((export_name(name)))

// The addresses of the buffers, and the number of floats in each.
SOFTPLUS_EXPORT("x") float* exportX() { return buffers.x; }
SOFTPLUS_EXPORT("other") float* exportOther() { return buffers.other; }
SOFTPLUS_EXPORT("blockLength") size_t exportBlockLength() { return blockLength; }

// a b + c. Shows whether the engine rounds relaxed_madd once.
SOFTPLUS_EXPORT("fma") float exportFma(float a, float b, float c) {
  float result[wasm::Lanes::count];
  fma(wasm::Lanes(a), wasm::Lanes(b), wasm::Lanes(c)).store(result);
  return result[0];
}

// x = f(x)
#define SOFTPLUS_COMPUTE(name, publicName, bound, boundWithBeta)                                 \
  SOFTPLUS_EXPORT(#name) void name##Export(size_t count, int way, float threshold, float beta) { \
    kernelOf<functions::name>(way)(buffers.x, buffers.x, padded(count), {beta, threshold});      \
  }
SOFTPLUS_FUNCTIONS(SOFTPLUS_COMPUTE)
#undef SOFTPLUS_COMPUTE

// x = derivative(x) * other
SOFTPLUS_EXPORT("backward") void exportBackward(size_t count, int way, float threshold, float beta) {
  computeBackward<wasm::Simd>(kernelOf<functions::derivative>(way), buffers.x, buffers.other, buffers.x, padded(count),
                              {beta, threshold});
}

// other = derivative(x), then x = softplus(x). One pass for both would need as much code again.
SOFTPLUS_EXPORT("withDerivative") void exportWithDerivative(size_t count, int way, float threshold, float beta) {
  kernelOf<functions::derivative>(way)(buffers.x, buffers.other, padded(count), {beta, threshold});
  kernelOf<functions::softplus>(way)(buffers.x, buffers.x, padded(count), {beta, threshold});
}
