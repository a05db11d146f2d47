// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/storage_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <random>

#include "hal/base/unique_fd.h"
#include "tests/fakes/lossy_disk.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using test::LossyDisk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t plenty = 1024 * 1024;
using Entries = std::map<std::string, std::string>;

StorageBatch sets(std::vector<StorageEntry> changes) {
  return {{}, std::move(changes)};
}

std::string codeOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const CodedError& error) {
    return error.code() + ": " + error.what();
  }
  return "";
}

Entries contentOf(StorageFile& file) {
  Entries entries;
  for (const std::string& key : file.keys("", "", 100000))
    entries[key] = file.get(key).value();
  return entries;
}

class StorageFiles : public testing::Test {
 protected:
  std::string path() const { return directory_.path("desk.db"); }
  TempDirectory directory_;
};

TEST_F(StorageFiles, KeepWhatWasCommitted) {
  {
    StorageFile file(path(), plenty);
    EXPECT_EQ(file.get("a"), std::nullopt);
    file.apply(sets({{"a", "1"}, {"b", R"({"x":[1,2]})"}, {std::string("n\0ul", 4), "\"\\u0000\""}}));
    file.apply(sets({{"a", "2"}}));
    EXPECT_EQ(file.get("a"), "2") << "before it is committed";
    file.commit();
    file.apply(sets({{"a", "3"}}));
  }
  StorageFile file(path(), plenty);
  EXPECT_EQ(file.get("a"), "2") << "what was never committed is gone";
  EXPECT_EQ(file.get("b"), R"({"x":[1,2]})");
  EXPECT_EQ(file.get(std::string("n\0ul", 4)), "\"\\u0000\"");
  EXPECT_EQ(file.get("n"), std::nullopt);
}

TEST_F(StorageFiles, AreForTheirOwnerOnly) {
  StorageFile file(path(), plenty);
  file.apply(sets({{"a", "1"}}));
  file.commit();
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
  EXPECT_THAT(codeOf([&] { StorageFile second(path(), plenty); }), HasSubstr("EBUSY: "));
}

TEST_F(StorageFiles, ListKeysInOrderAndInParts) {
  StorageFile file(path(), plenty);
  file.apply(sets({{"b/2", "1"}, {"a", "1"}, {"b/1", "1"}, {"b", "1"}, {"b/3", "1"}, {"c", "1"}}));
  EXPECT_THAT(file.keys("", "", 100), ElementsAre("a", "b", "b/1", "b/2", "b/3", "c"));
  EXPECT_THAT(file.keys("b/", "", 100), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(file.keys("b/", "", 2), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(file.keys("b/", "b/2", 2), ElementsAre("b/3"));
  EXPECT_THAT(file.keys("x", "", 2), IsEmpty());
}

TEST_F(StorageFiles, SayWhatWasRemoved) {
  StorageFile file(path(), plenty);
  file.apply(sets({{"a", "1"}}));
  EXPECT_THAT(file.apply(sets({{"a", std::nullopt}, {"b", std::nullopt}})), ElementsAre("a"));
  EXPECT_EQ(file.get("a"), std::nullopt);
  EXPECT_EQ(file.bytes(), 0u);
}

TEST_F(StorageFiles, DoAllOfABatchOrNothing) {
  StorageFile file(path(), 20);
  file.apply(sets({{"a", "1"}}));
  EXPECT_THAT(codeOf([&] {
                file.apply(sets({{"a", "2"}, {"b", std::string(30, '9')}}));
              }),
              "ERR_QUOTA: storage: expected at most 20 bytes of keys and values in all, found 33");
  EXPECT_EQ(file.get("a"), "1");
  EXPECT_EQ(file.bytes(), 2u);
  EXPECT_THAT(codeOf([&] {
                file.apply({{{"a", "1"}, {"b", "0"}}, {{"a", "2"}}});
              }),
              "ERR_CONFLICT: \"b\" was changed meanwhile");
  EXPECT_THAT(codeOf([&] {
                file.apply({{{"a", std::nullopt}}, {{"a", "2"}}});
              }),
              "ERR_CONFLICT: \"a\" was changed meanwhile");
  EXPECT_EQ(file.get("a"), "1");
  file.apply({{{"a", "1"}, {"b", std::nullopt}}, {{"a", "2"}}});
  EXPECT_EQ(file.get("a"), "2");
}

TEST_F(StorageFiles, TakeBackOverTheQuotaOnlyWhatGrows) {
  {
    StorageFile file(path(), 100);
    file.apply(sets({{"a", std::string(50, '1')}, {"b", std::string(20, '1')}}));
    file.commit();
  }
  StorageFile file(path(), 30);
  EXPECT_EQ(file.bytes(), 72u);
  file.apply(sets({{"b", std::nullopt}}));
  file.apply(sets({{"a", "1"}}));
  EXPECT_EQ(file.bytes(), 2u);
}

TEST_F(StorageFiles, SayWhenTheyAreDamagedOrNone) {
  directory_.write("desk.db", std::string(8192, 'x'));
  EXPECT_THROW(StorageFile(path(), plenty), StorageDamaged);
  EXPECT_THAT(codeOf([&] { StorageFile file(directory_.path("no/desk.db"), plenty); }),
              HasSubstr("ENOENT: "));
}

TEST_F(StorageFiles, FromANewerDeskdAreLeftAlone) {
  { StorageFile file(path(), plenty); }
  // user_version is at 60, big endian.
  std::fstream raw(path(), std::ios::in | std::ios::out | std::ios::binary);
  raw.seekp(63);
  raw.put(2);
  raw.close();
  EXPECT_THAT(codeOf([&] { StorageFile file(path(), plenty); }), HasSubstr("expected format 1, found 2"));
}

TEST(StorageDisk, AFullOneLosesNothingThatWasThere) {
  TempDirectory directory;
  LossyDisk disk(1);
  StorageFile file(directory.path("desk.db"), plenty);
  file.apply(sets({{"a", "1"}}));
  file.commit();
  file.apply(sets({{"a", "2"}, {"b", std::string(100000, '1')}}));
  disk.fill(1000);
  EXPECT_THAT(codeOf([&] { file.commit(); }), HasSubstr("ENOSPC: "));
  disk.fill(0);
  EXPECT_EQ(contentOf(file), (Entries{{"a", "1"}}));
  EXPECT_EQ(file.bytes(), 2u);
  file.apply(sets({{"a", "3"}}));
  file.commit();
  EXPECT_EQ(file.get("a"), "3");
}

// What may be there after the power was lost or the process killed: everything up to the last commit that was
// answered, and perhaps the whole of the one that was under way.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  StorageBatch next() {
    StorageBatch batch;
    for (auto left = 1 + random_() % 5; left > 0; --left) {
      const std::string key = "key" + std::to_string(random_() % 40);
      if (random_() % 4 == 0)
        batch.changes.push_back({key, std::nullopt});
      else
        batch.changes.push_back(
            {key, std::string(random_() % 3000, static_cast<char>('0' + random_() % 10))});
    }
    return batch;
  }
  static void apply(Entries& entries, const StorageBatch& batch) {
    for (const StorageEntry& entry : batch.changes) {
      if (entry.json)
        entries[entry.key] = *entry.json;
      else
        entries.erase(entry.key);
    }
  }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::mt19937_64 random_;
};

TEST(StorageDisk, LosesPowerAtAnyMomentAndNothingThatWasAnswered) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  TempDirectory directory;
  LossyDisk disk(seed);
  Workload work(seed + 1);
  Entries answered;
  unsigned torn = 0;
  for (int round = 0; round < 500; ++round) {
    Entries underWay = answered;
    disk.losePowerAfter(static_cast<unsigned>(work.below(400)));
    try {
      StorageFile file(directory.path("desk.db"), plenty);
      ASSERT_EQ(contentOf(file), answered) << "round " << round;
      while (disk.hasPower()) {
        for (auto left = 1 + work.below(3); left > 0; --left) {
          const StorageBatch batch = work.next();
          Workload::apply(underWay, batch);
          file.apply(batch);
        }
        file.commit();
        answered = underWay;
      }
    } catch (const StorageDamaged& error) {
      FAIL() << "round " << round << ": " << error.what();
    } catch (const CodedError&) {
      EXPECT_FALSE(disk.hasPower()) << "round " << round;
    }
    disk.restorePower();
    StorageFile file(directory.path("desk.db"), plenty);
    const Entries survived = contentOf(file);
    ASSERT_TRUE(survived == answered || survived == underWay) << "round " << round;
    torn += survived == answered && survived != underWay ? 1 : 0;
    answered = survived;
  }
  EXPECT_GT(torn, 20u) << "the power was hardly ever lost in the middle of something";
}

TEST_F(StorageFiles, OfAKilledProcessHaveAllThatItSawCommitted) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Workload pause(seed);
  std::uint64_t committed = 0;
  for (int round = 0; round < 500; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    UniqueFd read(ends[0]);
    UniqueFd write(ends[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      StorageFile file(path(), plenty);
      for (std::uint64_t n = committed + 1;; ++n) {
        // Both have the same number, or one of them is half of a batch.
        file.apply(sets({{"first", std::to_string(n)}, {"second", std::to_string(n)}}));
        file.commit();
        if (::write(write.get(), &n, sizeof n) != sizeof n) ::_exit(1);
      }
    }
    write.reset();
    for (auto left = pause.below(8); left > 0; --left)
      ASSERT_EQ(::read(read.get(), &committed, sizeof committed), ssize_t{sizeof committed});
    ::usleep(static_cast<useconds_t>(pause.below(1000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(read.get(), &committed, sizeof committed) == ssize_t{sizeof committed}) {
    }
    StorageFile file(path(), plenty);
    const std::string first = file.get("first").value_or("0");
    ASSERT_EQ(first, file.get("second").value_or("0")) << "round " << round;
    ASSERT_GE(std::stoull(first), committed) << "round " << round;
    ASSERT_LE(std::stoull(first), committed + 1) << "round " << round;
    committed = std::stoull(first);
  }
  EXPECT_GT(committed, 500u);
}

}  // namespace
}  // namespace deskd
