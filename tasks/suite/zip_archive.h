// Members of a small zip archive in memory, read strictly.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace vega {

// The content of the one member whose name is `name` or ends in "/" + `name`, stored or deflated.
// Sizes come from the central directory and are checked against the archive before anything is
// allocated; the CRC is checked after. Zip64, encryption and split archives are refused. Throws
// Error naming `source` for anything else than a whole, sound member.
std::string ReadZipMember(std::span<const std::byte> archive, std::string_view name,
                          const std::string& source);

}  // namespace vega
