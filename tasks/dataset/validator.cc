#include "tasks/dataset/validator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/base/error.h"
#include "tasks/dataset/demonstration.h"
#include "tasks/dataset/state_fit.h"

namespace vega {
namespace {

// rotations closer than this are the same up to the observation's few ms; those farther apart are
// not
constexpr double kSameRotation = 0.15;  // rad
// a picture drawn again differs by the renderer and by 4 ms of motion, and not by more
constexpr double kSamePicture = 25;     // of 255, mean
constexpr double kClearlyBetter = 0.8;  // one hypothesis of a picture against another
constexpr double kFingersMove = 5e-4;   // m in one step

// one demonstration of the file and what is found about it
class DemoCheck {
 public:
  DemoCheck(const Hdf5Reader& reader, size_t demo, std::vector<Finding>& findings)
      : reader_(reader),
        demo_(demo),
        steps_(reader.demos()[demo].steps),
        // an observation after action t shows state t + 1
        shift_(reader.contract().conventions.observations == ObservationTime::kAfterAction),
        findings_(findings) {}

  // false when the numbers are too broken to go on
  bool Values() {
    bool finite = true;
    const auto look = [&](const std::string& key) {
      if (!reader_.Has(demo_, key)) {
        if (key != "robot_states") Found("values", key + " is missing");
        finite &= key == "robot_states";
        return;
      }
      const std::vector<double> values = reader_.Numbers(demo_, key, 0, steps_);
      const int64_t width = std::max<int64_t>(reader_.Width(demo_, key), 1);
      for (size_t i = 0; i < values.size(); ++i) {
        const auto row = static_cast<int64_t>(i) / width, column = static_cast<int64_t>(i) % width;
        if (!std::isfinite(values[i])) {
          Found("values", fmt::format("{}[{},{}] is {}", key, row, column, values[i]));
          finite = false;
          return;
        }
        if (key.ends_with("actions") && std::abs(values[i]) > 1 + 1e-6) {
          Found("values",
                fmt::format("{}[{},{}] is {}, outside [-1,1]", key, row, column, values[i]));
          return;
        }
      }
    };
    for (const char* key : {"actions", "states", "robot_states", "obs/ee_pos", "obs/ee_ori",
                            "obs/ee_states", "obs/joint_states", "obs/gripper_states"}) {
      look(key);
    }
    if (reader_.contract().action_noise > 0) look(kExpertActions);
    if (!reader_.contract().taken_over_from.empty()) WhoActs();
    return finite;
  }

  // another policy first, then the demonstrator to the end
  void WhoActs() {
    const std::vector<double> acts = reader_.Numbers(demo_, kExpertActs, 0, steps_);
    const int64_t first = reader_.FirstExpertStep(demo_);
    if (first == steps_) Found("takeover", fmt::format("{} never ends in 1", kExpertActs));
    for (int64_t t = 0; t < steps_; ++t) {
      if (acts[t] == (t < first ? 0 : 1)) continue;
      Found("takeover", fmt::format("{}[{}] is {}: not 0 up to one row and 1 from there on",
                                    kExpertActs, t, acts[t]));
      return;
    }
  }

  // every picture can be read and shows something
  void StoredPictures() {
    constexpr int64_t kAtOnce = 32;
    for (const std::string& camera : reader_.contract().cameras) {
      for (int64_t t = 0; t < steps_; t += kAtOnce) {
        std::vector<Image> frames;
        try {
          frames = reader_.Frames(demo_, camera, t, std::min(kAtOnce, steps_ - t));
        } catch (const Error& error) {
          Found("pictures", fmt::format("{} cannot be read: {}", ImageKey(camera), error.what()));
          return;
        }
        for (size_t i = 0; i < frames.size(); ++i) {
          const std::vector<uint8_t>& pixels = frames[i].pixels;
          const bool flat = std::all_of(pixels.begin(), pixels.end(),
                                        [&](uint8_t value) { return value == pixels[0]; });
          if (!flat) continue;
          Found("pictures",
                fmt::format("{}[{}] is of one grey, {}", ImageKey(camera), t + i, pixels[0]));
          return;
        }
      }
    }
  }

  void Simulated(DemoScene& scene) {
    for (const Proprio& proprio : scene.Truth()) {
      Append(pos_, proprio.eef_pos);
      Append(quat_, proprio.eef_quat);
      Append(joints_, proprio.joint_pos);
      Append(fingers_, proprio.gripper_qpos);
    }
    Observations();
    Quaternions();
    Gripper();
    ActionsMoveTheHand();
    const DemoInfo& info = reader_.demos()[demo_];
    if (info.success && (reader_.contract().hold_steps > 0 || !reader_.ours())) {
      scene.Show(steps_ - 1);
      if (!scene.environment().task().Success(scene.environment().scene())) {
        Found("success", "the goal does not hold in the last state");
      }
    }
  }

  void Pictures(DemoScene& scene, int pictures) {
    const std::vector<int64_t> rows = MovingRows(pictures);
    for (size_t camera = 0; camera < reader_.contract().cameras.size(); ++camera) {
      PicturesOf(scene, camera, rows);
    }
  }

 private:
  template <typename Range>
  static void Append(std::vector<double>& to, const Range& values) {
    to.insert(to.end(), values.begin(), values.end());
  }

  void Found(const std::string& check, const std::string& what) {
    findings_.push_back({check, reader_.demos()[demo_].name, what});
  }

  void Fits(const std::string& key, const std::vector<double>& observed, int64_t width,
            const std::vector<double>& truth, double floor) {
    const ShiftFit fit = FitShift({observed, width}, {truth, width}, shift_);
    if (fit.told && fit.shift != shift_) {
      Found("observations",
            fmt::format("{} is shifted: row t fits the state {} of action t, the contract says {}",
                        key, Rows(fit.shift), Rows(shift_)));
    } else if (fit.misfit > floor + fit.motion) {
      Found("observations", fmt::format("{} does not fit the states: {:.3g} away on average, where "
                                        "a step moves {:.3g}",
                                        key, fit.misfit, fit.motion));
    }
  }

  static std::string Rows(int shift) {
    return shift == 0 ? "before"
                      : fmt::format("{} row(s) {}", std::abs(shift), shift > 0 ? "after" : "ahead");
  }

  void Observations() {
    const auto numbers = [&](const char* key) { return reader_.Numbers(demo_, key, 0, steps_); };
    Fits("obs/joint_states", numbers("obs/joint_states"), 7, joints_, 0.02);
    Fits("obs/ee_pos", numbers("obs/ee_pos"), 3, pos_, 0.005);
    Fits("obs/gripper_states", numbers("obs/gripper_states"), 2, fingers_, 0.003);
  }

  void Quaternions() {
    if (reader_.Has(demo_, "robot_states") && reader_.Width(demo_, "robot_states") == 9) {
      const std::vector<double> robot = reader_.Numbers(demo_, "robot_states", 0, steps_);
      std::vector<double> stored;
      for (int64_t t = 0; t < steps_; ++t) {
        stored.insert(stored.end(), robot.begin() + 9 * t + 5, robot.begin() + 9 * t + 9);
      }
      const QuaternionFit fit = FitQuaternions({stored, 4}, {quat_, 4}, shift_);
      if (fit.order != "x,y,z,w" && fit.as_stored > kSameRotation) {
        Found("quaternions", fmt::format("robot_states holds them as {}, not x,y,z,w ({:.2f} rad "
                                         "from the states so, {:.2f} rad as x,y,z,w)",
                                         fit.order, fit.angle, fit.as_stored));
      } else if (fit.as_stored > kSameRotation) {
        Found("quaternions",
              fmt::format("robot_states is {:.2f} rad from the states", fit.as_stored));
      }
    }
    RotationVectors();
  }

  void RotationVectors() {
    const std::vector<double> ori = reader_.Numbers(demo_, "obs/ee_ori", 0, steps_);
    std::vector<double> stored;
    for (int64_t t = 0; t < steps_; ++t) {
      const double* v = &ori[3 * t];
      const double angle = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
      const double scale = angle < 1e-9 ? 0 : std::sin(angle / 2) / angle;
      Append(stored, std::array{v[0] * scale, v[1] * scale, v[2] * scale, std::cos(angle / 2)});
    }
    const QuaternionFit fit = FitQuaternions({stored, 4}, {quat_, 4}, shift_);
    if (fit.as_stored > kSameRotation) {
      Found("quaternions",
            fmt::format("obs/ee_ori is {:.2f} rad from the hand's rotation in the states; it must "
                        "be a rotation vector",
                        fit.as_stored));
    }
  }

  void Gripper() {
    const std::vector<Action> actions = reader_.Actions(demo_, 0, steps_);
    double with = 0, against = 0;  // m the fingers went with and against the command
    int moves = 0;
    for (int64_t t = 0; t + 1 < steps_; ++t) {
      const double opens =
          (fingers_[2 * t + 2] - fingers_[2 * t + 3]) - (fingers_[2 * t] - fingers_[2 * t + 1]);
      if (std::abs(opens) < kFingersMove || actions[t][6] == 0) continue;
      ++moves;
      ((opens < 0) == (actions[t][6] > 0) ? with : against) += std::abs(opens);
    }
    if (moves >= 2 && against > with) {
      Found("gripper", fmt::format("its sign is wrong: the fingers move {:.1f} mm against the "
                                   "command and {:.1f} mm with it; +1 must close them",
                                   1e3 * against, 1e3 * with));
    }
  }

  // correlation of the actions' translation with the hand's, `shift` steps after
  double Follows(const std::vector<Action>& actions, int shift) const {
    double dot = 0, acted = 0, moved = 0;
    for (int64_t t = 2; t + 3 < steps_; ++t) {
      for (int i = 0; i < 3; ++i) {
        const double a = actions[t][i];
        const double d = pos_[3 * (t + shift + 1) + i] - pos_[3 * (t + shift) + i];
        dot += a * d;
        acted += a * a;
        moved += d * d;
      }
    }
    return acted * moved > 0 ? dot / std::sqrt(acted * moved) : 0;
  }

  void ActionsMoveTheHand() {
    if (steps_ < 12) return;
    const std::vector<Action> actions = reader_.Actions(demo_, 0, steps_);
    const double before = Follows(actions, -1), now = Follows(actions, 0),
                 next = Follows(actions, 1);
    if (std::max(now, next) < -0.2) {
      Found("actions",
            fmt::format("they point against the hand's motion (correlation {:.2f})", now));
    } else if (before > now + 0.1 && before > next + 0.1) {
      Found("actions", fmt::format("they come late: the hand moves as action t says before it "
                                   "(correlation {:.2f} against {:.2f})",
                                   before, now));
    }
  }

  // those around which the arm moves most, apart from each other
  std::vector<int64_t> MovingRows(int wanted) const {
    std::vector<std::pair<double, int64_t>> moving;
    for (int64_t t = 2; t + 3 < steps_; ++t) {
      double squares = 0;
      for (int i = 0; i < 7; ++i) {
        const double d = joints_[7 * (t + 1) + i] - joints_[7 * (t - 1) + i];
        squares += d * d;
      }
      moving.emplace_back(squares, t);
    }
    std::sort(moving.rbegin(), moving.rend());
    std::vector<int64_t> rows;
    for (const auto& [_, t] : moving) {
      if (static_cast<int>(rows.size()) == wanted) break;
      if (std::all_of(rows.begin(), rows.end(), [&](int64_t r) { return std::abs(r - t) > 4; })) {
        rows.push_back(t);
      }
    }
    return rows;
  }

  void PicturesOf(DemoScene& scene, size_t camera, const std::vector<int64_t>& rows) {
    const std::string& name = reader_.contract().cameras[camera];
    std::array<double, kTurns.size()> turned{};  // mean difference at the contract's shift
    std::array<double, 3> shifted{};             // of shifts -1, 0, +1 from it, the right way up
    const Turn stated = reader_.contract().conventions.rows == ImageRows::kTopFirst
                            ? Turn::kNone
                            : Turn::kUpsideDown;
    for (const int64_t t : rows) {
      const Image stored = reader_.Frames(demo_, name, t, 1)[0];
      for (int d = -1; d <= 1; ++d) {
        scene.Show(t + shift_ + d);
        scene.environment().Draw();
        const Image& drawn = scene.environment().frames()[camera];
        shifted[d + 1] += Difference(stored, stated, drawn) / rows.size();
        if (d != 0) continue;
        for (size_t i = 0; i < kTurns.size(); ++i) {
          turned[i] += Difference(stored, kTurns[i], drawn) / rows.size();
        }
      }
    }
    if (rows.empty()) return;
    const size_t best = std::min_element(turned.begin(), turned.end()) - turned.begin();
    const double as_stated = turned[static_cast<size_t>(stated)];
    const std::string key = ImageKey(name);
    if (kTurns[best] != stated && turned[best] < kClearlyBetter * as_stated) {
      Found("pictures",
            fmt::format("{} has {}, the contract says {} (difference {:.1f} so, {:.1f} "
                        "as stated)",
                        key, Name(kTurns[best]), Name(stated), turned[best], as_stated));
      return;
    }
    if (as_stated > kSamePicture) {
      Found("pictures", fmt::format("{} does not show its states: {:.1f} of 255 away on average",
                                    key, as_stated));
      return;
    }
    for (const int d : {-1, 1}) {
      if (shifted[d + 1] >= kClearlyBetter * shifted[1]) continue;
      Found("pictures", fmt::format("{} is shifted: picture t shows the state one row {} "
                                    "(difference {:.2f} so, {:.2f} as the contract says)",
                                    key, d > 0 ? "later" : "earlier", shifted[d + 1], shifted[1]));
    }
  }

  const Hdf5Reader& reader_;
  size_t demo_;
  int64_t steps_;
  int shift_;
  std::vector<Finding>& findings_;
  std::vector<double> pos_, quat_, joints_, fingers_;  // what the states show
};

}  // namespace

std::vector<Finding> Validate(const Hdf5Reader& reader, const DemoTaskSource& tasks,
                              Renderer* renderer, const ValidationOptions& options) {
  std::vector<Finding> findings;
  const size_t demos = reader.demos().size();
  const size_t drawn = std::min<size_t>(options.picture_demos, demos);
  for (size_t i = 0; i < demos; ++i) {
    DemoCheck check(reader, i, findings);
    check.StoredPictures();
    if (check.Values() && options.simulate) {
      // demonstrations 0, n/3, 2n/3 for three
      const bool pictures = renderer != nullptr && drawn > 0 && i * drawn % demos < drawn;
      DemoScene scene(reader, i, tasks, pictures ? renderer : nullptr);
      check.Simulated(scene);
      if (pictures) check.Pictures(scene, options.pictures);
    }
    if (options.progress) options.progress(i + 1, demos);
  }
  return findings;
}

}  // namespace vega
