#include "common/data/numpy/npy_array.h"

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace convoy::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNull;
using ::testing::NotNull;

// A file as numpy.save writes it, of format 1.0.
std::string File(const std::string& type, const std::string& order, const std::string& shape,
                 const std::string& numbers) {
  std::string header =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': ", order, ", 'shape': ", shape, ", }");
  header.resize(117, ' ');
  header += '\n';
  return absl::StrCat(std::string("\x93NUMPY\x01\0\x76\0", 10), header, numbers);
}

template <typename T>
std::string Bytes(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

std::vector<double> Numbers(const NpyArray& array) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < array.elems(); ++i) numbers.push_back(array.NumberAt(i));
  return numbers;
}

std::string Error(const std::string& content) {
  return std::string(NpyArray::Parse("x.npy", content).status().message());
}

TEST(NpyArrayTest, NumbersOfEveryTypeAndByteOrder) {
  const std::string big_endian_halves{"\x01\x02\xff\xfe", 4};
  EXPECT_THAT(
      Numbers(NpyArray::Parse("x", File(">i2", "False", "(2,)", big_endian_halves)).value()),
      ElementsAre(258, -2));
  EXPECT_THAT(
      Numbers(NpyArray::Parse("x", File(">u2", "False", "(2,)", big_endian_halves)).value()),
      ElementsAre(258, 65534));
  EXPECT_THAT(
      Numbers(NpyArray::Parse("x", File("<f4", "False", "(2,)", Bytes<float>({0.5F, -3}))).value()),
      ElementsAre(0.5, -3));
  const std::string big_endian_half{"\x3f\xe0\0\0\0\0\0\0", 8};
  EXPECT_THAT(Numbers(NpyArray::Parse("x", File(">f8", "False", "()", big_endian_half)).value()),
              ElementsAre(0.5));
  EXPECT_THAT(Numbers(NpyArray::Parse("x", File("|b1", "False", "(2,)", {"\0\1", 2})).value()),
              ElementsAre(0, 1));
}

TEST(NpyArrayTest, WholeNumbersAreExact) {
  const auto array = NpyArray::Parse(
      "x", File("<i8", "False", "(2,)", Bytes<int64_t>({(int64_t{1} << 62) + 1, -5})));
  EXPECT_EQ(array->WholeAt(0), (int64_t{1} << 62) + 1);
  EXPECT_EQ(array->WholeAt(1), -5);
}

TEST(NpyArrayTest, FortransOrderIsUndone) {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]), and of [2, 2, 2].
  const auto matrix = NpyArray::Parse("x", File("|u1", "True", "(2, 3)", "\1\4\2\5\3\6"));
  EXPECT_THAT(Numbers(*matrix), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(matrix->bytes(), IsNull());
  const auto cube = NpyArray::Parse("x", File("|u1", "True", "(2, 2, 2)", "\1\5\3\7\2\6\4\x8"));
  EXPECT_THAT(Numbers(*cube), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const auto plain = NpyArray::Parse("x", File("|u1", "False", "(2, 3)", "\1\2\3\4\5\6"));
  ASSERT_THAT(plain->bytes(), NotNull());
  EXPECT_EQ(plain->bytes()[5], 6);
  EXPECT_EQ(NpyArray::Parse("x", File("|u1", "True", "(0, 3)", ""))->elems(), 0);
}

TEST(NpyArrayTest, RefusesWhatIsNoArrayOfNumbers) {
  EXPECT_THAT(Error("PK\3\4 and more bytes"), HasSubstr("x.npy: is no array of numpy's"));
  EXPECT_THAT(Error(File("|O", "False", "(2,)", "ab")), HasSubstr("numbers of type '|O'"));
  EXPECT_THAT(Error(File("<c8", "False", "(1,)", "abcdefgh")), HasSubstr("numbers of type '<c8'"));
  EXPECT_THAT(Error(File("<f2", "False", "(1,)", "ab")), HasSubstr("astype('float32')"));
  EXPECT_THAT(Error(File("|u1", "False", "(-2,)", "ab")), HasSubstr("no whole shape"));
  EXPECT_THAT(Error(File("|u1", "False", "(4000000000, 4000000000, 4000000000)", "ab")),
              HasSubstr("larger than any data set"));
  EXPECT_THAT(Error(File("<i4", "False", "(2,)", "1234567")),
              HasSubstr("has 7 bytes of numbers, and its shape says 8"));
  EXPECT_THAT(Error(File("|u1", "False", "(2,)", "ab").substr(0, 60)), HasSubstr("cut short"));
}

}  // namespace
}  // namespace convoy::data
