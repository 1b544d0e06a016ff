// Structs to JSON and back: one list of fields a struct, Fields(visitor, struct), read and written
// by the same visitors. Included by the .cc files that define those lists.

#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "sim/base/error.h"

namespace vega {

struct JsonWriter {
  nlohmann::json out = nlohmann::json::object();

  template <class T>
  void operator()(const char* key, T& value);
};

struct JsonReader {
  const nlohmann::json& in;
  std::string where;  // names the object in errors
  std::set<std::string> known = {};

  template <class T>
  void operator()(const char* key, T& value);
};

// structs with a list of fields are objects; anything else is what nlohmann::json makes of it
template <class T>
concept HasFields = requires(JsonWriter& visitor, T& value) {
  Fields(visitor, value);
};

template <class T>
nlohmann::json WriteFields(T value) {
  JsonWriter writer;
  Fields(writer, value);
  return writer.out;
}

// Fields that are absent keep their default. Throws Error on an unknown key or a wrong type.
template <class T>
T ReadFields(const nlohmann::json& in, const std::string& where) {
  if (!in.is_object()) throw Error(fmt::format("{} must be an object", where));
  T value;
  JsonReader reader{in, where};
  Fields(reader, value);
  for (const auto& [key, entry] : in.items()) {
    if (reader.known.contains(key)) continue;
    std::string names;
    for (const auto& name : reader.known) names += (names.empty() ? "" : ", ") + name;
    throw Error(fmt::format("unknown key '{}' in {}", key, where), "keys: " + names);
  }
  return value;
}

template <class T>
void JsonWriter::operator()(const char* key, T& value) {
  if constexpr (HasFields<T>) {
    out[key] = WriteFields(value);
  } else {
    out[key] = value;
  }
}

template <class T>
void JsonReader::operator()(const char* key, T& value) {
  known.insert(key);
  const auto entry = in.find(key);
  if (entry == in.end()) return;
  const std::string path = where + "." + key;
  if constexpr (HasFields<T>) {
    value = ReadFields<T>(*entry, path);
  } else {
    try {
      value = entry->template get<T>();
    } catch (const nlohmann::json::exception&) {
      throw Error(fmt::format("{} has the wrong type: {}", path, entry->dump()));
    }
  }
}

}  // namespace vega
