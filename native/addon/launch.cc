// Starts jobs, tells JavaScript of their end, and stops them when their environment ends.
#include "launch.h"

#include <cstddef>
#include <cstdint>
#include <new>

#include "call.h"
#include "parallel.h"

namespace softplus {
namespace {

class Jobs;

// A job with references to its array and to done(). It has two owners: the environment until the job has ended, and the
// function that stops it until that function is garbage-collected. Only the environment's thread uses what is added to
// Job here.
struct Launched : Job {
  Jobs& jobs;
  size_t owners = 1;
  napi_ref array = nullptr;
  napi_ref done = nullptr;
  explicit Launched(Jobs& owner) : jobs(owner) {}

  void release() {
    if (--owners == 0) delete this;
  }

  // If deleting fails, the environment is ending, and deletes its references itself.
  void deleteReferences(napi_env env) {
    if (array != nullptr) static_cast<void>(napi_delete_reference(env, array));
    if (done != nullptr) static_cast<void>(napi_delete_reference(env, done));
    array = done = nullptr;
  }
};

// An exception in done() becomes an uncaught exception. If JavaScript cannot be called any more, the environment is
// ending, and nobody waits for done().
void callDone(napi_env env, napi_value done) {
  napi_value undefined, error;
  if (napi_get_undefined(env, &undefined) == napi_ok &&
      napi_call_function(env, undefined, done, 0, nullptr, nullptr) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    static_cast<void>(napi_fatal_exception(env, error));
}

// The jobs of one environment. Created with its first job, deleted when the environment ends.
class Jobs {
 public:
  Crew crew{report, this};

  // The jobs of an environment. Null if there is no memory for them.
  static Jobs* of(napi_env env) {
    void* data = nullptr;
    if (napi_get_instance_data(env, &data) != napi_ok) return nullptr;
    return data != nullptr ? static_cast<Jobs*>(data) : create(env);
  }

  // A running job keeps the event loop alive.
  void addRunning(napi_env env) {
    if (running++ == 0) static_cast<void>(napi_ref_threadsafe_function(env, wake));
  }

 private:
  napi_threadsafe_function wake = nullptr;
  size_t running = 0;

  static Jobs* create(napi_env env) {
    Jobs* jobs = new (std::nothrow) Jobs;
    napi_value name;
    if (jobs == nullptr) return nullptr;
    if (napi_create_string_latin1(env, "softplus", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, finalize, jobs, endJobs,
                                        &jobs->wake) != napi_ok) {
      delete jobs;
      return nullptr;
    }
    // Cleanup hooks run in reverse order. close() must run before the hook of the thread-safe function, which threads
    // call.
    if (napi_unref_threadsafe_function(env, jobs->wake) != napi_ok ||
        napi_add_env_cleanup_hook(env, close, jobs) != napi_ok ||
        napi_set_instance_data(env, jobs, nullptr, nullptr) != napi_ok) {
      static_cast<void>(napi_remove_env_cleanup_hook(env, close, jobs));
      static_cast<void>(napi_release_threadsafe_function(jobs->wake, napi_tsfn_abort));
      return nullptr;
    }
    return jobs;
  }

  // Called in any thread.
  static void report(void* jobs) {
    static_cast<void>(napi_call_threadsafe_function(static_cast<Jobs*>(jobs)->wake, nullptr, napi_tsfn_nonblocking));
  }

  // Node may merge calls: one call can be for several jobs, and a later one for none.
  static void endJobs(napi_env env, napi_value, void* context, void*) {
    if (env == nullptr) return;
    Jobs& jobs = *static_cast<Jobs*>(context);
    jobs.crew.joinEnded();
    while (Job* job = jobs.crew.takeEnded()) {
      Launched* launched = static_cast<Launched*>(job);
      napi_value done;
      const bool isKnown = napi_get_reference_value(env, launched->done, &done) == napi_ok;
      launched->deleteReferences(env);
      launched->release();
      if (--jobs.running == 0) static_cast<void>(napi_unref_threadsafe_function(env, jobs.wake));
      if (isKnown) callDone(env, done);
    }
  }

  // Called when the environment ends. Afterwards its arrays are freed, and at the end of a Worker this code can be
  // unloaded.
  static void close(void* data) {
    Jobs& jobs = *static_cast<Jobs*>(data);
    jobs.crew.close();
    while (Job* job = jobs.crew.takeEnded()) static_cast<Launched*>(job)->release();
  }

  static void finalize(napi_env, void*, void* context) { delete static_cast<Jobs*>(context); }
};

napi_value stop(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) == napi_ok && data != nullptr) {
    Launched& launched = *static_cast<Launched*>(data);
    if (launched.done != nullptr) launched.jobs.crew.stop(launched);
  }
  return nullptr;
}

napi_value createStop(napi_env env, Launched& launched) {
  napi_value function;
  if (napi_create_function(env, "stop", NAPI_AUTO_LENGTH, stop, &launched, &function) != napi_ok ||
      napi_add_finalizer(
          env, function, &launched, [](napi_env, void* data, void*) { static_cast<Launched*>(data)->release(); },
          nullptr, nullptr) != napi_ok)
    return nullptr;
  launched.owners++;
  return function;
}

bool throwMemory(napi_env env, const char* reason) {
  return throwWithCode(env, napi_throw_error, "ERR_MEMORY_ALLOCATION_FAILED",
                       "A job could not be started: %s. Wait for other jobs to end, or make the synchronous call",
                       reason);
}

constexpr char noMemory[] = "no memory is left";
constexpr char noThread[] = "the limit of threads or of memory is reached";

// Reads the array from `x`, or from what x() returns, and keeps it alive until the job has ended.
bool readArray(napi_env env, napi_value x, bool isFunction, Launched& launched) {
  if (isFunction) {
    napi_value undefined, giver = x;
    if (napi_get_undefined(env, &undefined) != napi_ok ||
        napi_call_function(env, undefined, giver, 0, nullptr, &x) != napi_ok)
      return false;
  }
  Array array{"x"};
  if (!array.read(env, x)) return false;
  launched.data = array.data;
  launched.count = array.length;
  return napi_create_reference(env, x, 1, &launched.array) == napi_ok || throwMemory(env, noMemory);
}

}  // namespace

napi_value launch(napi_env env, napi_callback_info info) {
  constexpr size_t leading = 4;
  napi_value given[leading + 2];
  size_t count = leading + 2;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, &data) != napi_ok) return nullptr;
  ScalingReader reader;
  if (!reader.read(env, given + leading, count > leading ? count - leading : 0)) return nullptr;
  const FunctionEntry& function = *static_cast<const FunctionEntry*>(data);
  const Kernel kernel = reader.chosen(function.ways);
  uint32_t threads = 0, processors = 0;
  if (kernel == nullptr || napi_get_value_uint32(env, given[0], &threads) != napi_ok || threads == 0 ||
      napi_get_value_uint32(env, given[1], &processors) != napi_ok || typeOf(env, given[2]) != napi_function) {
    throwTypeError(env, "%s must be launched with (threads, processors, done, x%s); got other arguments", function.name,
                   function.ways.withBeta == nullptr ? "" : ", threshold, beta");
    return nullptr;
  }
  const bool isFunction = typeOf(env, given[3]) == napi_function;

  Jobs* jobs = Jobs::of(env);
  Launched* launched = jobs == nullptr ? nullptr : new (std::nothrow) Launched(*jobs);
  if (launched == nullptr) {
    throwMemory(env, noMemory);
    return nullptr;
  }
  launched->kernel = kernel;
  launched->scaling = reader.scaling;
  launched->threads = threads;
  const napi_value stopFunction = createStop(env, *launched);
  const bool isReady = stopFunction != nullptr && napi_create_reference(env, given[2], 1, &launched->done) == napi_ok;
  // With a thread held submit() cannot fail for want of one. So x() is called only then.
  const bool isHeld = isReady && isFunction && jobs->crew.hold();
  bool isStarted = false;
  if (!isReady)
    throwMemory(env, noMemory);
  else if (isFunction && !isHeld)
    throwMemory(env, noThread);
  else if (readArray(env, given[3], isFunction, *launched))
    isStarted = jobs->crew.submit(*launched, processors) || throwMemory(env, noThread);
  if (isHeld) jobs->crew.release();
  if (isStarted) {
    jobs->addRunning(env);
    return stopFunction;
  }
  launched->deleteReferences(env);
  launched->release();
  return nullptr;
}

}  // namespace softplus
