// SPDX-License-Identifier: Apache-2.0
// Requests over a real terminal. Answer and next request meet inside the native framer.
#include "hal/sim/pty.h"
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;

// Answers each byte n with two frames and the beginning of a third, all at once; only the first is an answer.
struct Device {
  const char* name;
  const char* framing;  // in the script's words
  std::function<std::string(char)> answer;
};

std::vector<Device> devices() {
  return {
      {"delimiter", "{type: 'delimiter', bytes: [10]}",
       [](char n) { return std::string(1, n) + "!\n" + n + "?\n" + n; }},
      {"fixed", "{type: 'fixed', length: 2}", [](char n) { return std::string(1, n) + "!" + n + "?" + n; }},
      {"length", "{type: 'length', start: [60], lengthAt: 1, extra: 2}",
       [](char n) { return std::string("<\2") + n + "!<\2" + n + "?<\2"; }},
      {"slip", "{type: 'slip'}", [](char n) { return std::string(1, n) + "!\xC0" + n + "?\xC0" + n; }},
      {"none", "{type: 'none', max: 2}", [](char n) { return std::string(1, n) + "!" + n + "?" + n; }}};
}

class SerialRequests : public ScriptTest, public testing::WithParamInterface<Device> {
 protected:
  void run(const std::string& source) {
    write("test.js", "import {open} from 'deskd:serial';\nconst port = await open({path: '" + path("cable") +
                         "', framing: " + GetParam().framing + "});\n" + source);
    open();
    ASSERT_FALSE(loadError_) << loadError_->message;
    Poll incoming(*loop_, cable_.fd(), [this](int) { serve(); });
    incoming.start(UV_READABLE);
    incoming.unref();
    isolate_->run();
    loop_->run();
    EXPECT_FALSE(failure_) << failure_->message;
  }
  void serve() {
    Bytes questions(64);
    questions.resize(cable_.read(questions));
    for (const std::uint8_t question : questions) {
      const std::string answer = GetParam().answer(static_cast<char>(question));
      cable_.write({reinterpret_cast<const std::uint8_t*>(answer.data()), answer.size()});
    }
  }

  Pty cable_{path("cable")};
};

TEST_P(SerialRequests, ThatWaitForEachOtherGetTheirOwnAnswers) {
  run("const text = (frame) => String.fromCharCode(...frame).slice(-2);"
      "const seen = []; port.on('frame', (frame) => seen.push(text(frame)));"
      "const ask = (n) => port.request(n, {timeout: 10000}).then(text);"
      "console.log(await Promise.all([ask('1'), ask('2'), ask('3')]));"
      "console.log(seen); port.close();");
  EXPECT_THAT(logged_, ElementsAre("[ '1!', '2!', '3!' ]", testing::StartsWith("[ '1!', '2!', '3!'")));
}

TEST_P(SerialRequests, MayEndWithThePort) {
  run("const outcomes = ['1', '2', '3'].map((n) => port.request(n, {match: () => { port.close(); }})"
      "  .catch((error) => error.code));"
      "console.log((await Promise.all(outcomes)).join());");
  EXPECT_THAT(logged_, ElementsAre("ERR_CLOSED,ERR_CLOSED,ERR_CLOSED"));
}

INSTANTIATE_TEST_SUITE_P(EveryFraming, SerialRequests, testing::ValuesIn(devices()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace deskd
