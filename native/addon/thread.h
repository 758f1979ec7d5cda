// Threads, locks and conditions, by calls of the operating system. std::thread would end the process if no thread can
// be started: there are no exceptions here. The published addons also link no C++ library.
#pragma once

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <pthread.h>
#include <sys/time.h>
#endif

namespace softplus {

#if defined(_WIN32)

class Lock {
 public:
  void lock() { AcquireSRWLockExclusive(&native); }
  void unlock() { ReleaseSRWLockExclusive(&native); }

 private:
  friend class Condition;
  SRWLOCK native = SRWLOCK_INIT;
};

class Condition {
 public:
  // False after that many milliseconds. Can return true without a call of notifyAll.
  bool wait(Lock& lock, int milliseconds) {
    return SleepConditionVariableSRW(&native, &lock.native, static_cast<DWORD>(milliseconds), 0) != 0;
  }
  void notifyAll() { WakeAllConditionVariable(&native); }

 private:
  CONDITION_VARIABLE native = CONDITION_VARIABLE_INIT;
};

template <class Argument>
class Thread {
 public:
  // False if the system cannot start a thread.
  bool start(void (*entry)(Argument&), Argument& argument) {
    function = entry;
    data = &argument;
    native = CreateThread(nullptr, 0, enter, this, 0, nullptr);
    return native != nullptr;
  }
  void join() {
    WaitForSingleObject(native, INFINITE);
    CloseHandle(native);
  }

 private:
  static DWORD WINAPI enter(void* self) {
    static_cast<Thread*>(self)->function(*static_cast<Thread*>(self)->data);
    return 0;
  }
  void (*function)(Argument&) = nullptr;
  Argument* data = nullptr;
  HANDLE native = nullptr;
};

// Lets another thread run on this processor.
inline void yield() { static_cast<void>(SwitchToThread()); }

#else

class Lock {
 public:
  void lock() { static_cast<void>(pthread_mutex_lock(&native)); }
  void unlock() { static_cast<void>(pthread_mutex_unlock(&native)); }

 private:
  friend class Condition;
  pthread_mutex_t native = PTHREAD_MUTEX_INITIALIZER;
};

class Condition {
 public:
  // False after that many milliseconds. Can return true without a call of notifyAll.
  bool wait(Lock& lock, int milliseconds) {
    timeval now;
    static_cast<void>(gettimeofday(&now, nullptr));
    const long microseconds = now.tv_usec + 1000L * milliseconds;
    const timespec end = {now.tv_sec + microseconds / 1000000, microseconds % 1000000 * 1000};
    return pthread_cond_timedwait(&native, &lock.native, &end) == 0;
  }
  void notifyAll() { static_cast<void>(pthread_cond_broadcast(&native)); }

 private:
  pthread_cond_t native = PTHREAD_COND_INITIALIZER;
};

template <class Argument>
class Thread {
 public:
  // False if the system cannot start a thread.
  bool start(void (*entry)(Argument&), Argument& argument) {
    function = entry;
    data = &argument;
    return pthread_create(&native, nullptr, enter, this) == 0;
  }
  void join() { static_cast<void>(pthread_join(native, nullptr)); }

 private:
  static void* enter(void* self) {
    static_cast<Thread*>(self)->function(*static_cast<Thread*>(self)->data);
    return nullptr;
  }
  void (*function)(Argument&) = nullptr;
  Argument* data = nullptr;
  pthread_t native = {};
};

// Lets another thread run on this processor. <pthread.h> includes <sched.h>.
inline void yield() { static_cast<void>(sched_yield()); }

#endif

// Locks until the end of a scope.
class Locked {
 public:
  explicit Locked(Lock& taken) : lock(taken) { lock.lock(); }
  ~Locked() { lock.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Lock& lock;
};

}  // namespace softplus
