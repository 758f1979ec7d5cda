// oneDNN's eltwise_soft_relu, in place, in one thread. Answers to the lines that serve.mjs describes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Floats = std::vector<float>;

Floats floatsIn(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("cannot read " + path);
  Floats floats(static_cast<size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(floats.data()), static_cast<std::streamsize>(floats.size() * sizeof(float)));
  return floats;
}

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// One array and the primitive that activates it.
class Task {
 public:
  explicit Task(const std::string& path)
      : source(floatsIn(path)),
        layout({static_cast<dnnl::memory::dim>(source.size())}, dnnl::memory::data_type::f32,
               dnnl::memory::format_tag::a),
        memory(layout, cpu()),
        description({dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_soft_relu, layout, 1.0f}, cpu()),
        primitive(description),
        stream(cpu()) {}

  float* data() const { return static_cast<float*>(memory.get_data_handle()); }
  size_t count() const { return source.size(); }
  void refresh() { std::copy(source.begin(), source.end(), data()); }
  void run() {
    primitive.execute(stream, {{DNNL_ARG_SRC, memory}, {DNNL_ARG_DST, memory}});
    stream.wait();
  }
  std::string implementation() const { return description.impl_info_str(); }

 private:
  Floats source;
  dnnl::memory::desc layout;
  dnnl::memory memory;
  dnnl::eltwise_forward::primitive_desc description;
  dnnl::eltwise_forward primitive;
  dnnl::stream stream;
};

using Tasks = std::vector<std::unique_ptr<Task>>;

Tasks& tasks(const std::string& path, int copies) {
  static std::map<std::pair<std::string, int>, Tasks> opened;
  Tasks& all = opened[{path, copies}];
  while (static_cast<int>(all.size()) < copies) all.push_back(std::make_unique<Task>(path));
  return all;
}

double once(Tasks& all) {
  for (auto& task : all) task->refresh();
  const auto started = std::chrono::steady_clock::now();
  for (auto& task : all) task->run();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - started;
  return elapsed.count() / static_cast<double>(all.size());
}

void time(std::istream& words, const std::string& path) {
  int copies = 0, repeats = 0;
  words >> copies >> repeats;
  Tasks& all = tasks(path, copies);
  once(all);
  for (int i = 0; i < repeats; i++) std::cout << (i == 0 ? "[" : ", ") << once(all);
  std::cout << "]" << std::endl;
}

void save(std::istream& words, const std::string& path) {
  std::string out;
  words >> out;
  Tasks& all = tasks(path, 1);
  once(all);
  std::ofstream(out, std::ios::binary)
      .write(reinterpret_cast<const char*>(all[0]->data()),
             static_cast<std::streamsize>(all[0]->count() * sizeof(float)));
  std::cout << "true" << std::endl;
}

}  // namespace

// The argument is any input: what implementation is chosen is known once there is a primitive.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const dnnl_version_t& version = *dnnl_version();
  std::cout.precision(12);
  std::cout << "{\"about\": \"oneDNN " << version.major << "." << version.minor << "." << version.patch
            << ", eltwise_soft_relu, " << tasks(argv[1], 1)[0]->implementation() << "\"}" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string verb, path;
    words >> verb >> path;
    verb == "time" ? time(words, path) : save(words, path);
  }
}
