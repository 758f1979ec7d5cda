// Reads and checks the arguments of the addon's functions.
//
// The checks keep kernels from reading or writing memory outside of the arrays. The overlap error is shown to users;
// the others repeat checks made in TypeScript.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "../dispatch.h"
#include "../functions.h"

namespace softplus {

// Throws an error with a code. Throwing fails if an exception is pending or the thread is being terminated, and then
// nobody could catch the error. Returns false, so that a check can return it.
template <class... Values>
bool throwWithCode(napi_env env, napi_status (*raise)(napi_env, const char*, const char*), const char* code,
                   const char* format, Values... values) {
  char message[200];
  std::snprintf(message, sizeof message, format, values...);
  static_cast<void>(raise(env, code, message));
  return false;
}

template <class... Values>
bool throwTypeError(napi_env env, const char* format, Values... values) {
  return throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE", format, values...);
}

template <class... Values>
bool throwRangeError(napi_env env, const char* format, Values... values) {
  return throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", format, values...);
}

inline napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok ? type : napi_undefined;
}

// What an argument was, for the "got ..." of an error.
inline const char* describe(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    default:
      return "another object";
  }
}

struct Array {
  const char* name = "";
  float* data = nullptr;
  size_t length = 0;

  bool read(napi_env env, napi_value value) {
    napi_typedarray_type type;
    void* memory = nullptr;
    const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &memory, nullptr, nullptr);
    data = static_cast<float*>(memory);
    return (status == napi_ok && type == napi_float32_array) ||
           throwTypeError(env, "%s must be a Float32Array; got %s", name, describe(env, value));
  }
};

// Reads threshold and beta: the last arguments of a function, both optional.
struct ScalingReader {
  Scaling scaling = {};
  bool hasThreshold = false, hasBeta = false;

  bool read(napi_env env, const napi_value* given, size_t count) {
    hasThreshold = count > 0;
    hasBeta = count > 1;
    if (hasThreshold && !readFloat(env, "threshold", given[0], scaling.threshold)) return false;
    if (hasBeta && !readFloat(env, "beta", given[1], scaling.beta)) return false;
    return scaling.beta != 0 ||
           throwRangeError(env, "beta must not be 0 as a float32; got %g", static_cast<double>(scaling.beta));
  }

  template <class Run>
  Run chosen(const Ways<Run>& ways) const {
    return softplus::chosen(ways, hasThreshold, hasBeta);
  }

 private:
  static bool readFloat(napi_env env, const char* name, napi_value value, float& number) {
    double wide;
    if (napi_get_value_double(env, value, &wide) != napi_ok)
      return throwTypeError(env, "threshold and beta must be numbers; got %s for %s", describe(env, value), name);
    number = static_cast<float>(wide);
    return true;
  }
};

// Reads the arguments of a function: arrays of the same length, then threshold and beta. A missing array means x.
template <size_t arrayCount>
struct Arguments : ScalingReader {
  Array arrays[arrayCount];
  void* data = nullptr;

  explicit Arguments(const char* const (&names)[arrayCount]) {
    for (size_t i = 0; i < arrayCount; i++) arrays[i].name = names[i];
  }

  bool read(napi_env env, napi_callback_info info) {
    constexpr size_t most = arrayCount + 2;
    napi_value given[most];
    size_t count = most;
    if (napi_get_cb_info(env, info, &count, given, nullptr, &data) != napi_ok) return false;
    for (size_t i = 0; i < arrayCount; i++) {
      Array& array = arrays[i];
      // A second query of x would add 50 % to a short call.
      if (i > 0 && i >= count) {
        array.data = arrays[0].data;
        array.length = arrays[0].length;
        continue;
      }
      if (!array.read(env, given[i])) return false;
      if (array.length != arrays[0].length)
        return throwRangeError(env, "%s must be as long as x; got %zu elements for %zu", array.name, array.length,
                               arrays[0].length);
    }
    return ScalingReader::read(env, given + arrayCount, count > arrayCount ? count - arrayCount : 0);
  }
};

// Throws if y overlaps x. With `orSame`, y may be x itself.
inline bool checkApart(napi_env env, const Array& y, const Array& x, bool orSame) {
  const uintptr_t from = reinterpret_cast<uintptr_t>(x.data), to = reinterpret_cast<uintptr_t>(y.data);
  const uintptr_t bytes = x.length * sizeof(float);
  if (from >= to + bytes || to >= from + bytes || (orSame && from == to)) return true;
  return throwRangeError(
      env, "%s must be %s%smemory apart from %s; got a view that begins %td bytes from %s and overlaps it", y.name,
      orSame ? x.name : "", orSame ? " itself, or " : "", x.name, static_cast<ptrdiff_t>(to - from), x.name);
}

}  // namespace softplus
