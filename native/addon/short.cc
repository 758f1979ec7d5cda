// Computes short arrays in memory that both languages see.
#include "short.h"

#include <cstddef>
#include <cstdint>
#include <new>

#include "../dispatch.h"
#include "call.h"

namespace softplus {
namespace {

// Measured: see docs/performance.md, "What does a short call cost?".
constexpr size_t most = 16;

enum { backwardFunction = functionCount, withDerivativeFunction };

// The unused words keep the arrays at a multiple of 64 bytes from the start.
struct Shared {
  uint32_t function, count, way;
  float threshold, beta;
  uint32_t unused[11];
  float x[most], other[most];
};
static_assert(offsetof(Shared, x) == 64, "64 bytes from the start");

// Owned by the function compute().
struct Short {
  const Backend& backend;
  Shared* shared = nullptr;
  // Keeps `shared`.
  napi_ref buffer = nullptr;
  explicit Short(const Backend& from) : backend(from) {}
};

void finalize(napi_env env, void* data, void*) {
  Short* owned = static_cast<Short*>(data);
  if (owned->buffer != nullptr) static_cast<void>(napi_delete_reference(env, owned->buffer));
  delete owned;
}

// What computes. False if there is no such function, or if it does not take these options.
bool run(const Backend& backend, Shared& shared) {
  const bool hasThreshold = shared.way == 1, hasBeta = shared.way == 2;
  const Scaling scaling = {shared.beta, shared.threshold};
  float* const x = shared.x;
  if (shared.function < functionCount) {
    const Kernel kernel = chosen(backend.functions[shared.function].ways, hasThreshold, hasBeta);
    if (kernel == nullptr) return false;
    kernel(x, x, shared.count, scaling);
  } else if (shared.function == backwardFunction) {
    const Kernel derivative = chosen(backend.functions[derivativeFunction].ways, hasThreshold, hasBeta);
    backend.backward(derivative, x, shared.other, x, shared.count, scaling);
  } else if (shared.function == withDerivativeFunction) {
    chosen(backend.withDerivative, hasThreshold, hasBeta)(x, x, shared.other, shared.count, scaling);
  } else {
    return false;
  }
  return true;
}

napi_value compute(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  const Short& self = *static_cast<const Short*>(data);
  Shared& shared = *self.shared;
  if (shared.count > most)
    throwRangeError(env, "call must have a count of at most %zu; got %u", most, shared.count);
  else if (shared.count > 0 && !run(self.backend, shared))
    throwRangeError(env, "call must name a function and a way it has; got %u and %u", shared.function, shared.way);
  return nullptr;
}

bool setArray(napi_env env, napi_value object, const char* name, napi_typedarray_type type, napi_value buffer,
              size_t offset, size_t length) {
  napi_value array;
  return napi_create_typedarray(env, type, length, buffer, offset, &array) == napi_ok &&
         napi_set_named_property(env, object, name, array) == napi_ok;
}

bool setNumber(napi_env env, napi_value object, const char* name, uint32_t value) {
  napi_value number;
  return napi_create_uint32(env, value, &number) == napi_ok &&
         napi_set_named_property(env, object, name, number) == napi_ok;
}

bool setNumbers(napi_env env, napi_value object, const Backend& backend) {
  uint32_t number = 0;
  for (const FunctionEntry& function : backend.functions)
    if (!setNumber(env, object, function.name, number++)) return false;
  return setNumber(env, object, "backward", backwardFunction) &&
         setNumber(env, object, "withDerivative", withDerivativeFunction);
}

// The function compute(). It owns `created` if this succeeds.
bool setCompute(napi_env env, napi_value object, Short* created) {
  napi_value function;
  return napi_create_function(env, "compute", NAPI_AUTO_LENGTH, compute, created, &function) == napi_ok &&
         napi_set_named_property(env, object, "compute", function) == napi_ok &&
         napi_add_finalizer(env, function, created, finalize, nullptr, nullptr) == napi_ok;
}

}  // namespace

bool setShort(napi_env env, napi_value kernels, const Backend& backend) {
  napi_value object, functions, buffer;
  void* memory = nullptr;
  if (napi_create_object(env, &object) != napi_ok || napi_create_object(env, &functions) != napi_ok ||
      !setNumbers(env, functions, backend) || napi_set_named_property(env, object, "functions", functions) != napi_ok ||
      napi_create_arraybuffer(env, sizeof(Shared), &memory, &buffer) != napi_ok ||
      !setArray(env, object, "call", napi_uint32_array, buffer, offsetof(Shared, function), 3) ||
      !setArray(env, object, "scaling", napi_float32_array, buffer, offsetof(Shared, threshold), 2) ||
      !setArray(env, object, "x", napi_float32_array, buffer, offsetof(Shared, x), most) ||
      !setArray(env, object, "other", napi_float32_array, buffer, offsetof(Shared, other), most))
    return false;
  Short* created = new (std::nothrow) Short(backend);
  if (created == nullptr) return false;
  created->shared = static_cast<Shared*>(memory);
  if (napi_create_reference(env, buffer, 1, &created->buffer) != napi_ok || !setCompute(env, object, created)) {
    finalize(env, created, nullptr);
    return false;
  }
  return napi_set_named_property(env, kernels, "short", object) == napi_ok;
}

}  // namespace softplus
