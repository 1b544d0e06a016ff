// When a graph is recorded, trusted and replayed, with a device that is played.

#include "agent/device_graph.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

struct Log {
  int records = 0, replays = 0;
  bool refuses = false;  // to record
};

// "Replays" by running the recorded work again: it reads and writes where the recording did.
class PlayedGraph : public DeviceGraph {
 public:
  explicit PlayedGraph(Log& log) : log_(log) {}
  void Record(const std::function<void()>& work) override {
    ++log_.records;
    if (log_.refuses) throw std::runtime_error("operation not permitted\nwhile capturing");
    work_ = work;
    work_();
  }
  void Replay() override {
    ++log_.replays;
    work_();
  }

 private:
  Log& log_;
  std::function<void()> work_;
};

struct Played {
  Log log;
  GraphedFunction function{[](const GraphedFunction::Tensors& in) {
                             return GraphedFunction::Tensors{in[0] * 2 + in[1], in[0].sum()};
                           },
                           [this] { return std::make_unique<PlayedGraph>(log); }};
};

TEST_CASE("A shape is recorded on its second call and replayed from then on") {
  Played p;
  at::Tensor first;
  for (int call = 0; call < 4; ++call) {
    const at::Tensor a = Uniform({2, 3}, call), b = Uniform({3}, 10 + call);
    const auto out = p.function({a, b});
    CHECK(out[0].equal(a * 2 + b));
    CHECK(out[1].equal(a.sum()));
    // what one call gave stays as it is
    if (call == 2) first = out[0];
    CHECK(p.log.records == (call > 0 ? 1 : 0));
    CHECK(p.log.replays == call);  // the first replay is the one that is checked
    if (call == 3) CHECK(first.equal(Uniform({2, 3}, 2) * 2 + Uniform({3}, 12)));
  }
  CHECK(p.function.graphs() == 1);
}

TEST_CASE("Each shape has a graph of its own, the oldest go") {
  Played p;
  for (int64_t size = 1; size <= 6; ++size) {
    for (int call = 0; call < 2; ++call) {
      const at::Tensor a = Uniform({size}, size), b = Uniform({size}, 20 + size);
      CHECK(p.function({a, b})[0].equal(a * 2 + b));
    }
  }
  CHECK(p.log.records == 6);
  CHECK(p.function.graphs() == 4);
}

TEST_CASE("What cannot be recorded is run, and not tried again") {
  Played p;
  p.log.refuses = true;
  for (int call = 0; call < 4; ++call) {
    const at::Tensor a = Uniform({2, 3}, call), b = Uniform({3}, 10 + call);
    CHECK(p.function({a, b})[0].equal(a * 2 + b));
  }
  CHECK(p.log.records == 1);
  CHECK(p.function.graphs() == 0);
}

TEST_CASE("A graph whose first replay gives other bytes is not used") {
  Log log;
  double count = 0;
  GraphedFunction fickle(
      [&count](const GraphedFunction::Tensors& in) {
        return GraphedFunction::Tensors{in[0] + count++};
      },
      [&log] { return std::make_unique<PlayedGraph>(log); });
  CHECK(fickle({at::zeros({2})})[0].equal(at::zeros({2})));
  CHECK(fickle({at::zeros({2})})[0].equal(at::ones({2})));
  CHECK(fickle({at::zeros({2})})[0].equal(at::full({2}, count - 1)));
  CHECK(log.records == 1);
  CHECK(fickle.graphs() == 0);
}

TEST_CASE("Without a device's graphs the function is run every time") {
  CHECK_FALSE(DeviceGraphsOf(c10::Device(c10::kCPU)));
  int runs = 0;
  GraphedFunction function(
      [&runs](const GraphedFunction::Tensors& in) {
        ++runs;
        return GraphedFunction::Tensors{in[0] + 1};
      },
      {});
  for (int i = 0; i < 3; ++i) CHECK(function({at::ones({2})})[0].equal(at::full({2}, 2.0)));
  CHECK(runs == 3);
  CHECK(function.graphs() == 0);
}

}  // namespace
}  // namespace vega
