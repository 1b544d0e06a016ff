#include "tasks/expert/expert_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/error.h"
#include "tasks/expert/fixtures.h"
#include "tasks/expert/next_step.h"
#include "tasks/expert/slide.h"
#include "tasks/expert/take_up.h"
#include "tasks/expert/transfer.h"
#include "tasks/expert/travel.h"

namespace vega {
namespace {

constexpr char kName[] = "expert";
constexpr int kTries = 5;            // plans made before it gives up
constexpr double kSlowest = 0.3;     // of the speed that variation may take away
constexpr double kMostNoise = 0.08;  // of full speed
constexpr double kTurnNoise = 0.2;   // of the translation's noise

MotionStyle DrawStyle(double variation, RandomStream& random) {
  if (variation <= 0) return {};
  const double noise = kMostNoise * variation * random.Uniform();
  return {.speed = 1 - kSlowest * variation * random.Uniform(),
          .noise = noise,
          .turn_noise = kTurnNoise * noise};
}

std::string StreamName(const EpisodeKey& key) {
  return fmt::format("policy/expert/{}/{}", key.suite, key.task_name);
}

}  // namespace

std::optional<ExpertOptions> ParseExpertName(const std::string& name) {
  if (name == kName) return ExpertOptions{};
  const std::string prefix = std::string(kName) + ":";
  if (!name.starts_with(prefix)) return std::nullopt;
  const char* begin = name.data() + prefix.size();
  const char* end = name.data() + name.size();
  ExpertOptions options;
  const auto parsed = std::from_chars(begin, end, options.variation);
  if (parsed.ec != std::errc() || parsed.ptr != end || !(options.variation >= 0) ||
      options.variation > 1) {
    throw Error(fmt::format("policy '{}': the variation is not a number from 0 to 1", name),
                "e.g. expert:0.5");
  }
  return options;
}

// One episode: the scene, the arm and the script that is being played.
struct ExpertPolicy::Episode {
  Episode(const ExpertTables& expert_tables, const Task& task, const Scene& scene,
          MotionStyle style, RandomStream random)
      : tables(expert_tables),
        world(task, scene),
        arm(world, channel, style, random),
        runner(channel, Solve()) {}

  const ExpertTables& tables;
  World world;
  ScriptChannel channel;
  Arm arm;
  bool failed = false;
  std::string skill = "start";
  std::optional<Transfer> transfer;  // of the move being played
  ScriptRunner runner;               // last: refers to all of them

  Script Solve() {
    co_await TakeUp();
    for (int attempt = 0; attempt < kTries; ++attempt) {
      const std::vector<PlanStep> plan = StepsLeft(world, tables);
      if (plan.empty()) break;
      for (const PlanStep& step : plan) {
        if (step.goal >= 0 && world.Holds(world.goals()[step.goal])) continue;
        skill = ToString(step);
        co_await Play(step);
      }
    }
    const std::vector<bool> truths = Truths(world);
    failed = std::find(truths.begin(), truths.end(), false) != truths.end();
    skill = failed ? "gave up" : "done";
    // hold still, out of the way
    co_await Retreat(arm, Vector3d::UnitZ(), 0.05, arm.grip());
    const Pose here = arm.hand();
    for (;;) co_await arm.Servo(here, {.speed = 0.3, .grip = arm.grip()});
  }

  // An episode may be taken up anywhere. What the hand holds goes where it has to go, if it can go
  // there next, else out of the way. At the start of an episode there is nothing to do.
  Script TakeUp() {
    const Item* held = world.Held();
    if (held == nullptr) co_return co_await BackOut(arm, nullptr);
    const std::vector<PlanStep> plan = StepsLeft(world, tables);
    const PlanStep* next = MoveOf(*held, plan);
    if (next == nullptr) {
      skill = "put down " + held->name;
      co_return co_await PutDown(arm, *held);
    }
    const Target target = TargetOf(*next);
    // what is being drawn along the table goes on as it is
    const bool slides = target.owner() == nullptr && tables.FindGrasps(held->category) &&
                        tables.FindGrasps(held->category)->slide_radius > 0;
    if (slides && world.TouchesScene(*held)) co_return true;
    skill = ToString(*next);
    transfer.emplace(arm, tables, *held, target);
    co_return co_await transfer->Resume();
  }

  // the step that moves an item, if nothing must be opened or put down before it
  static const PlanStep* MoveOf(const Item& item, const std::vector<PlanStep>& plan) {
    for (const PlanStep& step : plan) {
      if (step.skill == Skill::kOpen) return nullptr;
      if (step.skill != Skill::kMove || step.subject != item.name) continue;
      const bool waits = std::any_of(plan.begin(), plan.end(), [&](const PlanStep& other) {
        return other.skill == Skill::kMove && other.subject == step.target;
      });
      return waits ? nullptr : &step;
    }
    return nullptr;
  }

  Target TargetOf(const PlanStep& step) const {
    return {.item = world.FindItem(step.target),
            .region = world.FindRegion(step.target),
            .sharing = step.sharing};
  }

  Script Play(const PlanStep& step) {
    const Item* item = world.FindItem(step.subject);
    const Region* region = world.FindRegion(step.subject);
    switch (step.skill) {
      case Skill::kOpen:
        if (region) return OpenDrawer(arm, tables, *region);
        return OpenDoor(arm, tables, *item);
      case Skill::kClose:
        if (region) return CloseDrawer(arm, tables, *region);
        return CloseDoor(arm, tables, *item);
      case Skill::kTurnOn:
        return TurnKnob(arm, tables, *item, true);
      case Skill::kTurnOff:
        return TurnKnob(arm, tables, *item, false);
      case Skill::kMove:
        break;
    }
    return Move(*item, TargetOf(step));
  }

  Script Move(const Item& item, Target target) {
    const CategoryGrasps* grasps = tables.FindGrasps(item.category);
    if (target.owner() == nullptr && grasps && grasps->slide_radius > 0) {
      if (co_await Slide(arm, tables, item, *target.region)) co_return true;
    }
    if (target.owner() && tables.doors.contains(target.owner()->category) &&
        tables.PlaceOn(target.category(), target.part()).kind == PlaceKind::kMicrowave) {
      co_await WidenDoor(arm, tables, *target.owner());
    }
    transfer.emplace(arm, tables, item, target);
    co_return co_await transfer->Run();
  }
};

ExpertPolicy::ExpertPolicy(std::shared_ptr<const ExpertTables> tables, ExpertOptions options)
    : tables_(std::move(tables)), options_(options) {
  contract_.privileged = true;
}

ExpertPolicy::~ExpertPolicy() = default;

void ExpertPolicy::Reset(const EpisodeKey& episode) {
  key_ = episode;
  episode_.reset();
}

std::vector<Action> ExpertPolicy::Act(const PolicyInput& input) {
  if (input.scene == nullptr || input.task == nullptr) {
    throw Error("the expert needs the true state", "run it by a mode that simulates the task");
  }
  if (!episode_) {
    RandomStream random(key_.seed, StreamName(key_), static_cast<uint64_t>(key_.init));
    const MotionStyle style = DrawStyle(options_.variation, random);
    episode_ = std::make_unique<Episode>(*tables_, *input.task, *input.scene, style, random);
  }
  episode_->runner.Advance();
  return {episode_->channel.action};
}

bool ExpertPolicy::failed() const { return episode_ && episode_->failed; }

std::string ExpertPolicy::skill() const { return episode_ ? episode_->skill : std::string(); }

}  // namespace vega
