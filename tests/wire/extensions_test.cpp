// Extension structures (RFC 4884) with label stacks (RFC 4950), against bytes written down by hand.
#include "wire/extensions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/checksum.hpp"
#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::hex;
using test::joined;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

Bytes structure(std::string_view objects) {
  Bytes bytes = joined({hex("2000 0000"), hex(objects)});
  store_checksum(bytes, 2, internet_checksum(bytes));
  return bytes;
}

TEST(LabelStack, IsThatOfTheMplsObject) {
  EXPECT_THAT(mpls_label_stack(structure("000c 0101 05dcf601 000110fe")),
              ElementsAreArray(hex("05dcf601 000110fe")));
}

TEST(LabelStack, IsFoundBehindOtherObjects) {
  EXPECT_THAT(mpls_label_stack(structure("0008 020f 0a000001 0004 0302 0008 0101 000101fe")),
              ElementsAreArray(hex("000101fe")));
}

TEST(LabelStack, HasWholeEntriesOnly) {
  EXPECT_THAT(mpls_label_stack(structure("000b 0101 000101fe 0001 02")), ElementsAreArray(hex("000101fe")));
}

TEST(LabelStack, NeedsNoChecksumButBelievesNoWrongOne) {
  Bytes bytes = structure("0008 0101 000101fe");
  bytes[3] ^= std::byte{1};
  EXPECT_THAT(mpls_label_stack(bytes), IsEmpty());
  bytes[2] = bytes[3] = std::byte{0};
  EXPECT_THAT(mpls_label_stack(bytes), ElementsAreArray(hex("000101fe")));
}

TEST(LabelStack, IsEmptyWhereThereIsNone) {
  EXPECT_THAT(mpls_label_stack({}), IsEmpty());
  EXPECT_THAT(mpls_label_stack(hex("2000")), IsEmpty());
  EXPECT_THAT(mpls_label_stack(hex("1000 0000 0008 0101 000101fe")), IsEmpty()) << "another version";
  for (const char* objects : {"", "0004", "0004 0101", "0000 0101 000101fe", "0003 0101 000101fe",
                              "000c 0101 000101fe", "0008 0102 000101fe", "0008 0201 000101fe"})
    EXPECT_THAT(mpls_label_stack(structure(objects)), IsEmpty()) << objects;
}

TEST(Extensions, AreFoundBehindAQuoteThatLostItsHeaders) {
  const Bytes extensions = structure("0008 0101 000101fe");
  for (const std::size_t missing : {std::size_t{0}, std::size_t{20}, std::size_t{48}, std::size_t{128}}) {
    const Bytes quote = joined({Bytes(128 - missing), extensions});
    EXPECT_THAT(extensions_behind(quote, missing), ElementsAreArray(extensions)) << missing;
    EXPECT_THAT(extensions_behind(std::span(quote).first(128 - missing), missing), IsEmpty());
    EXPECT_THAT(extensions_behind(std::span(quote).first(quote.size() - 1), missing), IsEmpty()) << "cut";
  }
  EXPECT_THAT(extensions_behind(extensions, 129), IsEmpty());
}

}  // namespace
}  // namespace sonde::wire
