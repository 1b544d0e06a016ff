// The Arrow calls behind WriteParquet; the whole of libvega_parquet.so.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>
#include <utility>

#include "tasks/dataset/parquet.h"

namespace vega {
namespace {

using ArrayResult = arrow::Result<std::shared_ptr<arrow::Array>>;

template <typename Builder, typename Values>
ArrayResult Flat(const Values& values) {
  Builder builder;
  for (const auto& value : values) ARROW_RETURN_NOT_OK(builder.Append(value));
  return builder.Finish();
}

ArrayResult Build(const IntegerColumn& column) { return Flat<arrow::Int64Builder>(column); }
ArrayResult Build(const FloatColumn& column) { return Flat<arrow::FloatBuilder>(column); }
ArrayResult Build(const DoubleColumn& column) { return Flat<arrow::DoubleBuilder>(column); }
ArrayResult Build(const TextColumn& column) { return Flat<arrow::StringBuilder>(column); }

ArrayResult Build(const TextListColumn& column) {
  auto texts = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), texts);
  for (const auto& row : column) {
    ARROW_RETURN_NOT_OK(lists.Append());
    for (const std::string& text : row) ARROW_RETURN_NOT_OK(texts->Append(text));
  }
  return lists.Finish();
}

ArrayResult Build(const FloatRowColumn& column) {
  auto floats = std::make_shared<arrow::FloatBuilder>();
  arrow::FixedSizeListBuilder rows(arrow::default_memory_pool(), floats, column.width);
  for (size_t i = 0; i < column.values.size(); i += column.width) {
    ARROW_RETURN_NOT_OK(rows.Append());
    ARROW_RETURN_NOT_OK(floats->AppendValues(&column.values[i], column.width));
  }
  return rows.Finish();
}

ArrayResult Build(const DoubleListColumn& column) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  auto numbers = std::make_shared<arrow::DoubleBuilder>();
  if (!column.boxed) {
    arrow::ListBuilder lists(pool, numbers);
    for (const auto& row : column.rows) {
      ARROW_RETURN_NOT_OK(lists.Append());
      for (const double value : row) ARROW_RETURN_NOT_OK(numbers->Append(value));
    }
    return lists.Finish();
  }
  auto inner = std::make_shared<arrow::ListBuilder>(pool, numbers);
  auto middle = std::make_shared<arrow::ListBuilder>(pool, inner);
  arrow::ListBuilder outer(pool, middle);
  for (const auto& row : column.rows) {
    ARROW_RETURN_NOT_OK(outer.Append());
    for (const double value : row) {
      ARROW_RETURN_NOT_OK(middle->Append());
      ARROW_RETURN_NOT_OK(inner->Append());
      ARROW_RETURN_NOT_OK(numbers->Append(value));
    }
  }
  return outer.Finish();
}

arrow::Status Write(const ParquetTable& table, const std::string& file) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const ParquetColumn& column : table.columns) {
    ARROW_ASSIGN_OR_RAISE(
        auto array, std::visit([](const auto& values) { return Build(values); }, column.values));
    fields.push_back(arrow::field(column.name, array->type()));
    arrays.push_back(std::move(array));
  }
  std::vector<std::string> keys, values;
  for (const auto& [key, value] : table.metadata) {
    keys.push_back(key);
    values.push_back(value);
  }
  const auto schema = arrow::schema(fields, arrow::key_value_metadata(keys, values));
  const auto data = arrow::Table::Make(schema, arrays);
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::FileOutputStream::Open(file));
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
  // the Arrow schema goes along, so that lists of fixed size and metadata come back as they were
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*data, arrow::default_memory_pool(), out,
                                                 table.rows_a_group, properties, arrow_properties));
  return out->Close();
}

}  // namespace
}  // namespace vega

extern "C" std::string VegaWriteParquet(const vega::ParquetTable& table, const std::string& file) {
  const arrow::Status status = vega::Write(table, file);
  return status.ok() ? "" : status.ToString();
}
