// SPDX-License-Identifier: Apache-2.0
#include "hal/framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/hal/framings.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

const Bytes kHeight = hex("F2F20103033F0F557E");
const std::string kHeightHex = "F2F20103033F0F557E";

TEST(Framer, NoneHandsOnEveryReadAsItCame) {
  Bench bench(ofKind(FramingKind::none));
  bench.feed(ascii("ab")).feed({}).feed(ascii("c"));
  EXPECT_THAT(bench.take(), ElementsAre("6162", "63"));
}

TEST(Framer, NoneCutsAReadThatIsLongerThanMax) {
  FramingOptions options = ofKind(FramingKind::none);
  options.max = 2;
  Bench bench(options);
  bench.feed(ascii("abcde"));
  EXPECT_THAT(bench.take(), ElementsAre("6162", "6364", "65"));
}

TEST(Framer, FixedCountsBytes) {
  FramingOptions options = ofKind(FramingKind::fixed);
  options.length = 3;
  Bench bench(options);
  bench.feed(hex("0102")).feed(hex("0304050607"));
  EXPECT_THAT(bench.take(), ElementsAre("010203", "040506"));
}

TEST(Framer, FixedWithoutMarksFindsItsRhythmAgainAfterASilence) {
  FramingOptions options = ofKind(FramingKind::fixed);
  options.length = 4;
  options.idleMs = 8;
  Bench bench(options);
  bench.feed(hex("0147")).wait(8).feed(hex("01010148"));
  EXPECT_THAT(bench.take(), ElementsAre("01010148"));
  EXPECT_EQ(bench.statistics().garbageBytes, 2u);
}

TEST(Framer, FixedWithMarksSkipsGarbage) {
  Bench bench(kaidi());
  bench.feed(hex("00 68 68 01 00 01 2C 2E 16 68 01"));
  EXPECT_THAT(bench.take(), ElementsAre("680100012C2E16"));
  EXPECT_EQ(bench.statistics().garbageBytes, 2u);
}

TEST(Framer, FixedWithMarksDropsAFrameWithABadChecksum) {
  Bench bench(kaidi());
  bench.feed(hex("68 01 00 01 2C 2F 16")).silence();
  EXPECT_THAT(bench.take(), IsEmpty());
  EXPECT_EQ(bench.statistics().badChecksums, 1u);
  EXPECT_EQ(bench.statistics().garbageBytes, 7u);
}

TEST(Framer, LengthFindsFramesInAnyChunks) {
  Bench bench(jiecang());
  bench.feed(kHeight + kHeight).feedByteByByte(kHeight);
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex, kHeightHex, kHeightHex));
  EXPECT_EQ(bench.statistics().frames, 3u);
  EXPECT_EQ(bench.statistics().garbageBytes, 0u);
}

TEST(Framer, LengthDoesNotEndAtAnEndByteInsideTheFrame) {
  Bench bench(jiecang(0xF1));
  bench.feed(hex("F1F11B02055C7E7E"));  // both the sum and the end are 7E
  EXPECT_THAT(bench.take(), ElementsAre("F1F11B02055C7E7E"));
}

TEST(Framer, LengthFindsTheFrameBehindADoubledStartByte) {
  Bench bench(jiecang());
  bench.feed(hex("F2") + kHeight + kHeight);
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex, kHeightHex));
  EXPECT_EQ(bench.statistics().garbageBytes, 1u);
}

TEST(Framer, LengthFindsTheFrameBehindEveryTruncation) {
  for (std::size_t kept = 1; kept < kHeight.size(); ++kept) {
    Bench bench(jiecang());
    bench.feed(Bytes(kHeight.begin(), kHeight.begin() + static_cast<std::ptrdiff_t>(kept)) + kHeight)
        .silence();
    EXPECT_THAT(bench.take(), ElementsAre(kHeightHex)) << kept << " bytes of the first frame";
    EXPECT_EQ(bench.statistics().garbageBytes, kept);
  }
}

// The doubled start makes the frame's command look like a length that waits for bytes that never come.
TEST(Framer, LengthGivesUpAnUnfinishedFrameAfterSilence) {
  Bench bench(jiecang());
  const Bytes limits = hex("F2F207040514028AB07E");
  bench.feed(hex("F2") + limits);
  EXPECT_THAT(bench.take(), IsEmpty());
  ASSERT_EQ(bench.framer().deadlineMs(), 1100u);
  bench.wait(99);
  EXPECT_THAT(bench.take(), IsEmpty());
  bench.wait(1);
  EXPECT_THAT(bench.take(), ElementsAre(toHex(limits)));
  EXPECT_EQ(bench.framer().deadlineMs(), std::nullopt);
}

TEST(Framer, LengthWaitsForeverIfTold) {
  FramingOptions options = jiecang();
  options.idleMs = 0;
  Bench bench(options);
  bench.feed(hex("F2F201"));
  EXPECT_EQ(bench.framer().deadlineMs(), std::nullopt);
  bench.silence().feed(hex("03033F0F557E"));
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex));
}

TEST(Framer, LateBytesOfABusyProcessStillCompleteTheirFrame) {
  Bench bench(jiecang());
  bench.feed(hex("F2F201"));
  bench.nowMs += 5000;  // nobody has said that the line was silent
  bench.feed(hex("03033F0F557E"));
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex));
}

TEST(Framer, LengthChecksTheEnd) {
  Bench bench(jiecang());
  bench.feed(hex("F2F20103033F0F557F") + kHeight);
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex));
  EXPECT_EQ(bench.statistics().badChecksums, 0u);
  EXPECT_EQ(bench.statistics().garbageBytes, 9u);
}

TEST(Framer, LengthCountsBadChecksums) {
  Bench bench(jiecang());
  bench.feed(hex("F2F20103033F0F567E") + kHeight);
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex));
  EXPECT_EQ(bench.statistics().badChecksums, 1u);
}

TEST(Framer, LengthRefusesAClaimOverMaxAtOnce) {
  FramingOptions options = jiecang();
  options.max = 16;
  Bench bench(options);
  bench.feed(hex("F2F2010B") + kHeight);  // 11 + 6 = 17
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex));
  EXPECT_EQ(bench.statistics().oversize, 1u);
  EXPECT_EQ(bench.statistics().garbageBytes, 4u);
}

TEST(Framer, LengthTakesAFrameOfExactlyMax) {
  FramingOptions options = jiecang();
  options.max = 9;
  Bench bench(options);
  bench.feedByteByByte(kHeight + kHeight);
  EXPECT_THAT(bench.take(), ElementsAre(kHeightHex, kHeightHex));
}

TEST(Framer, LengthSurvivesALengthByteBelowTheShortestFrame) {
  Bench bench(loctek());
  bench.feed(hex("9B00 9B01 9B02 9B 04117CC39D"));
  EXPECT_THAT(bench.take(), ElementsAre("9B04117CC39D"));
  EXPECT_EQ(bench.statistics().garbageBytes, 6u);
}

TEST(Framer, LengthReadsTwoByteFields) {
  FramingOptions options = ofKind(FramingKind::length);  // LD2410: F4F3F2F1, length, payload, F8F7F6F5
  options.start = hex("F4F3F2F1");
  options.lengthAt = 4;
  options.lengthField = LengthField::u16le;
  options.extra = 10;
  options.end = hex("F8F7F6F5");
  Bench little(options);
  little.feedByteByByte(hex("F4F3F2F1 0300 AABBCC F8F7F6F5"));
  EXPECT_THAT(little.take(), ElementsAre("F4F3F2F10300AABBCCF8F7F6F5"));
  options.lengthField = LengthField::u16be;
  Bench big(options);
  big.feedByteByByte(hex("F4F3F2F1 0003 AABBCC F8F7F6F5"));
  EXPECT_THAT(big.take(), ElementsAre("F4F3F2F10003AABBCCF8F7F6F5"));
}

TEST(Framer, LengthWorksWithoutStartBytes) {
  FramingOptions options = ofKind(FramingKind::length);
  options.max = 8;
  options.extra = 2;
  options.checksum = Checksum::xor8;
  Bench bench(options);
  bench.feed(hex("02 AA 55 FD  FF  01 10 11")).silence();
  EXPECT_THAT(bench.take(), ElementsAre("02AA55FD", "011011"));
}

TEST(Framer, DelimiterLeavesTheDelimiterOut) {
  Bench bench(delimitedBy(ascii("\r\n")));
  bench.feed(ascii("one\r\ntw")).feed(ascii("o\r")).feed(ascii("\nthree"));
  EXPECT_THAT(bench.take(), ElementsAre(toHex(ascii("one")), toHex(ascii("two"))));
}

TEST(Framer, DelimiterKeepsItIfTold) {
  FramingOptions options = delimitedBy(ascii(";"));
  options.keepDelimiter = true;
  Bench bench(options);
  bench.feed(ascii(":D71.10B;:A41;"));
  EXPECT_THAT(bench.take(), ElementsAre(toHex(ascii(":D71.10B;")), toHex(ascii(":A41;"))));
}

TEST(Framer, DelimiterFindsNoFrameBetweenTwoDelimiters) {
  Bench bench(delimitedBy(ascii("\n")));
  bench.feed(ascii("\n\na\n\n"));
  EXPECT_THAT(bench.take(), ElementsAre("61"));
}

TEST(Framer, DelimiterThatOverlapsItselfIsFoundAtItsFirstPlace) {
  Bench bench(delimitedBy(ascii("aab")));
  bench.feedByteByByte(ascii("xaaabyaab"));
  EXPECT_THAT(bench.take(), ElementsAre(toHex(ascii("xa")), toHex(ascii("y"))));
}

TEST(Framer, DelimiterDropsALineOverMaxAndTakesTheNext) {
  FramingOptions options = delimitedBy(ascii("\r\n"));
  options.max = 4;
  const Bytes stream = ascii("1234\r\n12345\r\nok\r\n") + Bytes(1000, 'x') + ascii("\r\nfine\r\n");
  for (const bool bytewise : {false, true}) {
    Bench bench(options);
    bytewise ? bench.feedByteByByte(stream) : bench.feed(stream);
    EXPECT_THAT(bench.take(), ElementsAre(toHex(ascii("1234")), toHex(ascii("ok")), toHex(ascii("fine"))));
    EXPECT_EQ(bench.statistics().oversize, 2u);
    EXPECT_EQ(bench.statistics().garbageBytes, 5u + 2u + 1000u + 2u);
  }
}

TEST(Framer, GapEndsAFrameAtASilence) {
  Bench bench(gapOfMs(5));
  bench.feed(hex("0102"));
  ASSERT_EQ(bench.framer().deadlineMs(), 1005u);
  bench.wait(4).feed(hex("03"));
  EXPECT_EQ(bench.framer().deadlineMs(), 1009u);
  bench.wait(4);
  EXPECT_THAT(bench.take(), IsEmpty());
  bench.wait(1);
  EXPECT_THAT(bench.take(), ElementsAre("010203"));
  EXPECT_EQ(bench.framer().deadlineMs(), std::nullopt);
  bench.silence();
  EXPECT_THAT(bench.take(), IsEmpty());
}

// 3.5 characters of silence, and 8 that a UART may hold back: 11.5 characters of 10 bits at 9600 baud.
TEST(Framer, GapIsMeasuredInCharactersByDefault) {
  FramingOptions options = ofKind(FramingKind::gap);
  options.baudRate = 9600;
  Bench bench(options);
  bench.feed(hex("01"));
  EXPECT_EQ(bench.framer().deadlineMs(), 1000u + 12u);
  options.baudRate = 115200;
  Bench quick(options);
  quick.feed(hex("01"));
  EXPECT_EQ(quick.framer().deadlineMs(), 1000u + 2u);
}

TEST(Framer, GapDropsAFrameOverMaxAndTakesTheNext) {
  FramingOptions options = gapOfMs(5);
  options.max = 3;
  Bench bench(options);
  bench.feed(hex("0102")).feed(hex("0304")).feed(hex("05")).wait(5);
  bench.feed(hex("0A0B0C")).wait(5);
  EXPECT_THAT(bench.take(), ElementsAre("0A0B0C"));
  EXPECT_EQ(bench.statistics().oversize, 1u);
  EXPECT_EQ(bench.statistics().garbageBytes, 5u);
}

TEST(Framer, SlipDecodesEscapes) {
  Bench bench(ofKind(FramingKind::slip));
  bench.feedByteByByte(hex("C0 01 DBDC 02 DBDD 03 C0 C0 04 C0"));
  EXPECT_THAT(bench.take(), ElementsAre("01C002DB03", "04"));
}

TEST(Framer, SlipDropsAFrameWithABadEscapeAndTakesTheNext) {
  Bench bench(ofKind(FramingKind::slip));
  bench.feed(hex("01 DB 02 03 C0 04 C0 05 DB C0 06 C0"));
  EXPECT_THAT(bench.take(), ElementsAre("04", "06"));
  EXPECT_EQ(bench.statistics().garbageBytes, 6u);
}

TEST(Framer, SlipDropsAFrameOverMaxAndTakesTheNext) {
  FramingOptions options = ofKind(FramingKind::slip);
  options.max = 2;
  Bench bench(options);
  bench.feed(hex("010203040506 C0 DBDCDBDC C0"));
  EXPECT_THAT(bench.take(), ElementsAre("C0C0"));
  EXPECT_EQ(bench.statistics().oversize, 1u);
  EXPECT_EQ(bench.statistics().garbageBytes, 6u);
}

TEST(Framer, SlipDecodesWhatItEncodes) {
  Bytes every(256);
  for (std::size_t at = 0; at < every.size(); ++at)
    every[at] = static_cast<std::uint8_t>(at);
  Bench bench(ofKind(FramingKind::slip));
  bench.feed(slipEncode(every)).feed(slipEncode(hex("C0DB")));
  EXPECT_THAT(bench.take(), ElementsAre(toHex(every), "C0DB"));
}

TEST(Framer, ResetForgetsTheUnfinishedFrame) {
  const std::vector<std::pair<FramingOptions, std::pair<Bytes, Bytes>>> cases{
      {jiecang(), {hex("F2F20103"), kHeight}},
      {kaidi(), {hex("680100"), hex("680100012C2E16")}},
      {delimitedBy(ascii("\n")), {ascii("ab"), ascii("cd\n")}},
      {gapOfMs(5), {ascii("ab"), ascii("cd")}},
      {ofKind(FramingKind::slip), {hex("0102"), hex("03C0")}},
  };
  for (const auto& [options, bytes] : cases) {
    Bench fresh(options);
    fresh.feed(bytes.second).silence();
    Bench bench(options);
    bench.feed(bytes.first);
    bench.framer().reset();
    EXPECT_EQ(bench.framer().deadlineMs(), std::nullopt);
    bench.feed(bytes.second).silence();
    EXPECT_EQ(bench.take(), fresh.take());
    EXPECT_EQ(bench.statistics().garbageBytes, bytes.first.size());
  }
}

// What the marked framers promise, written down the slow way: look at every byte in turn, with the whole
// stream known.
std::vector<std::string> framesByDefinition(const Bytes& stream) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at + 6 <= stream.size();) {
    const std::size_t total = 6u + stream[at + 3];
    std::uint8_t sum = 0;
    const bool fits =
        stream[at] == 0xF2 && stream[at + 1] == 0xF2 && total <= 64 && at + total <= stream.size();
    if (fits) {
      for (std::size_t index = at + 2; index < at + total - 2; ++index)
        sum = static_cast<std::uint8_t>(sum + stream[index]);
    }
    if (fits && stream[at + total - 1] == 0x7E && stream[at + total - 2] == sum) {
      frames.push_back(toHex(std::span(stream).subspan(at, total)));
      at += total;
    } else {
      ++at;
    }
  }
  return frames;
}

// Bytes that look like the protocol's own, so that false starts and false lengths are common.
Bytes randomNoise(std::mt19937& random) {
  const Bytes favourites = hex("F2F2F27E00010307");
  Bytes noise(random() % 12);
  for (std::uint8_t& byte : noise) {
    byte = random() % 4 == 0 ? static_cast<std::uint8_t>(random()) : favourites[random() % favourites.size()];
  }
  return noise;
}

Bytes randomFrame(std::mt19937& random) {
  Bytes body{static_cast<std::uint8_t>(random()), static_cast<std::uint8_t>(random() % 8)};
  for (int left = body[1]; left > 0; --left)
    body.push_back(random() % 3 == 0 ? 0x7E : static_cast<std::uint8_t>(random()));
  Bytes frame = hex("F2F2") + body;
  appendChecksum(Checksum::sum8, body, frame);
  frame.push_back(0x7E);
  if (random() % 5 == 0) frame.resize(random() % frame.size());
  if (random() % 9 == 0 && !frame.empty()) frame[random() % frame.size()] ^= 0x10;
  return frame;
}

TEST(Framer, FindsInAnyChunksWhatTheDefinitionFinds) {
  const char* given = std::getenv("DESKD_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  SCOPED_TRACE("DESKD_TEST_SEED=" + std::to_string(seed));
  RecordProperty("seed", std::to_string(seed));
  std::printf("DESKD_TEST_SEED=%u\n", seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    Bytes stream;
    for (unsigned count = random() % 8; count > 0; --count)
      stream = stream + randomNoise(random) + randomFrame(random);
    Bench bench(jiecang());
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 20, stream.size() - at);
      bench.feed(Bytes(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(at + size)));
      at += size;
    }
    bench.silence();
    const auto found = bench.take();
    ASSERT_EQ(found, framesByDefinition(stream)) << toHex(stream);
    std::size_t inFrames = 0;
    for (const std::string& frame : found)
      inFrames += frame.size() / 2;
    ASSERT_EQ(bench.statistics().garbageBytes, stream.size() - inFrames) << toHex(stream);
    ASSERT_EQ(bench.statistics().frames, found.size());
  }
}

// The window is far smaller than the stream, so nothing can hide in it.
TEST(Framer, SurvivesAMegabyteOfNoiseOfEveryKind) {
  std::mt19937 random(1);
  Bytes noise(1 << 20);
  for (std::uint8_t& byte : noise)
    byte = static_cast<std::uint8_t>(random());
  for (const FramingOptions& options :
       {jiecang(), loctek(), kaidi(), delimitedBy(hex("0D0A")), ofKind(FramingKind::slip), gapOfMs(5)}) {
    Bench bench(options);
    bench.feed(noise).silence();
    bench.take();
    bench.framer().reset();
    EXPECT_LE(bench.statistics().garbageBytes, noise.size());
    EXPECT_GT(bench.statistics().garbageBytes, 0u);
  }
}

}  // namespace
}  // namespace deskd
