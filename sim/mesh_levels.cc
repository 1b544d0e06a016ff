// Welding, collapsing, and giving the new corners their normals back.

#include "sim/mesh_levels.h"

#include <meshoptimizer.h>

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <span>

#include "sim/base/disk_cache.h"

namespace vega {
namespace {

constexpr char kRecipe[] = "mesh levels 2";  // part of the cache key: change it with the code below
constexpr int kFewFaces = 100;               // a mesh of fewer has no levels
constexpr std::array kKept = {0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 0.08, 0.05, 0.03};  // of the faces
constexpr float kSameSide = 0.85F;  // cosine between normals that are gathered into one

using Index = unsigned int;

// One mesh as MuJoCo holds it, welded. A point is a distinct pair of position and texture
// coordinate.
class Mesh {
 public:
  Mesh(const mjModel& m, int mesh)
      : faces_(m.mesh_facenum[mesh]),
        textured_(m.mesh_texcoordadr[mesh] >= 0),
        vert_(m.mesh_vert + 3 * m.mesh_vertadr[mesh], 3 * size_t(m.mesh_vertnum[mesh])),
        normal_(m.mesh_normal + 3 * m.mesh_normaladr[mesh], 3 * size_t(m.mesh_normalnum[mesh])),
        texcoord_(textured_ ? m.mesh_texcoord + 2 * m.mesh_texcoordadr[mesh] : nullptr,
                  textured_ ? 2 * size_t(m.mesh_texcoordnum[mesh]) : 0),
        face_(m.mesh_face + 3 * m.mesh_faceadr[mesh], 3 * faces_),
        facenormal_(m.mesh_facenormal + 3 * m.mesh_faceadr[mesh], 3 * faces_),
        facetexcoord_(m.mesh_facetexcoord + 3 * m.mesh_faceadr[mesh], textured_ ? 3 * faces_ : 0) {}

  CacheKey Key() const {
    CacheKey key("mesh");
    key.Add(kRecipe);
    key.Add(std::as_bytes(vert_)), key.Add(std::as_bytes(normal_));
    key.Add(std::as_bytes(texcoord_)), key.Add(std::as_bytes(face_));
    key.Add(std::as_bytes(facenormal_)), key.Add(std::as_bytes(facetexcoord_));
    return key;
  }

  SimplifiedMesh Simplify() {
    Weld();
    SimplifiedMesh result;
    GatherNormals(result.normal);
    size_t faces = faces_;
    float error = 0;
    for (const double kept : kKept) {
      MeshLevel level = Collapse(kept, result.normal);
      if (level.faces() == 0 || level.faces() > 0.85 * faces) continue;
      level.error = error = std::max(error, level.error);
      faces = level.faces();
      result.levels.push_back(std::move(level));
    }
    return result;
  }

 private:
  Eigen::Vector3f Vertex(int i) const { return Eigen::Vector3f(vert_.data() + 3 * i); }

  void Weld() {
    std::map<std::array<float, 3>, int> positions;
    std::map<std::array<float, 5>, Index> pairs;
    for (size_t c = 0; c < face_.size(); ++c) {
      const float* v = &vert_[3 * face_[c]];
      const float* t = textured_ ? &texcoord_[2 * facetexcoord_[c]] : nullptr;
      const auto [pair, fresh] = pairs.try_emplace({v[0], v[1], v[2], t ? t[0] : 0, t ? t[1] : 0},
                                                   static_cast<Index>(vertex_of_.size()));
      if (fresh) {
        points_.insert(points_.end(), v, v + 3);
        vertex_of_.push_back(face_[c]);
        texcoord_of_.push_back(t ? facetexcoord_[c] : 0);
        position_of_.push_back(
            positions.try_emplace({v[0], v[1], v[2]}, static_cast<int>(positions.size()))
                .first->second);
      }
      corners_.push_back(pair->second);
    }
    sides_.resize(positions.size());
  }

  // Normals at a position that point the same way become one, their mean by the area of their
  // faces.
  void GatherNormals(std::vector<float>& out) {
    std::vector<std::vector<Eigen::Vector3f>> sums(sides_.size());
    for (size_t c = 0; c < corners_.size(); ++c) {
      const int* face = &face_[c - c % 3];
      const Eigen::Vector3f a = Vertex(face[0]);
      const float area = (Vertex(face[1]) - a).cross(Vertex(face[2]) - a).norm() + 1e-12F;
      const Eigen::Vector3f normal(normal_.data() + 3 * facenormal_[c]);
      auto& here = sums[position_of_[corners_[c]]];
      const auto side = std::find_if(here.begin(), here.end(), [&](const Eigen::Vector3f& sum) {
        return sum.dot(normal) > kSameSide * sum.norm();
      });
      if (side != here.end()) {
        *side += area * normal;
      } else {
        here.push_back(area * normal);
      }
    }
    for (size_t p = 0; p < sums.size(); ++p) {
      for (const Eigen::Vector3f& sum : sums[p]) {
        const Eigen::Vector3f normal = sum.normalized();
        sides_[p].push_back(static_cast<int>(out.size() / 3));
        out.insert(out.end(), normal.data(), normal.data() + 3);
      }
    }
  }

  MeshLevel Collapse(double kept, const std::vector<float>& normal) const {
    const size_t target = 3 * std::max<size_t>(4, static_cast<size_t>(kept * faces_));
    MeshLevel level;
    std::vector<Index> out(corners_.size());
    out.resize(meshopt_simplify(out.data(), corners_.data(), corners_.size(), points_.data(),
                                points_.size() / 3, 3 * sizeof(float), target, 1.0F, 0,
                                &level.error));
    level.error *= meshopt_simplifyScale(points_.data(), points_.size() / 3, 3 * sizeof(float));
    for (size_t at = 0; at < out.size(); at += 3) {
      const Eigen::Vector3f a = Vertex(vertex_of_[out[at]]);
      const Eigen::Vector3f along =
          (Vertex(vertex_of_[out[at + 1]]) - a).cross(Vertex(vertex_of_[out[at + 2]]) - a);
      for (int i = 0; i < 3; ++i) {
        const Index point = out[at + i];
        const auto& sides = sides_[position_of_[point]];
        const auto fit = [&](int n) { return Eigen::Vector3f(&normal[3 * n]).dot(along); };
        level.face.push_back(vertex_of_[point]);
        level.facetexcoord.push_back(texcoord_of_[point]);
        level.facenormal.push_back(*std::max_element(
            sides.begin(), sides.end(), [&](int x, int y) { return fit(x) < fit(y); }));
      }
    }
    return level;
  }

  size_t faces_;
  bool textured_;
  std::span<const float> vert_, normal_, texcoord_;
  std::span<const int> face_, facenormal_, facetexcoord_;
  std::vector<float> points_;            // (points x 3) m
  std::vector<int> vertex_of_;           // (points) in vert_
  std::vector<int> texcoord_of_;         // (points) in texcoord_
  std::vector<int> position_of_;         // (points) number of its position
  std::vector<Index> corners_;           // (faces x 3) points
  std::vector<std::vector<int>> sides_;  // (positions) gathered normals there
};

// vectors of plain numbers to bytes and back, in one order
class Writer {
 public:
  template <typename T>
  void operator()(const std::vector<T>& values) {
    const uint64_t size = values.size();
    Put(&size, sizeof size);
    Put(values.data(), size * sizeof(T));
  }
  std::vector<std::byte> bytes;

 private:
  void Put(const void* from, size_t size) {
    const auto* at = static_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), at, at + size);
  }
};

// the bytes have passed their checksum, so they are what Writer wrote
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  void operator()(std::vector<T>& values) {
    uint64_t size = 0;
    Get(&size, sizeof size);
    values.resize(size);
    Get(values.data(), size * sizeof(T));
  }
  bool empty() const { return bytes_.empty(); }

 private:
  void Get(void* to, size_t size) {
    if (size > 0) std::memcpy(to, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
  }

  std::span<const std::byte> bytes_;
};

}  // namespace

SimplifiedMesh SimplifyMesh(const mjModel& model, int mesh) {
  if (model.mesh_facenum[mesh] < kFewFaces) return {};
  Mesh source(model, mesh);
  const CacheKey key = source.Key();
  if (const auto cached = FindCached(key)) {
    Reader read(cached->bytes());
    SimplifiedMesh found;
    read(found.normal);
    while (!read.empty()) {
      MeshLevel& level = found.levels.emplace_back();
      std::vector<float> error;
      read(error), read(level.face), read(level.facenormal), read(level.facetexcoord);
      level.error = error.at(0);
    }
    return found;
  }
  SimplifiedMesh made = source.Simplify();
  Writer write;
  write(made.normal);
  for (const MeshLevel& level : made.levels) {
    write(std::vector<float>{level.error}), write(level.face), write(level.facenormal);
    write(level.facetexcoord);
  }
  const std::array parts = {std::span<const std::byte>(write.bytes)};
  StoreCached(key, parts);
  return made;
}

}  // namespace vega
