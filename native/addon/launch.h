// A function of the addon that runs a job in threads of its own.
#pragma once

#include <node_api.h>

namespace softplus {

// (threads, processors, done, x, threshold = none, beta = 1); its data is the FunctionEntry to run.
//
// Overwrites x with the results in up to `threads` threads, and returns at once. All jobs of an environment together
// use at most `processors` threads, or as many as one job asks for, if that is more. Further jobs wait for their turn.
// done() is called when the job has ended. The return value is a function that stops the job after the blocks that
// threads are working on. The caller must keep x's memory in place until done() is called.
//
// x can be a function that returns the array. It is called last, when nothing else can fail, so that the array is not
// lost. If it throws, no job is started.
//
// If the environment ends first, its jobs are stopped and waited for, before their memory is freed or this code is
// unloaded.
napi_value launch(napi_env env, napi_callback_info info);

}  // namespace softplus
