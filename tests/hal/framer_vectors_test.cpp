// SPDX-License-Identifier: Apache-2.0
// Every frame of tests/vectors/jiecang*.json, good and bad, through the framers a script would choose for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  std::vector<std::string> frames;  // what must come out
  nlohmann::json meaning;
  FramingOptions framing;
};

// Heights, errors and resets on the wire are four bytes that begin with 01; the stream has no checksum.
FramingOptions legacy() {
  FramingOptions options = ofKind(FramingKind::fixed);
  options.length = 4;
  options.start = {0x01};
  return options;
}

std::vector<Vector> load(const std::string& name) {
  std::ifstream file(std::string(DESKD_SOURCE_DIR) + "/tests/vectors/" + name + ".json");
  std::vector<Vector> vectors;
  for (const nlohmann::json& entry : nlohmann::json::parse(file)) {
    Vector vector;
    vector.label = entry.at("label");
    vector.bytes = hex(entry.at("hex").get<std::string>());
    vector.meaning = entry.at("meaning");
    const bool toDesk = entry.at("direction") == "handset->controller";
    vector.framing = name == "jiecang_legacy" ? legacy() : jiecang(toDesk ? 0xF1 : 0xF2);
    if (entry.at("direction") == "stream") {
      vector.frames = vector.meaning.at("frames").get<std::vector<std::string>>();
    } else if (entry.at("valid").get<bool>()) {
      vector.frames = {toHex(vector.bytes)};
    }
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

std::vector<Vector> all() {
  std::vector<Vector> vectors = load("jiecang");
  for (Vector& vector : load("jiecang_legacy"))
    vectors.push_back(std::move(vector));
  return vectors;
}

std::size_t countIf(const std::vector<Vector>& vectors, bool valid) {
  return static_cast<std::size_t>(std::count_if(
      vectors.begin(), vectors.end(), [valid](const Vector& v) { return v.frames.empty() != valid; }));
}

TEST(JiecangVectors, AreAllThere) {
  EXPECT_EQ(countIf(load("jiecang"), true), 63u);
  EXPECT_EQ(countIf(load("jiecang"), false), 7u);
  EXPECT_EQ(countIf(load("jiecang_legacy"), true), 17u);
}

TEST(JiecangVectors, AreFoundOrRejectedAsLabelled) {
  for (const Vector& vector : all()) {
    Bench bench(vector.framing);
    bench.feed(vector.bytes).silence();
    EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames)) << vector.label;
  }
}

TEST(JiecangVectors, GoodFramesNeedNoSilenceBehindThem) {
  for (const Vector& vector : all()) {
    if (vector.frames.empty()) continue;
    Bench bench(vector.framing);
    bench.feed(vector.bytes);
    EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames)) << vector.label;
    EXPECT_EQ(bench.statistics().garbageBytes, 0u) << vector.label;
  }
}

TEST(JiecangVectors, SplitAtEveryByteGiveTheSame) {
  for (const Vector& vector : all()) {
    for (std::size_t at = 0; at <= vector.bytes.size(); ++at) {
      const auto middle = vector.bytes.begin() + static_cast<std::ptrdiff_t>(at);
      Bench bench(vector.framing);
      bench.feed(Bytes(vector.bytes.begin(), middle))
          .wait(20)
          .feed(Bytes(middle, vector.bytes.end()))
          .silence();
      EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames)) << vector.label << " split at " << at;
    }
    Bench bench(vector.framing);
    bench.feedByteByByte(vector.bytes).silence();
    EXPECT_THAT(bench.take(), ElementsAreArray(vector.frames)) << vector.label << " byte by byte";
  }
}

TEST(JiecangVectors, AreFoundBetweenNoise) {
  for (const Vector& vector : load("jiecang")) {
    const std::uint8_t header = vector.framing.start[0];
    const std::vector<Bytes> noises{
        hex("00"),
        hex("00 00 7E 7E"),
        Bytes{header},
        Bytes{header, header},
        Bytes{header, header, 0x01},
        Bytes{header, header, 0x01, 0x03},
        Bytes{header, header, 0x01, 0x03, 0x03, 0x3F, 0x0F},
        Bytes{header, header, 0x01, 0x03, 0x03, 0x3F, 0x0F, 0x56, 0x7E},  // bad sum
        hex("83 83 F9 F9 E3 E1 B7 03 00"),                                // inverted wiring
    };
    std::vector<std::string> twice = vector.frames;
    twice.insert(twice.end(), vector.frames.begin(), vector.frames.end());
    for (const Bytes& noise : noises) {
      Bench bench(vector.framing);
      bench.feed(noise + vector.bytes + noise + vector.bytes + noise).silence();
      EXPECT_THAT(bench.take(), ElementsAreArray(twice)) << vector.label << " within " << toHex(noise);
    }
  }
}

TEST(JiecangVectors, BadFramesDoNotCostTheGoodOneBehindThem) {
  const Bytes good = hex("F2F20103033F0F557E");
  for (const Vector& vector : load("jiecang")) {
    if (!vector.frames.empty() || vector.framing.start[0] != 0xF2) continue;
    Bench bench(vector.framing);
    bench.feed(vector.bytes + good).silence();
    EXPECT_THAT(bench.take(), ElementsAre(toHex(good))) << vector.label;
  }
}

TEST(JiecangVectors, FramesOfTheOtherDirectionAreNotTaken) {
  for (const Vector& vector : load("jiecang")) {
    const std::uint8_t other = vector.framing.start[0] == 0xF1 ? 0xF2 : 0xF1;
    Bench bench(jiecang(other));
    bench.feed(vector.bytes).silence();
    EXPECT_THAT(bench.take(), IsEmpty()) << vector.label;
  }
}

TEST(JiecangVectors, CommandAndParametersStandWhereTheyAreLabelled) {
  for (const Vector& vector : load("jiecang")) {
    if (vector.frames.size() != 1) continue;
    const Bytes frame = hex(vector.frames[0]);
    EXPECT_EQ(frame[2], vector.meaning.at("cmd").get<int>()) << vector.label;
    EXPECT_EQ(toHex(std::span(frame).subspan(4, frame[3])), vector.meaning.at("params").get<std::string>())
        << vector.label;
    if (vector.meaning.at("kind") != "height") continue;
    EXPECT_EQ(frame[4] << 8 | frame[5], vector.meaning.at("raw").get<int>()) << vector.label;
    EXPECT_EQ(frame[6], vector.meaning.at("p2").get<int>()) << vector.label;
  }
}

TEST(JiecangLegacyVectors, AreFoundInOneStreamBehindTheWakeUpBytes) {
  Bytes stream = hex("81F5");
  std::vector<std::string> expected;
  for (const Vector& vector : load("jiecang_legacy")) {
    stream = stream + vector.bytes;
    expected.push_back(vector.frames[0]);
  }
  Bench bench(legacy());
  bench.feed(stream);
  EXPECT_THAT(bench.take(), ElementsAreArray(expected));
  EXPECT_EQ(bench.statistics().garbageBytes, 2u);
}

// A height whose high byte is 01 looks like a start: after a lost byte only the pause between two frames
// (they come every 15 to 23 ms and take 4 ms) tells where one begins.
TEST(JiecangLegacyVectors, FindTheirRhythmAgainAfterALostByte) {
  FramingOptions options = legacy();
  options.idleMs = 8;
  Bench bench(options);
  for (const char* burst : {"01010145", "010147", "01010148", "0101014A"})
    bench.feed(hex(burst)).wait(15);
  EXPECT_THAT(bench.take(), ElementsAre("01010145", "01010148", "0101014A"));
  EXPECT_EQ(bench.statistics().garbageBytes, 3u);
}

}  // namespace
}  // namespace deskd
