// SPDX-License-Identifier: Apache-2.0
// deskd:cron on a clock that the test sets.
#include <chrono>

#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

class FakeClock final : public WallClock {
 public:
  FakeClock(ClockReading& now, std::function<void()> onLook) : look(std::move(onLook)), now_(now) {}

  ClockReading read() override { return now_; }
  void watch(std::optional<std::int64_t> atMs) override {
    watching = true;
    at = atMs;
  }
  void rest() override {
    watching = false;
    at.reset();
  }

  const std::function<void()> look;
  bool watching = false;
  std::optional<std::int64_t> at;

 private:
  ClockReading& now_;
};

class Cron : public ScriptTest {
 protected:
  Cron() {
    now_ = {start_, 5'000, true, true};
    services_.wallClock = [this](Loop&, std::function<void()> look) {
      auto made = std::make_unique<FakeClock>(now_, std::move(look));
      clock_ = made.get();
      return made;
    };
  }

  // The script has text(date), note(run) to log a run, and the options utc.
  void begin(const std::string& source) {
    run("import {schedule, next} from 'deskd:cron';"
        "const utc = {timeZone: 'UTC'};"
        "const text = (date) => date === null ? 'never' : date.toISOString().slice(5, 19).replace('T', ' ');"
        "const note = ({scheduled, missed}) => console.log(text(scheduled) + (missed ? ' missed' : ''));" +
        source);
    ASSERT_FALSE(loadError_) << loadError_->message;
  }

  // Time passes, the timer fires when it should.
  void pass(std::int64_t ms) {
    const std::int64_t until = now_.wallMs + ms;
    while (clock_->watching && clock_->at && *clock_->at <= until) {
      const std::int64_t wait = std::max<std::int64_t>(*clock_->at - now_.wallMs, 0);
      now_.elapsedMs += wait;
      now_.wallMs += wait;
      look();
    }
    now_.elapsedMs += until - now_.wallMs;
    now_.wallMs = until;
  }
  // Somebody sets the clock: the kernel cancels the timer.
  void set(std::int64_t wallMs) {
    now_.wallMs = wallMs;
    if (clock_->watching) look();
  }
  void synchronise() {
    now_.synchronised = true;
    if (clock_->watching) look();
  }
  void look() {
    clock_->look();
    loop_->run();
  }

  // 24 November 2026, 8:00.
  const std::int64_t start_ = std::chrono::duration_cast<Milliseconds>(
                                  std::chrono::sys_days(std::chrono::year(2026) / 11 / 24).time_since_epoch())
                                  .count() +
                              8 * hour;
  ClockReading now_;
  FakeClock* clock_ = nullptr;
};

TEST_F(Cron, CallsTheFunctionWhenItIsTime) {
  begin("schedule('*/30 * * * *', note, utc);");
  pass(29 * minute);
  EXPECT_THAT(logged_, IsEmpty());
  pass(minute);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00"));
  pass(hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00", "11-24 09:00:00", "11-24 09:30:00"));
}

TEST_F(Cron, AJobTellsWhatItIs) {
  begin(
      "const job = schedule('30 8 * * *', () => {}, {...utc, name: 'morning'});"
      "const tell = () => console.log(job.name, job.expression, text(job.next), text(job.previous),"
      "  job.held, job.running, job.skipped, job.closed);"
      "tell(); schedule('31 8 * * *', () => { tell(); job.close(); tell(); }, utc);");
  pass(31 * minute);
  EXPECT_THAT(logged_, ElementsAre("morning 30 8 * * * 11-24 08:30:00 never false 0 0 false",
                                   "morning 30 8 * * * 11-25 08:30:00 11-24 08:30:00 false 0 0 false",
                                   "morning 30 8 * * * never 11-24 08:30:00 false 0 0 true"));
}

TEST_F(Cron, CallsNobodyAfterClose) {
  begin(
      "const job = schedule('* * * * *', () => { note({scheduled: job.previous}); job.close(); job.close();"
      "  other.close(); }, utc);"
      "const other = schedule('* * * * *', () => console.log('closed'), utc);"
      "const third = schedule('* * * * *', () => console.log('third'), utc); third[Symbol.dispose]();");
  pass(hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:01:00"));
  EXPECT_FALSE(clock_->watching);
}

TEST_F(Cron, EveryJobHasATurnOfItsOwn) {
  begin(
      "schedule('* * * * *', () => { console.log('a'); queueMicrotask(() => console.log('then')); }, utc);"
      "schedule('* * * * *', () => console.log('b'), utc);");
  pass(minute);
  EXPECT_THAT(logged_, ElementsAre("a", "then", "b"));
}

TEST_F(Cron, AnErrorOfTheFunctionEndsTheScript) {
  for (const char* fn : {"() => { throw new Error('broken'); }", "async () => { throw new Error('broken'); }",
                         "async () => { await 1; throw new Error('broken'); }"}) {
    begin(std::string("schedule('* * * * *', ") + fn + ", utc); schedule('2 8 * * *', note, utc);");
    pass(minute);
    ASSERT_TRUE(failure_) << fn;
    EXPECT_EQ(failure_->message, "Error: broken");
    EXPECT_THAT(failure_->stack, HasSubstr("test.js:1:"));
    pass(hour);
    EXPECT_THAT(logged_, IsEmpty());
  }
}

TEST_F(Cron, LeavesOutRunsWhileOneIsUnderWay) {
  begin(
      "let end; const job = schedule('* * * * *', (run) => { note(run);"
      "  return new Promise((resolve) => { end = resolve; }); }, utc);"
      "schedule('30 1 8 * * *', () => { console.log(job.running, job.skipped); end(); }, utc);");
  pass(minute);
  pass(2 * minute - 31'000);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:01:00", "1 0", "11-24 08:02:00"));
  begin(
      "const job = schedule('* * * * *', (run) => { note(run); return new Promise(() => {}); }, utc);"
      "schedule('10 8 * * *', () => console.log(job.running, job.skipped), utc);");
  pass(10 * minute);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:03:00", "1 7"));
}

TEST_F(Cron, QueuesRunsIfToldSo) {
  begin(
      "const ends = []; const job = schedule('* * * * *', (run) => { note(run);"
      "  return new Promise((resolve) => { ends.push(resolve); }); }, {...utc, overlap: 'queue'});"
      "schedule('30 2 8 * * *', () => ends.shift()(), utc);"
      "schedule('40 2 8 * * *', () => console.log(job.running, job.skipped), utc);"
      "schedule('0 9 * * *', () => console.log(job.running, job.skipped), utc);");
  pass(3 * minute - 1);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:01:00", "11-24 08:02:00", "1 0"));
  pass(hour);
  EXPECT_EQ(logged_.back(), "1 42");  // 58 have been due since; 16 wait
}

TEST_F(Cron, LetsRunsOverlapIfToldSo) {
  begin(
      "const job = schedule('* * * * *', (run) => new Promise(() => {}), {...utc, overlap: 'allow'});"
      "schedule('30 3 8 * * *', () => console.log(job.running), utc);");
  pass(4 * minute);
  EXPECT_THAT(logged_, ElementsAre("3"));
}

TEST_F(Cron, StartsNothingThatWaitsWhenTheScriptFailsOrTheJobCloses) {
  begin(
      "let fail; const job = schedule('* * * * *', (run) => { note(run);"
      "  return new Promise((_, reject) => { fail = reject; }); }, {...utc, overlap: 'queue'});"
      "schedule('30 2 8 * * *', () => fail(new Error('x')), utc);");
  pass(3 * minute);
  EXPECT_TRUE(failure_);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:01:00"));
  begin(
      "let end; const job = schedule('* * * * *', (run) => { note(run);"
      "  return new Promise((resolve) => { end = resolve; }); }, {...utc, overlap: 'queue'});"
      "schedule('30 5 8 * * *', () => { job.close(); end(); }, utc);");
  pass(5 * minute);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:04:00"));
}

TEST_F(Cron, RunsAJobByHand) {
  begin(
      "const job = schedule('0 12 * * *', async (run) => { note(run); await 1; if (job.skipped) throw 'x'; },"
      "  utc);"
      "const first = job.run(); console.log(job.running, await job.run(), job.skipped);"
      "first.catch((e) => console.log('rejected', e));"
      "await new Promise((resolve) => setTimeout(resolve));"
      "job.close(); job.run().catch((e) => console.log(e.code, e.message));");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:00:00", "1 false 1", "rejected x",
                                   "ERR_CLOSED cron job 0 12 * * * is closed"));
}

TEST_F(Cron, HoldsJobsUntilTheClockIsSynchronised) {
  now_.synchronised = false;
  now_.wallMs = start_ - 400 * 24 * hour;
  begin(
      "const job = schedule('* * * * *', note, utc);"
      "schedule('* * * * *', () => console.log('by a clock that may be wrong'),"
      "  {...utc, unsynchronized: 'run'}).run();"
      "console.log(job.held, text(job.next));");
  EXPECT_THAT(logged_,
              ElementsAre("cron: expected a synchronised clock, found one that may be wrong: jobs are held "
                          "until it is",
                          "by a clock that may be wrong", "true never"));
  logged_.clear();
  pass(minute);
  EXPECT_THAT(logged_, ElementsAre("by a clock that may be wrong"));
  logged_.clear();
  now_.synchronised = true;
  set(start_);
  EXPECT_THAT(logged_, ElementsAre("cron: the clock is synchronised, jobs are held no longer",
                                   "by a clock that may be wrong", "11-24 08:00:00"));
  logged_.clear();
  pass(minute);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:01:00", "by a clock that may be wrong"));
}

TEST_F(Cron, FollowsAClockThatIsSet) {
  begin(
      "schedule('30 8 * * *', note, utc);"
      "schedule('30 8 * * *', note, {...utc, missed: 'run'});"
      "schedule('0 12 * * *', note, utc);");
  set(start_ + 3 * hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00 missed"));
  set(start_ + hour);
  pass(4 * hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00 missed", "11-24 12:00:00"));
}

TEST_F(Cron, ANamedJobKnowsItsLastRunWhenItIsMadeAgain) {
  begin(
      "const make = () => schedule('30 8 * * *', note, {...utc, missed: 'run', name: 'daily'});"
      "let job = make();"
      "schedule('0 9 * * *', () => job.close(), utc);"
      "schedule('0 7 26 * *', () => { job = make(); }, utc);"
      "schedule('0 10 26 * *', () => { job.close(); job = make(); }, utc);");
  pass(3 * 24 * hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00", "11-25 08:30:00 missed", "11-26 08:30:00"));
}

TEST_F(Cron, MissesNothingForAnotherExpressionOfThatName) {
  begin(
      "const make = (expression) => schedule(expression, note, {...utc, missed: 'run', name: 'daily'});"
      "let job = make('30 8 * * *');"
      "schedule('0 9 24 * *', () => { job.close(); job = make('45 8 * * *'); }, utc);");
  pass(25 * hour);
  EXPECT_THAT(logged_, ElementsAre("11-24 08:30:00", "11-25 08:45:00"));  // not at 9:00, for 8:45
}

TEST_F(Cron, TellsTimesWithoutAJob) {
  begin(
      "const after = new Date('2026-03-28T12:00:00Z'), timeZone = 'Europe/Berlin';"
      "console.log(text(next('30 2 * * *', {after, timeZone})));"
      "console.log(text(next('30 2 * * *', {after: after.getTime(), timeZone, dst: 'skip'})));"
      "console.log(next('@daily', {after, timeZone, count: 2}).map(text).join());"
      "console.log(next('30 2 29 2 *') > new Date());");
  EXPECT_THAT(logged_,
              ElementsAre("03-29 01:00:00", "03-30 00:30:00", "03-28 23:00:00,03-29 22:00:00", "true"));
  EXPECT_EQ(clock_, nullptr);  // no job, no clock
}

TEST_F(Cron, RefusesWhatMakesNoSense) {
  begin(
      "const refusal = (...arguments_) => { try { schedule(...arguments_); console.log('accepted'); }"
      "  catch (e) { console.log(`${e.name} ${e.code ?? ''} ${e.message}`); } };"
      "const fn = () => {};"
      "refusal('99 * * * *', fn); refusal(5, fn); refusal('* * * * *'); refusal('* * * * *', fn, null);"
      "refusal('* * * * *', fn, {zone: 'UTC'}); refusal('* * * * *', fn, {timeZone: 'Mars/Base'});"
      "refusal('* * * * *', fn, {timeZone: ''}); refusal('* * * * *', fn, {overlap: 'never'});"
      "refusal('* * * * *', fn, {jitter: -1}); refusal('* * * * *', fn, {name: 'a'});"
      "refusal('* * * * *', fn, {name: 'a'});"
      "for (const options of [{after: '2026'}, {after: -1}, {after: new Date(NaN)}, {count: 1001}])"
      "  try { next('* * * * *', options); } catch (e) { console.log(`${e.name} ${e.message}`); }");
  EXPECT_THAT(
      logged_,
      ElementsAre(
          "TypeError ERR_INVALID_ARGUMENT cron expression \"99 * * * *\": minute: expected 0 to 59, found "
          "\"99\"",
          "TypeError  cron expression: expected a text such as \"30 7 * * mon-fri\", found 5",
          "TypeError  schedule: expected a function, found undefined",
          "TypeError  schedule: expected an object, found null",
          "TypeError  schedule: expected one of timeZone, dst, missed, overlap, unsynchronized, "
          "jitter, name, found \"zone\"",
          HasSubstr(
              "TypeError ERR_INVALID_ARGUMENT time zone: expected a name such as \"Europe/Berlin\", found "
              "\"Mars/Base\""),
          "TypeError  timeZone: expected a name such as \"Europe/Berlin\", found \"\"",
          "TypeError  overlap: expected one of skip, queue, allow, found \"never\"",
          "RangeError  jitter: expected an integer from 0 to 86400000, found -1", "accepted",
          "Error EEXIST name: expected one that no other job has, found \"a\"",
          "TypeError after: expected a Date or milliseconds since 1970, found \"2026\"",
          "RangeError after: expected a time from 1970 to 9999, found -1",
          "RangeError after: expected a time from 1970 to 9999, found Invalid Date",
          "RangeError count: expected an integer from 1 to 1000, found 1001"));
}

TEST_F(Cron, BeginsNothingWhileTheScriptUnloads) {
  begin(
      "import {onUnload} from 'deskd:script';"
      "schedule('* * * * *', note, utc);"
      "onUnload(() => new Promise((resolve) => { setTimeout(resolve, 20); }));");
  Timer meanwhile(*loop_, [this] {
    now_.wallMs += minute;
    clock_->look();
  });
  meanwhile.start(Milliseconds(1));
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, IsEmpty());
  EXPECT_FALSE(clock_->watching);
}

TEST_F(Cron, LeavesNothingOnTheLoop) {
  services_.wallClock = HostServices{{}, {}, bus_, bus_, guard_, storage_, {}, {}, {}, {}}.wallClock;
  begin("schedule('* * * * * *', note, utc); setTimeout(() => { throw new Error('enough'); });");
  EXPECT_TRUE(failure_);
  close();  // expects that the loop can be closed
}

}  // namespace
}  // namespace deskd
