// Jobs, each over one array, and the threads that work on them.
//
// Threads are created for a job and end when no job is left. Keeping a pool of sleeping threads would be slower: Linux
// starts a new thread on an idle processor. It wakes two sleeping threads on the processor of the thread that wakes
// them, and moves one of them away only milliseconds later.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>

#include "../functions.h"
#include "thread.h"

namespace softplus {

struct Job {
  // Elements in a block, 256 KiB. Larger blocks would make a stop slower and share the work less evenly. With smaller
  // ones the shared counter would cost more.
  static constexpr size_t block = 1 << 16;

  Kernel kernel = nullptr;
  Options options = {};
  // The most threads that work on the job at once.
  size_t threads = 1;
  float* data = nullptr;
  size_t count = 0;
  // The first element that no thread has taken.
  std::atomic<size_t> next{0};
  std::atomic<bool> isStopped{false};
  // Used by Crew and Queue: how many threads work on the job, and the job behind it in its queue.
  size_t workers = 0;
  Job* after = nullptr;

  bool hasBlocks() const { return !isStopped && next < count; }

  // How many threads the job can give a block each.
  size_t usefulThreads() const {
    const size_t blocks = (count + block - 1) / block;
    return threads < blocks ? threads : blocks;
  }

  // Takes blocks and works on them until none is left or the job is stopped. Several threads can call it at once.
  void work() {
    for (size_t done = 0; !isStopped.load(std::memory_order_relaxed); done++) {
      const size_t from = next.fetch_add(block, std::memory_order_relaxed);
      if (from >= count) return;
      const size_t left = count - from;
      kernel(data + from, data + from, left < block ? left : block, options);
      // Let the event loop run if its thread waits for this processor.
      if (done % 8 == 0) yield();
    }
  }
};

// Jobs in the order in which they were added.
class Queue {
 public:
  Job* first = nullptr;

  void add(Job& job) {
    job.after = nullptr;
    (first == nullptr ? first : last->after) = &job;
    last = &job;
  }

  // False if the job is not in the queue.
  bool remove(Job& job) {
    Job* before = nullptr;
    for (Job* each = first; each != nullptr; before = each, each = each->after) {
      if (each != &job) continue;
      (before == nullptr ? first : before->after) = job.after;
      if (last == &job) last = before;
      return true;
    }
    return false;
  }

  Job* take() {
    Job* job = first;
    if (job != nullptr) remove(*job);
    return job;
  }

 private:
  Job* last = nullptr;
};

// The jobs of one environment, and their threads. The thread that owns the crew calls its public functions.
class Crew {
 public:
  // callback(argument) is called in any thread after jobs have ended.
  Crew(void (*callback)(void*), void* argument) : report(callback), context(argument) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Keeps a thread alive until release(), so that no submit() in between fails. False if no thread can be started.
  bool hold() {
    bool hasThread;
    {
      Locked locked(lock);
      holds++;
      hasThread = alive > 0;
    }
    if (hasThread || addWorker()) return true;
    release();
    return false;
  }

  // Does not wake the held thread, which could then take the place of a faster new one. It ends after its wait.
  void release() {
    Locked locked(lock);
    holds--;
  }

  // Adds a job behind the earlier ones. All jobs together use at most `processors` threads, or as many as this job asks
  // for, if that is more. False if no thread can be started or the crew is closed: then the job does not run.
  bool submit(Job& job, size_t processors) {
    const bool isEmpty = !job.hasBlocks();
    size_t missing = 0;
    {
      Locked locked(lock);
      if (isClosed) return false;
      (isEmpty ? ended : queue).add(job);
      if (!isEmpty) missing = missingFor(job, processors);
    }
    if (isEmpty) {
      report(context);
      return true;
    }
    const bool isStarted = missing > 0 && addWorker();
    Locked locked(lock);
    if (isStarted)
      wanted += missing - 1;
    else if (missing > 0)
      changed.notifyAll();
    return alive > 0 || !queue.remove(job);
  }

  // Ends a job after the blocks that threads are working on, or at once if no thread works on it.
  void stop(Job& job) {
    {
      Locked locked(lock);
      job.isStopped = true;
      if (job.workers > 0 || !queue.remove(job)) return;
      ended.add(job);
    }
    report(context);
  }

  // Returns each job that has ended once, then null.
  Job* takeEnded() {
    Locked locked(lock);
    return ended.take();
  }

  // Joins the threads that have ended.
  void joinEnded() {
    while (Worker* worker = takeWorker([](const Worker& each) { return each.isEnded.load(); })) join(worker);
  }

  // Stops all jobs, joins all threads, and refuses further jobs. Afterwards takeEnded() returns every job.
  void close() {
    {
      Locked locked(lock);
      isClosed = true;
      for (Job* job = queue.first; job != nullptr; job = job->after) job->isStopped = true;
      changed.notifyAll();
    }
    // A worker can be starting another one, which is in the list before the first one can be joined.
    while (Worker* worker = takeWorker([](const Worker&) { return true; })) join(worker);
    while (Job* job = queue.take()) ended.add(*job);
  }

 private:
  struct Worker {
    Crew& crew;
    Worker* after = nullptr;
    std::atomic<bool> isEnded{false};
    Thread<Worker> thread = {};
    explicit Worker(Crew& owner) : crew(owner) {}
  };

  // How long a thread waits for another job: starting a thread takes as long as a small job.
  static constexpr int patienceInMilliseconds = 10;

  Lock lock;
  Condition changed;
  Queue queue, ended;
  size_t alive = 0, busy = 0, waiting = 0, holds = 0;
  // How many threads the workers still have to start. The owner starts only the first thread of a job. Its own
  // processor is busy, so the system would put two new threads on one other processor.
  size_t wanted = 0;
  bool isClosed = false;
  Worker* workers = nullptr;
  void (*const report)(void*);
  void* const context;

  // How many threads to start for a job. A job of one thread wakes a waiting thread. For other jobs new threads are
  // faster.
  size_t missingFor(const Job& job, size_t processors) {
    const size_t most = processors > job.threads ? processors : job.threads;
    const size_t useful = job.usefulThreads(), awake = alive - waiting, idle = awake - busy;
    if (useful <= idle || most <= awake) return 0;
    if (useful == 1 && waiting > 0) {
      changed.notifyAll();
      return 0;
    }
    return useful - idle < most - awake ? useful - idle : most - awake;
  }

  bool addWorker() {
    Worker* worker = new (std::nothrow) Worker(*this);
    if (worker == nullptr) return false;
    {
      Locked locked(lock);
      alive++;
    }
    const bool isStarted = worker->thread.start(enter, *worker);
    {
      Locked locked(lock);
      if (isStarted) {
        worker->after = workers;
        workers = worker;
      } else {
        alive--;
      }
    }
    if (!isStarted) delete worker;
    return isStarted;
  }

  // Removes a wanted worker from the list and returns it; null if there is none.
  template <class Predicate>
  Worker* takeWorker(Predicate isWanted) {
    Locked locked(lock);
    for (Worker** each = &workers; *each != nullptr; each = &(*each)->after) {
      Worker* worker = *each;
      if (!isWanted(*worker)) continue;
      *each = worker->after;
      return worker;
    }
    return nullptr;
  }

  static void join(Worker* worker) {
    worker->thread.join();
    delete worker;
  }

  // The first job that can use one more thread.
  Job* nextJob() const {
    for (Job* job = queue.first; job != nullptr; job = job->after)
      if (job->workers < job->threads && job->hasBlocks()) return job;
    return nullptr;
  }

  static void enter(Worker& worker) { worker.crew.workUntilIdle(worker.isEnded); }

  // Works on jobs until no job comes for a while, then sets isEnded.
  void workUntilIdle(std::atomic<bool>& isEnded) {
    bool hasEnded = false, hasWaited = false;
    lock.lock();
    for (;;) {
      Job* job = nextJob();
      const bool stays = !isClosed && (holds > 0 || (waiting == 0 && !hasWaited));
      if (job == nullptr && stays && !hasEnded) {
        waiting++;
        hasWaited = !changed.wait(lock, patienceInMilliseconds);
        waiting--;
        continue;
      }
      bool startsAnother = false;
      if (job != nullptr) {
        job->workers++;
        busy++;
        startsAnother = wanted > 0 && !isClosed;
        if (startsAnother) wanted--;
      } else if (!stays) {
        alive--;
        isEnded = true;
      }
      lock.unlock();
      // After isEnded is set, so that the owner can join this thread when it is told.
      if (hasEnded) report(context);
      if (startsAnother) addWorker();
      if (job != nullptr)
        job->work();
      else if (!stays)
        return;
      lock.lock();
      hasEnded = job != nullptr && leave(*job);
      if (job != nullptr) hasWaited = false;
    }
  }

  // Takes this thread off a job. True if it was the last one: then the job has ended.
  bool leave(Job& job) {
    busy--;
    if (--job.workers > 0) return false;
    queue.remove(job);
    ended.add(job);
    if (queue.first == nullptr) wanted = 0;
    return true;
  }
};

}  // namespace softplus
