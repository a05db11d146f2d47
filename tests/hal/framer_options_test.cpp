// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "tests/hal/framings.h"

namespace deskd {
namespace {

using namespace test;

struct Mistake {
  const char* option;
  FramingOptions base;
  std::function<void(FramingOptions&)> make;
};

class FramerOptions : public testing::TestWithParam<Mistake> {};

TEST_P(FramerOptions, NamesTheOptionThatMakesNoSense) {
  FramingOptions options = GetParam().base;
  ASSERT_NO_THROW(makeFramer(options));
  GetParam().make(options);
  try {
    makeFramer(options);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    const std::string prefix = std::string("framing option ") + GetParam().option + ": ";
    EXPECT_THAT(error.what(), testing::StartsWith(prefix));
  }
}

FramingOptions fixedOf(std::size_t length) {
  FramingOptions options = ofKind(FramingKind::fixed);
  options.length = length;
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    EveryOption, FramerOptions,
    testing::Values(Mistake{"max", ofKind(FramingKind::none), [](auto& o) { o.max = 0; }},
                    Mistake{"max", ofKind(FramingKind::slip), [](auto& o) { o.max = 1024 * 1024 + 1; }},
                    Mistake{"kind", ofKind(FramingKind::none),
                            [](auto& o) { o.kind = static_cast<FramingKind>(99); }},
                    Mistake{"length", fixedOf(4), [](auto& o) { o.length = 0; }},
                    Mistake{"length", fixedOf(4), [](auto& o) { o.max = 3; }},
                    Mistake{"length", kaidi(), [](auto& o) { o.length = 3; }},
                    Mistake{"start", kaidi(), [](auto& o) { o.start = Bytes(17, 0); }},
                    Mistake{"end", jiecang(), [](auto& o) { o.end = Bytes(17, 0); }},
                    Mistake{"checksumFrom", kaidi(), [](auto& o) { o.checksum = Checksum::none; }},
                    Mistake{"lengthAt", jiecang(), [](auto& o) { o.lengthAt = 1; }},
                    Mistake{"max", jiecang(), [](auto& o) { o.max = 5; }},
                    Mistake{"max", jiecang(), [](auto& o) { o.checksumFrom = 1000; }},
                    Mistake{"extra", jiecang(), [](auto& o) { o.extra = 65; }},
                    Mistake{"extra", jiecang(),
                            [](auto& o) {
                              o.max = 1024;
                              o.lengthAt = 300;
                              o.extra = 0;
                            }},
                    Mistake{"delimiter", delimitedBy({0x0A}), [](auto& o) { o.delimiter.clear(); }},
                    Mistake{"delimiter", delimitedBy({0x0A}), [](auto& o) { o.delimiter = Bytes(17, 0); }},
                    Mistake{"gapMs", gapOfMs(5), [](auto& o) { o.gapMs = 0; }},
                    Mistake{"gapMs", gapOfMs(5), [](auto& o) { o.gapMs = 60'001; }},
                    Mistake{"baudRate", gapOfMs(5), [](auto& o) { o.gapMs.reset(); }},
                    Mistake{"gapChars", gapOfMs(5),
                            [](auto& o) {
                              o.gapMs.reset();
                              o.gapChars = 0;
                            }},
                    Mistake{"bitsPerChar", gapOfMs(5), [](auto& o) {
                              o.gapMs.reset();
                              o.baudRate = 9600;
                              o.bitsPerChar = 1;
                            }}));

}  // namespace
}  // namespace deskd
