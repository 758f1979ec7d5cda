// Does what a sanitizer must report, so that silence elsewhere means something.
//
//   canary address      reads behind an allocation
//   canary undefined    overflows an int
//   canary thread       two threads write one int
//
// Exit code 0 if nobody stopped it, 2 for wrong usage.
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

namespace {

int readBehind(int count) {
  const std::unique_ptr<int[]> values(new int[static_cast<size_t>(count)]());
  return values[static_cast<size_t>(count)];
}

int overflow(int step) { return INT_MAX - 1 + step; }

int race() {
  int shared = 0;
  const auto write = [&shared] {
    for (int i = 0; i < 1000; i++) shared++;
  };
  std::thread other(write);
  write();
  other.join();
  return shared;
}

}  // namespace

int main(int argc, char** argv) {
  const char* what = argc == 2 ? argv[1] : "";
  if (std::strcmp(what, "address") == 0) {
    std::printf("%d\n", readBehind(argc));
  } else if (std::strcmp(what, "undefined") == 0) {
    std::printf("%d\n", overflow(argc));
  } else if (std::strcmp(what, "thread") == 0) {
    std::printf("%d\n", race());
  } else {
    std::fprintf(stderr, "usage: canary address | undefined | thread\n");
    return 2;
  }
  return 0;
}
