// A function of the addon that runs a job in threads of its own.
#pragma once

#include <node_api.h>

namespace softplus {

// (threads, processors, done, x, threshold = none, beta = 1); its data is the FunctionEntry to run.
//
// Overwrites x with the results in up to `threads` threads, and returns at once. `processors` limits the pool of the
// environment: see `threads` in docs/api.md. done() is called when the job has ended. The return value is a function
// that stops the job after the blocks that threads are working on. The caller must keep x's memory in place until
// done() is called.
//
// x can be a function that returns the array. It is called once a thread is held. If it throws, no job is started. If a
// later step fails, the caller still has the array that x() returned.
//
// If the environment ends first, its jobs are stopped and waited for, before their memory is freed or this code is
// unloaded.
napi_value launch(napi_env env, napi_callback_info info);

}  // namespace softplus
