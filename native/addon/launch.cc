#include "launch.h"

#include <new>

#include "call.h"
#include "parallel.h"

namespace softplus {
namespace {

class Jobs;

// A job with what it keeps alive, and who is told of its end. It belongs to the environment's jobs until it has ended,
// and to the function that stops it until that is collected. Only the environment's thread touches this.
struct Launched : Job {
  Jobs& jobs;
  size_t owners = 1;
  napi_ref array = nullptr;
  napi_ref done = nullptr;
  explicit Launched(Jobs& owner) : jobs(owner) {}

  void drop() {
    if (--owners == 0) delete this;
  }

  // References that cannot be deleted go with their environment.
  void deleteReferences(napi_env env) {
    if (array != nullptr) static_cast<void>(napi_delete_reference(env, array));
    if (done != nullptr) static_cast<void>(napi_delete_reference(env, done));
    array = done = nullptr;
  }
};

// An exception of done() is one that nobody caught. Where JavaScript cannot be called any more, nobody waits for done.
void callDone(napi_env env, napi_value done) {
  napi_value undefined, error;
  if (napi_get_undefined(env, &undefined) == napi_ok &&
      napi_call_function(env, undefined, done, 0, nullptr, nullptr) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    static_cast<void>(napi_fatal_exception(env, error));
}

// The jobs of an environment. It exists from the environment's first job to its end.
class Jobs {
 public:
  Crew crew{report, this};

  // Null if there is no memory.
  static Jobs* of(napi_env env) {
    void* data = nullptr;
    if (napi_get_instance_data(env, &data) != napi_ok) return nullptr;
    return data != nullptr ? static_cast<Jobs*>(data) : create(env);
  }

  // Running jobs keep the event loop alive.
  void began(napi_env env) {
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
    // Hooks run in the reverse order: this one before that of the thread-safe function, which threads call until then.
    if (napi_unref_threadsafe_function(env, jobs->wake) != napi_ok ||
        napi_add_env_cleanup_hook(env, close, jobs) != napi_ok ||
        napi_set_instance_data(env, jobs, nullptr, nullptr) != napi_ok) {
      static_cast<void>(napi_remove_env_cleanup_hook(env, close, jobs));
      static_cast<void>(napi_release_threadsafe_function(jobs->wake, napi_tsfn_abort));
      return nullptr;
    }
    return jobs;
  }

  // In any thread.
  static void report(void* jobs) {
    static_cast<void>(napi_call_threadsafe_function(static_cast<Jobs*>(jobs)->wake, nullptr, napi_tsfn_nonblocking));
  }

  // One call may come for many jobs, and a later one for none.
  static void endJobs(napi_env env, napi_value, void* context, void*) {
    if (env == nullptr) return;
    Jobs& jobs = *static_cast<Jobs*>(context);
    jobs.crew.joinEnded();
    while (Job* job = jobs.crew.takeEnded()) {
      Launched* launched = static_cast<Launched*>(job);
      napi_value done;
      const bool isKnown = napi_get_reference_value(env, launched->done, &done) == napi_ok;
      launched->deleteReferences(env);
      launched->drop();
      if (--jobs.running == 0) static_cast<void>(napi_unref_threadsafe_function(env, jobs.wake));
      if (isKnown) callDone(env, done);
    }
  }

  // The environment ends: its arrays will be freed, and in a Worker this code may be unmapped.
  static void close(void* data) {
    Jobs& jobs = *static_cast<Jobs*>(data);
    jobs.crew.close();
    while (Job* job = jobs.crew.takeEnded()) static_cast<Launched*>(job)->drop();
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
          env, function, &launched, [](napi_env, void* data, void*) { static_cast<Launched*>(data)->drop(); }, nullptr,
          nullptr) != napi_ok)
    return nullptr;
  launched.owners++;
  return function;
}

napi_value throwMemory(napi_env env, const char* message) {
  throwWithCode(env, napi_throw_error, "ERR_MEMORY_ALLOCATION_FAILED", message);
  return nullptr;
}

// The array to work on, kept alive until the job has ended.
bool take(napi_env env, napi_value x, bool isGiven, Launched& launched) {
  if (!isGiven) {
    napi_value undefined, giver = x;
    if (napi_get_undefined(env, &undefined) != napi_ok ||
        napi_call_function(env, undefined, giver, 0, nullptr, &x) != napi_ok)
      return false;
  }
  Array array{"x"};
  if (!readArray(env, x, array)) return false;
  launched.data = array.data;
  launched.count = array.length;
  if (napi_create_reference(env, x, 1, &launched.array) == napi_ok) return true;
  throwMemory(env, "No memory is left to start a job with");
  return false;
}

bool isOfType(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == wanted;
}

}  // namespace

napi_value launch(napi_env env, napi_callback_info info) {
  constexpr size_t leading = 4;
  napi_value given[leading + 2];
  size_t count = leading + 2;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, &data) != napi_ok) return nullptr;
  Scaling scaling;
  if (!scaling.read(env, given + leading, count > leading ? count - leading : 0)) return nullptr;
  const Kernel kernel = scaling.chosen(static_cast<const FunctionEntry*>(data)->ways);
  uint32_t threads = 0, processors = 0;
  if (kernel == nullptr || napi_get_value_uint32(env, given[0], &threads) != napi_ok || threads == 0 ||
      napi_get_value_uint32(env, given[1], &processors) != napi_ok || !isOfType(env, given[2], napi_function)) {
    throwWithCode(env, napi_throw_type_error, "ERR_INVALID_ARG_TYPE",
                  "launch takes threads, processors, a function and x");
    return nullptr;
  }
  const bool isGiven = !isOfType(env, given[3], napi_function);

  Jobs* jobs = Jobs::of(env);
  Launched* launched = jobs == nullptr ? nullptr : new (std::nothrow) Launched(*jobs);
  if (launched == nullptr) return throwMemory(env, "No memory is left to start a job with");
  launched->kernel = kernel;
  launched->options = scaling.options;
  launched->threads = threads;
  const napi_value function = createStop(env, *launched);
  const bool isReady = function != nullptr && napi_create_reference(env, given[2], 1, &launched->done) == napi_ok;
  const bool isHeld = isReady && !isGiven && jobs->crew.hold();
  bool hasBegun = false;
  if (!isReady)
    throwMemory(env, "No memory is left to start a job with");
  else if (!isGiven && !isHeld)
    throwMemory(env, "No thread could be started for a job: the limit of threads or of memory is reached");
  else if (take(env, given[3], isGiven, *launched)) {
    hasBegun = jobs->crew.submit(*launched, processors);
    if (!hasBegun)
      throwMemory(env, "No thread could be started for a job: the limit of threads or of memory is reached");
  }
  if (isHeld) jobs->crew.release();
  if (hasBegun) {
    jobs->began(env);
    return function;
  }
  launched->deleteReferences(env);
  launched->drop();
  return nullptr;
}

}  // namespace softplus
