// What a function of the addon was called with, checked: what would otherwise read or write memory it must not.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "../functions.h"

namespace softplus {

struct Array {
  const char* name = "";
  float* data = nullptr;
  size_t length = 0;
  napi_value value = nullptr;
};

// Where an error cannot be thrown, another is under way, or the thread is being terminated: nobody would see it.
inline void throwWithCode(napi_env env, napi_status (*raise)(napi_env, const char*, const char*), const char* code,
                          const char* message) {
  static_cast<void>(raise(env, code, message));
}

inline bool readArray(napi_env env, napi_value value, Array& array) {
  napi_typedarray_type type;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &array.length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_float32_array) {
    char message[64];
    std::snprintf(message, sizeof message, "%s must be a Float32Array", array.name);
    throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE", message);
    return false;
  }
  array.data = static_cast<float*>(data);
  array.value = value;
  return true;
}

inline bool readFloat(napi_env env, napi_value value, float& number) {
  double wide;
  if (napi_get_value_double(env, value, &wide) != napi_ok) {
    throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE", "threshold and beta must be numbers");
    return false;
  }
  number = static_cast<float>(wide);
  return true;
}

// The last arguments of a function: threshold = none, beta = 1.
struct Scaling {
  Options options = {};
  bool hasThreshold = false, hasBeta = false;

  bool read(napi_env env, const napi_value* given, size_t count) {
    hasThreshold = count > 0;
    hasBeta = count > 1;
    if (hasThreshold && !readFloat(env, given[0], options.threshold)) return false;
    if (hasBeta && !readFloat(env, given[1], options.beta)) return false;
    if (options.beta == 0) throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", "beta must not be 0; got 0");
    return options.beta != 0;
  }

  template <class Run>
  Run chosen(const Ways<Run>& ways) const {
    return hasBeta ? ways.scaled : hasThreshold ? ways.thresholded : ways.plain;
  }
};

// The arguments of a function: arrays, all as long as the first, then its scaling.
template <size_t arrayCount>
struct Call : Scaling {
  Array arrays[arrayCount];
  void* data = nullptr;

  // Arrays that are not given are the first one.
  bool read(napi_env env, napi_callback_info info) {
    constexpr size_t most = arrayCount + 2;
    napi_value given[most];
    size_t count = most;
    if (napi_get_cb_info(env, info, &count, given, nullptr, &data) != napi_ok) return false;
    for (size_t i = 0; i < arrayCount; i++) {
      if (i > 0 && i >= count) {
        const char* name = arrays[i].name;
        arrays[i] = arrays[0];
        arrays[i].name = name;
        continue;
      }
      if (!readArray(env, given[i], arrays[i])) return false;
      if (arrays[i].length != arrays[0].length) return throwLength(env, arrays[i]);
    }
    return Scaling::read(env, given + arrayCount, count > arrayCount ? count - arrayCount : 0);
  }

  static bool throwLength(napi_env env, const Array& array) {
    char message[64];
    std::snprintf(message, sizeof message, "%s must be as long as x", array.name);
    throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", message);
    return false;
  }
};

inline bool areOverlapping(const Array& x, const Array& y) {
  const uintptr_t from = reinterpret_cast<uintptr_t>(x.data), to = reinterpret_cast<uintptr_t>(y.data);
  const uintptr_t bytes = x.length * sizeof(float);
  return from < to + bytes && to < from + bytes;
}

// Throws if y overlaps x, unless it may be x itself, and is.
inline bool isApart(napi_env env, const Array& y, const Array& x, bool orSame) {
  if (!areOverlapping(x, y) || (orSame && x.data == y.data)) return true;
  const ptrdiff_t bytes =
      static_cast<ptrdiff_t>(reinterpret_cast<uintptr_t>(y.data) - reinterpret_cast<uintptr_t>(x.data));
  char message[160];
  std::snprintf(message, sizeof message,
                "%s must be %s%smemory apart from %s; got a view that begins %td bytes from %s and overlaps it", y.name,
                orSame ? x.name : "", orSame ? " itself, or " : "", x.name, bytes, x.name);
  throwWithCode(env, napi_throw_range_error, "ERR_OUT_OF_RANGE", message);
  return false;
}

}  // namespace softplus
