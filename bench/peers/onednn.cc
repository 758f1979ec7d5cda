// oneDNN's eltwise_soft_relu, in place, in one thread. time.mjs describes what is read and written.
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
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

int main() {
  const dnnl_version_t& version = *dnnl_version();
  std::cout.precision(12);
  std::string file, copies, out;
  while (std::getline(std::cin, file, '\t') && std::getline(std::cin, copies, '\t') && std::getline(std::cin, out)) {
    std::vector<std::unique_ptr<Task>> tasks(std::stoul(copies));
    for (auto& task : tasks) task = std::make_unique<Task>(file);
    // As in time.mjs: a processor that was idle takes milliseconds until it is as fast as it can be.
    const auto warm = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    do once(tasks);
    while (std::chrono::steady_clock::now() < warm);
    std::cout << "{\"about\": \"oneDNN " << version.major << "." << version.minor << "." << version.patch
              << ", eltwise_soft_relu, " << tasks[0]->implementation() << "\", \"ns\": [";
    for (int reading = 0; reading < 5; reading++) std::cout << (reading == 0 ? "" : ", ") << once(tasks);
    tasks[0]->save(out);
    std::cout << "]}" << std::endl;
  }
}
