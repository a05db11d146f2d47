// SPDX-License-Identifier: Apache-2.0
// Every frame of tests/vectors/loctek.json and presence_ld2410.json, good and bad, through the framers that
// the shipped scripts choose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/hal/framings.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

struct Vector {
  std::string label;
  Bytes bytes;
  bool valid;
  nlohmann::json meaning;

  std::vector<std::string> frames() const {
    return valid ? std::vector<std::string>{toHex(bytes)} : std::vector<std::string>{};
  }
};

std::vector<Vector> load(const std::string& name) {
  std::ifstream file(std::string(DESKD_SOURCE_DIR) + "/tests/vectors/" + name + ".json");
  std::vector<Vector> vectors;
  for (const nlohmann::json& entry : nlohmann::json::parse(file)) {
    const std::string text = entry.at("hex");
    vectors.push_back({text + " " + entry.value("label", ""), hex(text), entry.at("valid").get<bool>(),
                       entry.at("meaning")});
  }
  return vectors;
}

void expectFramesWholeAndSplit(const FramingOptions& framing, const Vector& vector) {
  Bench whole(framing);
  whole.feed(vector.bytes).silence();
  EXPECT_THAT(whole.take(), ElementsAreArray(vector.frames())) << vector.label;
  Bench dribble(framing);
  dribble.feedByteByByte(vector.bytes).silence();
  EXPECT_THAT(dribble.take(), ElementsAreArray(vector.frames())) << vector.label << " byte by byte";
  for (std::size_t at = 0; at <= vector.bytes.size(); ++at) {
    const auto middle = vector.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    Bench bench(framing);
    bench.feed(Bytes(vector.bytes.begin(), middle))
        .wait(20)
        .feed(Bytes(middle, vector.bytes.end()))
        .silence();
    EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames())) << vector.label << " split at " << at;
  }
}

void expectFramesBetweenNoise(const FramingOptions& framing, const Vector& vector,
                              const std::vector<Bytes>& noises) {
  std::vector<std::string> twice = vector.frames();
  for (const std::string& frame : vector.frames())
    twice.push_back(frame);
  for (const Bytes& noise : noises) {
    Bench bench(framing);
    bench.feed(noise + vector.bytes + noise + vector.bytes + noise).silence();
    EXPECT_THAT(bench.take(), ElementsAreArray(twice)) << vector.label << " within " << toHex(noise);
  }
}

TEST(LoctekVectors, AreAllThere) {
  const auto vectors = load("loctek");
  EXPECT_EQ(vectors.size(), 202u);
  EXPECT_EQ(std::count_if(vectors.begin(), vectors.end(), [](const Vector& v) { return !v.valid; }), 5);
}

TEST(LoctekVectors, AreFoundOrRejectedAsLabelledWholeAndSplitAtEveryByte) {
  for (const Vector& vector : load("loctek"))
    expectFramesWholeAndSplit(loctek(), vector);
}

TEST(LoctekVectors, GoodFramesNeedNoSilenceBehindThem) {
  for (const Vector& vector : load("loctek")) {
    if (!vector.valid) continue;
    Bench bench(loctek());
    bench.feed(vector.bytes);
    EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames())) << vector.label;
    EXPECT_EQ(bench.statistics().garbageBytes, 0u) << vector.label;
  }
}

TEST(LoctekVectors, AreFoundBetweenNoise) {
  const std::vector<Bytes> noises{
      hex("00 FE"),                    // seen while the controller wakes
      hex("9B FF"),                    // seen when it goes to sleep
      hex("03 5F 13 01 00 00 00 00"),  // the same
      hex("9B"),
      hex("9B 9B"),
      hex("9D 9D"),
      hex("9B 04 11"),
      hex("9B 07 12 07 EF 6D A4"),        // broke off
      hex("9B 07 12 38 5C 39 00 00 9D"),  // wrong checksum
      hex("9B 0B 12 06 5B 4F"),           // claims more than it has
  };
  for (const Vector& vector : load("loctek"))
    expectFramesBetweenNoise(loctek(), vector, noises);
}

TEST(LoctekVectors, BadFramesDoNotCostTheGoodOneBehindThem) {
  const Bytes good = hex("9B04117CC39D");
  for (const Vector& vector : load("loctek")) {
    if (vector.valid) continue;
    Bench bench(loctek());
    bench.feed(vector.bytes + good).silence();
    EXPECT_THAT(bench.take(), ElementsAre(toHex(good))) << vector.label;
  }
}

TEST(LoctekVectors, TypeAndKeysStandWhereTheyAreLabelled) {
  for (const Vector& vector : load("loctek")) {
    if (!vector.valid) continue;
    EXPECT_EQ(vector.bytes[2], vector.meaning.at("type").get<int>()) << vector.label;
    if (vector.meaning.at("kind") != "keys") continue;
    const bool pressed = vector.bytes[3] != 0 || vector.bytes[4] != 0;
    EXPECT_EQ(pressed, !vector.meaning.at("keys").empty()) << vector.label;
  }
}

TEST(Ld2410Vectors, AreFoundWholeSplitAndBetweenNoise) {
  const std::vector<Bytes> noises{hex("F4"),
                                  hex("F4 F3 F2"),
                                  hex("F4 F3 F2 F1 0D"),
                                  hex("FD FC FB FA 04 00 FF 01 00 00 04 03 02 01"),  // a command's answer
                                  hex("F4 F3 F2 F1 0D 00 02 AA 02"),
                                  hex("F8 F7 F6 F5")};
  const auto vectors = load("presence_ld2410");
  EXPECT_EQ(vectors.size(), 2u);
  for (const Vector& vector : vectors) {
    expectFramesWholeAndSplit(ld2410(), vector);
    expectFramesBetweenNoise(ld2410(), vector, noises);
  }
}

TEST(Ld2410Vectors, AFrameWithAnotherEndIsNone) {
  Bench bench(ld2410());
  bench.feed(hex("F4F3F2F10D0002AA0251000000003B00005500F8F7F6F6")).silence();
  EXPECT_THAT(bench.take(), IsEmpty());
}

}  // namespace
}  // namespace deskd
