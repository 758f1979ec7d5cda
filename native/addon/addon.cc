// The Node-API boundary: check, choose, call. No arithmetic, and no exception crosses it.
//
// The addon exports `available`, the names of the backends that can run here, best first, and `kernels(name)`, an
// object with a function (x, y = x, threshold = none, beta = 1) for every function of the list, and those that take
// other arrays. The TypeScript side checks what users pass and words their errors; what is checked here is what would
// otherwise read or write memory it must not. `launch` of the kernels has every function of the list again, to be run
// in threads of their own (launch.h), and `checkApart` is the check of a job's out.
#include <napi.h>

#include <string>

#include "../dispatch.h"
#include "call.h"
#include "launch.h"

namespace softplus {
namespace {

// x, y = x, threshold = none, beta = 1
napi_value run(napi_env rawEnv, napi_callback_info info) {
  const Napi::Env env(rawEnv);
  Call<2> call{{}, {{"x"}, {"out"}}};
  if (!call.read(env, info)) return nullptr;
  const auto& [x, y] = call.arrays;
  if (!isApart(env, y, x, true)) return nullptr;

  const Kernel kernel = call.chosen(static_cast<const FunctionEntry*>(call.data)->ways);
  if (kernel == nullptr)
    throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "this function takes no threshold and no beta");
  else if (x.length > 0)
    kernel(x.data, y.data, x.length, call.options);
  return nullptr;
}

// x, grad, y, threshold = none, beta = 1
napi_value runBackward(napi_env rawEnv, napi_callback_info info) {
  const Napi::Env env(rawEnv);
  Call<3> call{{}, {{"x"}, {"grad"}, {"out"}}};
  if (!call.read(env, info)) return nullptr;
  const auto& [x, grad, y] = call.arrays;
  if (!isApart(env, y, x, true) || !isApart(env, y, grad, true)) return nullptr;

  const Backend& backend = *static_cast<const Backend*>(call.data);
  const Kernel derivative = call.chosen(backend.functions[derivativeFunction].ways);
  if (x.length > 0) backend.backward(derivative, x.data, grad.data, y.data, x.length, call.options);
  return nullptr;
}

// x, value, slope, threshold = none, beta = 1
napi_value runWithDerivative(napi_env rawEnv, napi_callback_info info) {
  const Napi::Env env(rawEnv);
  Call<3> call{{}, {{"x"}, {"out.value"}, {"out.derivative"}}};
  if (!call.read(env, info)) return nullptr;
  const auto& [x, value, slope] = call.arrays;
  if (!isApart(env, value, x, true) || !isApart(env, slope, x, false) || !isApart(env, slope, value, false))
    return nullptr;

  const WithDerivativeKernel kernel = call.chosen(static_cast<const Backend*>(call.data)->withDerivative);
  if (x.length > 0) kernel(x.data, value.data, slope.data, x.length, call.options);
  return nullptr;
}

// x, y. Only addresses tell that two SharedArrayBuffer objects are the same memory.
napi_value checkApart(napi_env env, napi_callback_info info) {
  Call<2> call{{}, {{"x"}, {"out"}}};
  if (call.read(env, info)) isApart(env, call.arrays[1], call.arrays[0], true);
  return nullptr;
}

bool setFunction(Napi::Env env, Napi::Object object, const char* name, napi_callback callback, const void* data) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<void*>(data), &function) == napi_ok &&
         napi_set_named_property(env, object, name, function) == napi_ok;
}

Napi::Value kernelsOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
  for (const Backend* backend : availableBackends()) {
    if (name != backend->name) continue;
    Napi::Object functions = Napi::Object::New(env);
    Napi::Object launches = Napi::Object::New(env);
    for (const FunctionEntry& kernels : backend->functions)
      if (!setFunction(env, functions, kernels.name, run, &kernels) ||
          !setFunction(env, launches, kernels.name, launch, &kernels))
        return env.Undefined();
    functions.Set("launch", launches);
    if (!setFunction(env, functions, "backward", runBackward, backend) ||
        !setFunction(env, functions, "withDerivative", runWithDerivative, backend) ||
        !setFunction(env, functions, "checkApart", checkApart, nullptr))
      return env.Undefined();
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
