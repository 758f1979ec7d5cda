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

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
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

#if defined(__linux__) && !defined(SOFTPLUS_POSIX_CONDITION)

// A futex in place of a pthread_cond_t. The published addon names no versions of functions, so that glibc and musl both
// load it. On x86-64 glibc then gives it the pthread_cond_timedwait of 2001, which expects another pthread_cond_t.
class Condition {
 public:
  // False after that many milliseconds. Can return true without a call of notifyAll.
  bool wait(Lock& lock, int milliseconds) {
    // The system call's own timespec. musl's differs from it on 32-bit processors.
    const long timeout[] = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    const uint32_t seen = calls.load(std::memory_order_relaxed);
    lock.unlock();
    // Returns at once if `calls` is no longer what it was under the lock.
    const bool isOver = syscall(SYS_futex, &calls, waitPrivate, seen, timeout) != 0 && errno == ETIMEDOUT;
    lock.lock();
    return !isOver;
  }
  // The caller holds the lock.
  void notifyAll() {
    calls.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(syscall(SYS_futex, &calls, wakePrivate, INT_MAX));
  }

 private:
  // FUTEX_WAIT_PRIVATE and FUTEX_WAKE_PRIVATE. Alpine installs their header with no compiler.
  static constexpr int waitPrivate = 128, wakePrivate = 129;
  std::atomic<uint32_t> calls{0};
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "the kernel compares these four bytes");
};

#else

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

#endif

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
