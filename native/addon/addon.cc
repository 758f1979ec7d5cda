// The functions that Node calls: they read arguments, choose a kernel and call it. No C++ exception leaves this file.
//
// The addon exports `available`, the names of the backends that can run here, best first, and `kernels(name)`. That
// returns an object with every function of the list, as (x, y = x, threshold = none, beta = 1), with `backward`,
// `withDerivative`, `checkApart` and, on Linux, `adviseHugePages`, with `launch`, which has every function again as a
// job in threads of its own (launch.h), and with `short`, for arrays of a few elements (short.h).
#include <napi.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <string>

#include "../dispatch.h"
#include "../functions.h"
#include "call.h"
#include "launch.h"
#include "short.h"

namespace softplus {
namespace {

// x, y = x, threshold = none, beta = 1
napi_value callFunction(napi_env env, napi_callback_info info) {
  Arguments<2> arguments({"x", "out"});
  if (!arguments.read(env, info)) return nullptr;
  const auto& [x, y] = arguments.arrays;
  if (!checkApart(env, y, x, true)) return nullptr;

  const FunctionEntry& function = *static_cast<const FunctionEntry*>(arguments.data);
  if (const Kernel kernel = arguments.chosen(function.ways); kernel == nullptr)
    throwRangeError(env, "threshold and beta must be left out: %s takes no threshold and no beta; got %s",
                    function.name, arguments.hasBeta ? "both" : "a threshold");
  else if (x.length > 0)
    kernel(x.data, y.data, x.length, arguments.scaling);
  return nullptr;
}

// x, grad, y, threshold = none, beta = 1
napi_value callBackward(napi_env env, napi_callback_info info) {
  Arguments<3> arguments({"x", "grad", "out"});
  if (!arguments.read(env, info)) return nullptr;
  const auto& [x, grad, y] = arguments.arrays;
  if (!checkApart(env, y, x, true) || !checkApart(env, y, grad, true)) return nullptr;

  const Backend& backend = *static_cast<const Backend*>(arguments.data);
  const Kernel derivative = arguments.chosen(backend.functions[derivativeFunction].ways);
  if (x.length > 0) backend.backward(derivative, x.data, grad.data, y.data, x.length, arguments.scaling);
  return nullptr;
}

// x, value, derivative, threshold = none, beta = 1
napi_value callWithDerivative(napi_env env, napi_callback_info info) {
  Arguments<3> arguments({"x", "out.value", "out.derivative"});
  if (!arguments.read(env, info)) return nullptr;
  const auto& [x, value, derivative] = arguments.arrays;
  if (!checkApart(env, value, x, true) || !checkApart(env, derivative, x, false) ||
      !checkApart(env, derivative, value, false))
    return nullptr;

  const auto kernel = arguments.chosen(static_cast<const Backend*>(arguments.data)->withDerivative);
  if (x.length > 0) kernel(x.data, value.data, derivative.data, x.length, arguments.scaling);
  return nullptr;
}

// x, y. Two SharedArrayBuffer objects can be the same memory, which TypeScript cannot see.
napi_value callCheckApart(napi_env env, napi_callback_info info) {
  Arguments<2> arguments({"x", "out"});
  if (arguments.read(env, info)) checkApart(env, arguments.arrays[1], arguments.arrays[0], true);
  return nullptr;
}

#if defined(__linux__)
// x. Asks for huge pages under an array that nothing was written to yet. The system may refuse; then it is as it was.
napi_value callAdviseHugePages(napi_env env, napi_callback_info info) {
  // The system wants whole pages. None of Linux are larger.
  constexpr uintptr_t page = 65536;
  Arguments<1> arguments({"x"});
  if (!arguments.read(env, info)) return nullptr;
  const uintptr_t from = reinterpret_cast<uintptr_t>(arguments.arrays[0].data);
  const uintptr_t first = (from + page - 1) / page * page;
  const uintptr_t last = (from + arguments.arrays[0].length * sizeof(float)) / page * page;
  if (first < last) static_cast<void>(madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
  return nullptr;
}
#endif

bool setFunction(Napi::Env env, Napi::Object object, const char* name, napi_callback callback, const void* data) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<void*>(data), &function) == napi_ok &&
         napi_set_named_property(env, object, name, function) == napi_ok;
}

Napi::Value createKernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
  for (const Backend* backend : availableBackends()) {
    if (name != backend->name) continue;
    Napi::Object kernels = Napi::Object::New(env);
    Napi::Object launches = Napi::Object::New(env);
    for (const FunctionEntry& function : backend->functions)
      if (!setFunction(env, kernels, function.name, callFunction, &function) ||
          !setFunction(env, launches, function.name, launch, &function))
        return env.Undefined();
    kernels.Set("launch", launches);
    if (!setFunction(env, kernels, "backward", callBackward, backend) ||
        !setFunction(env, kernels, "withDerivative", callWithDerivative, backend) ||
        !setFunction(env, kernels, "checkApart", callCheckApart, nullptr) || !setShort(env, kernels, *backend))
      return env.Undefined();
#if defined(__linux__)
    if (!setFunction(env, kernels, "adviseHugePages", callAdviseHugePages, nullptr)) return env.Undefined();
#endif
    return kernels;
  }
  throwRangeError(env, "name must be one of the addon's available backends; got %s",
                  info[0].IsString() ? name.c_str() : describe(env, info[0]));
  return env.Undefined();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Napi::Array names = Napi::Array::New(env);
  uint32_t count = 0;
  for (const Backend* backend : availableBackends()) names.Set(count++, backend->name);
  exports.Set("available", names);
  exports.Set("kernels", Napi::Function::New<createKernels>(env, "kernels"));
  return exports;
}

}  // namespace
}  // namespace softplus

static Napi::Object InitializeSoftplus(Napi::Env env, Napi::Object exports) {
  return softplus::initialize(env, exports);
}
NODE_API_MODULE(softplus, InitializeSoftplus)
