// Makes the errors that the sanitizers must report. Otherwise their silence about other programs would prove nothing.
//
//   canary address      reads past the end of an allocation
//   canary undefined    overflows an int
//   canary thread       two threads write one int
//
// Exit code 0 if no sanitizer stopped it, 2 for wrong usage.
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

namespace {

int readPastEnd(int count) {
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
    std::printf("%d\n", readPastEnd(argc));
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
