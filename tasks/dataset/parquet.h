// Tables to parquet files. Arrow is in a module of its own, libvega_parquet.so, opened by the first
// table that is written: it would slow every command's start, and its libraries bring symbols that
// must not meet LibTorch's.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace vega {

// N numbers.
using IntegerColumn = std::vector<int64_t>;
using FloatColumn = std::vector<float>;
using DoubleColumn = std::vector<double>;
// N texts, or N lists of texts.
using TextColumn = std::vector<std::string>;
using TextListColumn = std::vector<std::vector<std::string>>;
// N rows of `width` floats, a list of fixed size in the file.
struct FloatRowColumn {
  int width = 0;
  std::vector<float> values;  // (N, width)
};
// N lists of doubles; with `boxed` each number lies in two more lists of length one, which is how
// LeRobot keeps an array of shape (C,1,1).
struct DoubleListColumn {
  std::vector<std::vector<double>> rows;
  bool boxed = false;
};

struct ParquetColumn {
  std::string name;
  std::variant<IntegerColumn, FloatColumn, DoubleColumn, TextColumn, TextListColumn, FloatRowColumn,
               DoubleListColumn>
      values;
};

struct ParquetTable {
  std::vector<ParquetColumn> columns;           // all of N rows
  std::map<std::string, std::string> metadata;  // of the schema
  int64_t rows_a_group = 1 << 20;
};

// Throws Error when the file cannot be written.
void WriteParquet(const ParquetTable& table, const std::filesystem::path& file);

// What the module is opened for; ParquetModule answers an error's text, empty when all went well.
using ParquetModule = std::string (*)(const ParquetTable& table, const std::string& file);
inline constexpr char kParquetModuleSymbol[] = "VegaWriteParquet";

}  // namespace vega
