// oneDNN's eltwise_soft_relu, in place, in one thread. time.mjs describes the arguments.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string bytesIn(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);

// One array and the primitive that activates it.
class Task {
 public:
  explicit Task(const std::string& path)
      : source(bytesIn(path)),
        layout({static_cast<dnnl::memory::dim>(source.size() / sizeof(float))}, dnnl::memory::data_type::f32,
               dnnl::memory::format_tag::a),
        memory(layout, cpu),
        description({dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_soft_relu, layout, 1.0f}, cpu),
        primitive(description),
        stream(cpu) {}

  void refresh() { source.copy(data(), source.size()); }
  void run() {
    primitive.execute(stream, {{DNNL_ARG_SRC, memory}, {DNNL_ARG_DST, memory}});
    stream.wait();
  }
  std::string implementation() const { return description.impl_info_str(); }
  void save(const std::string& path) const {
    std::ofstream(path, std::ios::binary).write(data(), static_cast<std::streamsize>(source.size()));
  }

 private:
  char* data() const { return static_cast<char*>(memory.get_data_handle()); }

  std::string source;
  dnnl::memory::desc layout;
  dnnl::memory memory;
  dnnl::eltwise_forward::primitive_desc description;
  dnnl::eltwise_forward primitive;
  dnnl::stream stream;
};

double once(std::vector<std::unique_ptr<Task>>& tasks) {
  for (auto& task : tasks) task->refresh();
  const auto started = std::chrono::steady_clock::now();
  for (auto& task : tasks) task->run();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - started;
  return elapsed.count() / static_cast<double>(tasks.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::ostringstream ns;
  ns.precision(12);
  std::string implementation;
  for (int i = 2; i + 2 < argc; i += 3) {
    std::vector<std::unique_ptr<Task>> tasks(static_cast<size_t>(std::atoi(argv[i + 1])));
    for (auto& task : tasks) task = std::make_unique<Task>(argv[i]);
    implementation = tasks[0]->implementation();
    once(tasks);
    ns << (i == 2 ? "[" : ", [");
    for (int reading = 0; reading < 5; reading++) ns << (reading == 0 ? "" : ", ") << once(tasks);
    ns << "]";
    tasks[0]->save(argv[i + 2]);
  }
  const dnnl_version_t& version = *dnnl_version();
  std::cout << "{\"about\": \"oneDNN " << version.major << "." << version.minor << "." << version.patch
            << ", eltwise_soft_relu, " << implementation << "\", \"ns\": [" << ns.str() << "]}\n";
}
