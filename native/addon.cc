// The Node-API boundary: check, choose, call. No arithmetic, and no exception crosses it.
//
// The addon exports `available`, the names of the backends that can run here, best first, and `kernels(name)`, an
// object with a function (x, y = x, threshold = none, beta = 1) for every function of the list. The TypeScript side
// checks what users pass and words their errors; what is checked here is what would otherwise read or write memory it
// must not.
#include <napi.h>

#include <cstddef>
#include <cstdio>
#include <string>

#include "dispatch.h"

namespace softplus {
namespace {

struct Array {
  float* data = nullptr;
  size_t length = 0;
};

void throwWithCode(Napi::Env env, napi_status (*raise)(napi_env, const char*, const char*), const char* code,
                   const char* message) {
  if (raise(env, code, message) != napi_ok && !env.IsExceptionPending())
    napi_fatal_error("softplus", NAPI_AUTO_LENGTH, message, NAPI_AUTO_LENGTH);
}

bool readArray(Napi::Env env, napi_value value, Array& array) {
  napi_typedarray_type type;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &array.length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_float32_array) {
    throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE", "x and y must be Float32Arrays");
    return false;
  }
  array.data = static_cast<float*>(data);
  return true;
}

bool readFloat(Napi::Env env, napi_value value, float& number) {
  double wide;
  if (napi_get_value_double(env, value, &wide) != napi_ok) {
    throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE", "threshold and beta must be numbers");
    return false;
  }
  number = static_cast<float>(wide);
  return true;
}

// Where y begins, in bytes from x, if that makes them overlap; else 0.
ptrdiff_t overlapOf(const Array& x, const Array& y) {
  const uintptr_t from = reinterpret_cast<uintptr_t>(x.data), to = reinterpret_cast<uintptr_t>(y.data);
  const uintptr_t bytes = x.length * sizeof(float);
  return from < to + bytes && to < from + bytes ? static_cast<ptrdiff_t>(to - from) : 0;
}

void throwOverlap(Napi::Env env, ptrdiff_t overlap) {
  char message[128];
  std::snprintf(message, sizeof message,
                "out must be x itself, or memory apart from x; got a view that begins %td bytes from x and overlaps it",
                overlap);
  throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", message);
}

Kernel chosen(const Kernels& kernels, bool hasThreshold, bool hasBeta) {
  return hasBeta ? kernels.scaled : hasThreshold ? kernels.thresholded : kernels.plain;
}

bool canTake(Napi::Env env, const Array& x, const Array& y) {
  if (y.length != x.length) {
    throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "out must be as long as x");
    return false;
  }
  const ptrdiff_t overlap = overlapOf(x, y);
  if (overlap != 0) throwOverlap(env, overlap);
  return overlap == 0;
}

// x, y = x, threshold = none, beta = 1
napi_value run(napi_env rawEnv, napi_callback_info info) {
  const Napi::Env env(rawEnv);
  napi_value arguments[4];
  size_t count = 4;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;

  Array x;
  Options options;
  if (!readArray(env, arguments[0], x)) return nullptr;
  Array y = x;
  if (count > 1 && !readArray(env, arguments[1], y)) return nullptr;
  if (count > 2 && !readFloat(env, arguments[2], options.threshold)) return nullptr;
  if (count > 3 && !readFloat(env, arguments[3], options.beta)) return nullptr;
  if (!canTake(env, x, y)) return nullptr;

  const Kernel kernel = chosen(*static_cast<const Kernels*>(data), count > 2, count > 3);
  if (kernel == nullptr || options.beta == 0)
    throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "this function takes no such threshold or beta");
  else if (x.length > 0)
    kernel(x.data, y.data, x.length, options);
  return nullptr;
}

// x, grad, y, threshold = none, beta = 1
napi_value runBackward(napi_env rawEnv, napi_callback_info info) {
  const Napi::Env env(rawEnv);
  napi_value arguments[5];
  size_t count = 5;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  const Backend& backend = *static_cast<const Backend*>(data);

  Array x, grad, y;
  Options options;
  if (!readArray(env, arguments[0], x) || !readArray(env, arguments[1], grad) || !readArray(env, arguments[2], y))
    return nullptr;
  if (count > 3 && !readFloat(env, arguments[3], options.threshold)) return nullptr;
  if (count > 4 && !readFloat(env, arguments[4], options.beta)) return nullptr;
  if (!canTake(env, x, y) || !canTake(env, grad, y)) return nullptr;

  if (options.beta == 0) {
    throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "beta must not be 0");
  } else if (x.length > 0) {
    const Kernel derivative = chosen(backend.functions[derivativeFunction], count > 3, count > 4);
    backend.backward(derivative, x.data, grad.data, y.data, x.length, options);
  }
  return nullptr;
}

Napi::Value kernelsOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
  for (const Backend* backend : availableBackends()) {
    if (name != backend->name) continue;
    Napi::Object functions = Napi::Object::New(env);
    for (const Kernels& kernels : backend->functions) {
      napi_value function;
      if (napi_create_function(env, kernels.name, NAPI_AUTO_LENGTH, run, const_cast<Kernels*>(&kernels), &function) !=
          napi_ok)
        return env.Undefined();
      functions.Set(kernels.name, Napi::Value(env, function));
    }
    napi_value backward;
    if (napi_create_function(env, "backward", NAPI_AUTO_LENGTH, runBackward, const_cast<Backend*>(backend),
                             &backward) != napi_ok)
      return env.Undefined();
    functions.Set("backward", Napi::Value(env, backward));
    return functions;
  }
  throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "no backend of that name can run here");
  return env.Undefined();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Napi::Array names = Napi::Array::New(env);
  uint32_t count = 0;
  for (const Backend* backend : availableBackends()) names.Set(count++, backend->name);
  exports.Set("available", names);
  exports.Set("kernels", Napi::Function::New<kernelsOf>(env, "kernels"));
  return exports;
}

}  // namespace
}  // namespace softplus

static Napi::Object InitializeSoftplus(Napi::Env env, Napi::Object exports) {
  return softplus::initialize(env, exports);
}
NODE_API_MODULE(softplus, InitializeSoftplus)
