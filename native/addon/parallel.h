// Jobs, each over one array, and the threads that work on them.
//
// Threads are made for a job and end when no job is left for them. Threads that sleep and are woken for the next job
// would be slower: Linux puts a new thread on an idle processor, but wakes two sleeping ones on the processor of the
// thread that wakes them, and parts them only milliseconds later.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <thread>

#include "../functions.h"
#include "thread.h"

namespace softplus {

struct Job {
  // 256 KiB: long enough to make the counter cheap, short enough to stop soon and to leave no thread much behind.
  static constexpr size_t block = 1 << 16;

  Kernel kernel = nullptr;
  Options options = {};
  // How many threads may work on it at once.
  size_t threads = 1;
  float* data = nullptr;
  size_t count = 0;
  std::atomic<size_t> next{0};
  std::atomic<bool> isStopped{false};
  // These two are the crew's.
  size_t workers = 0;
  Job* after = nullptr;

  bool hasBlocks() const { return !isStopped && next < count; }

  // How many threads can have a block each.
  size_t usefulThreads() const {
    const size_t blocks = (count + block - 1) / block;
    return threads < blocks ? threads : blocks;
  }

  // Works on blocks until there are none or the job is stopped, in any number of threads. No block is given out twice.
  void work() {
    for (size_t done = 0; !isStopped.load(std::memory_order_relaxed); done++) {
      const size_t from = next.fetch_add(block, std::memory_order_relaxed);
      if (from >= count) return;
      const size_t left = count - from;
      kernel(data + from, data + from, left < block ? left : block, options);
      // So that the event loop, whose thread may wait for this very processor, has its turn.
      if (done % 8 == 0) std::this_thread::yield();
    }
  }
};

// Jobs in the order they came.
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

// The jobs of one environment and their threads. One thread owns it: all but what `run` does is called there.
class Crew {
 public:
  // `callback` is called with `argument` whenever jobs have ended, in any thread.
  Crew(void (*callback)(void*), void* argument) : report(callback), context(argument) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Keeps a thread ready until release(), so that no submit() between the two can fail. False if there is none.
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

  // That thread goes on waiting for a while: woken now, it might take the place of a new one.
  void release() {
    Locked locked(lock);
    holds--;
  }

  // Has a job done in as many threads as it may have, while all jobs together have no more than `processors` of them,
  // or as many as this one asks for. It waits for its turn behind earlier jobs. False, and nothing is done, if no
  // thread can be had.
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

  // Has a job end within a block, or at once if nobody has begun it.
  void stop(Job& job) {
    {
      Locked locked(lock);
      job.isStopped = true;
      if (job.workers > 0 || !queue.remove(job)) return;
      ended.add(job);
    }
    report(context);
  }

  // A job that has ended, each once; null if there is none.
  Job* takeEnded() {
    Locked locked(lock);
    return ended.take();
  }

  // Waits for the threads that have nothing left to do but to end.
  void joinEnded() {
    while (Worker* worker = takeWorker([](const Worker& each) { return each.isEnded.load(); })) join(worker);
  }

  // Stops all jobs, waits for all threads, and takes no more jobs. Those that have not ended by then count as ended.
  void close() {
    {
      Locked locked(lock);
      isClosed = true;
      for (Job* job = queue.first; job != nullptr; job = job->after) job->isStopped = true;
      changed.notifyAll();
    }
    // A worker may be starting another, which is among them by the time the first is joined.
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

  // How many milliseconds a thread waits for another job: to make one takes as long as a small job.
  static constexpr int patience = 10;

  Lock lock;
  Condition changed;
  Queue queue, ended;
  size_t alive = 0, busy = 0, waiting = 0, holds = 0;
  // How many threads the next one that begins to work is to start. The owner starts only the first of a job: it is busy
  // itself, and the system would put both new threads on the other processor.
  size_t wanted = 0;
  bool isClosed = false;
  Worker* workers = nullptr;
  void (*const report)(void*);
  void* const context;

  // How many threads to add for a job. One that sleeps is woken for a job of one thread; for others new ones are
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
    const bool isStarted = worker->thread.start(run, *worker);
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

  // One of the workers for which that is true, taken out of the list; null if there is none.
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

  // The first job that can do with one more thread.
  Job* nextJob() const {
    for (Job* job = queue.first; job != nullptr; job = job->after)
      if (job->workers < job->threads && job->hasBlocks()) return job;
    return nullptr;
  }

  static void run(Worker& worker) { worker.crew.run(worker.isEnded); }

  void run(std::atomic<bool>& isEnded) {
    bool hasEnded = false, hasWaited = false;
    lock.lock();
    for (;;) {
      Job* job = nextJob();
      const bool stays = !isClosed && (holds > 0 || (waiting == 0 && !hasWaited));
      if (job == nullptr && stays && !hasEnded) {
        waiting++;
        hasWaited = !changed.wait(lock, patience);
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
      // After isEnded, so that whoever is told can join this thread.
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

  // Whether that was the last thread of a job, which has ended with it.
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
