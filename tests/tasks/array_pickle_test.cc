#include "tasks/suite/array_pickle.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

// numpy's protocol 2 pickle of a 1 x 1 array holding 1.0, whose bytes 0xf0 0x3f are UTF-8 c3 b0 3f
std::string Pickle(const std::string& dtype = "f8", const std::string& order = "<",
                   const std::string& fortran = "\x89", const std::string& module = "_codecs",
                   const std::string& shape = "K\x01K\x01\x86") {
  using namespace std::string_literals;
  return "\x80\x02"s + "cnumpy.core.multiarray\n_reconstruct\n" + "cnumpy\nndarray\n" + "K\0\x85"s +
         "c" + module + "\nencode\nX\1\0\0\0bX\6\0\0\0latin1\x86R\x87R"s + "(K\1"s + shape +
         "cnumpy\ndtype\nX\2\0\0\0"s + dtype + "\x89\x88\x87R(K\3X\1\0\0\0"s + order +
         "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s + fortran +
         "c_codecs\nencode\nX\x09\0\0\0\0\0\0\0\0\0\xc3\xb0?X\6\0\0\0latin1\x86Rtb."s;
}

TEST_CASE("A plain array is read without running the pickle") {
  const RawArray array = ReadArrayPickle(Pickle(), "x");
  CHECK(array.rows == 1);
  CHECK(array.columns == 1);
  CHECK(array.bytes == std::string("\0\0\0\0\0\0\xf0\x3f", 8));
}

TEST_CASE("Arrays of other kinds are refused with the reason") {
  CHECK_THROWS_WITH(ReadArrayPickle(Pickle("f4"), "x"),
                    Catch::StartsWith("x holds numbers that are not float64"));
  CHECK_THROWS_WITH(ReadArrayPickle(Pickle("f8", ">"), "x"), Catch::Contains("not little-endian"));
  CHECK_THROWS_WITH(ReadArrayPickle(Pickle("f8", "<", "\x88"), "x"), Catch::Contains("Fortran"));
  CHECK_THROWS_WITH(ReadArrayPickle(Pickle("f8", "<", "\x89", "_codecs", "K\x01\x85"), "x"),
                    Catch::Contains("two dimensions"));
}

TEST_CASE("A pickle that names a function is refused by that name") {
  CHECK_THROWS_WITH(ReadArrayPickle(Pickle("f8", "<", "\x89", "builtins"), "x"),
                    Catch::Contains("names builtins.encode"));
  CHECK_THROWS_WITH(ReadArrayPickle("\x80\x02"
                                    "cos\nsystem\nX\x02\0\0\0ls\x85R.",
                                    "x"),
                    Catch::Contains("names os.system"));
}

TEST_CASE("Opcodes outside the array's few are refused") {
  CHECK_THROWS_WITH(ReadArrayPickle("\x92.", "x"), Catch::Contains("more than plain data"));
  CHECK_THROWS_WITH(ReadArrayPickle("t.", "x"), Catch::Contains("damaged"));
  CHECK_THROWS_WITH(ReadArrayPickle("h\5.", "x"), Catch::Contains("damaged"));
  CHECK_THROWS_WITH(ReadArrayPickle("", "x"), Catch::Contains("cut off"));
  CHECK_THROWS_WITH(ReadArrayPickle("N.", "x"), Catch::Contains("no array"));
}

TEST_CASE("Tuples nested without end do not exhaust the stack") {
  const std::string pickle = ")" + std::string(10'000'000, '\x85') + "0.";
  CHECK_THROWS_WITH(ReadArrayPickle(pickle, "x"), Catch::Contains("too deeply"));
}

}  // namespace
}  // namespace vega
