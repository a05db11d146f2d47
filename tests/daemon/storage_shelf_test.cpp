// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/storage_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "daemon/deskd/storage.h"
#include "hal/base/loop.h"
#include "tests/fakes/lossy_disk.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t plenty = 1024 * 1024;

StorageRequest asks(StorageRequest::Kind kind, std::uint64_t ticket, std::string store,
                    std::string key = "") {
  StorageRequest request;
  request.kind = kind;
  request.ticket = ticket;
  request.store = std::move(store);
  request.quotaBytes = plenty;
  request.key = std::move(key);
  return request;
}
StorageRequest sets(std::uint64_t ticket, std::string store, std::string key, std::string json) {
  StorageRequest request = asks(StorageRequest::Kind::apply, ticket, std::move(store));
  request.batch.changes = {{std::move(key), std::move(json)}};
  return request;
}

class StorageShelves : public testing::Test {
 protected:
  StorageShelves() { makeShelf(); }
  void makeShelf() {
    shelf_ = std::make_unique<StorageShelf>(
        directory_.path("storage"),
        StorageShelf::Handlers{[this](StorageAnswer answer) {
                                 std::string text = std::to_string(answer.ticket);
                                 if (!answer.code.empty()) text += " " + answer.code;
                                 for (const std::string& value : answer.values)
                                   text += " " + value;
                                 if (answer.more) text += " ...";
                                 said_.push_back(text);
                               },
                               [this](const std::string& store, const std::string& what) {
                                 damaged_.push_back(store + ": " + what);
                               }});
  }
  void handle(const StorageRequest& request) { shelf_->handle(request, now_); }
  std::vector<std::string> said() { return std::exchange(said_, {}); }
  // How long after `now_`; -1: never.
  double due() {
    const auto due = shelf_->settle(now_);
    return due ? std::chrono::duration<double>(*due - now_).count() : -1;
  }

  TempDirectory directory_;
  std::vector<std::string> said_;
  std::vector<std::string> damaged_;
  StorageShelf::Clock::time_point now_{};
  std::unique_ptr<StorageShelf> shelf_;
};

TEST_F(StorageShelves, AnswerReadsAtOnceAndChangesWhenTheyAreOnTheDisk) {
  handle(sets(1, "scripts/desk", "a", "1"));
  handle(asks(StorageRequest::Kind::get, 2, "scripts/desk", "a"));
  handle(asks(StorageRequest::Kind::get, 3, "scripts/lamp", "a"));
  EXPECT_THAT(said(), ElementsAre("2 1", "3"));
  EXPECT_EQ(due(), -1);
  EXPECT_THAT(said(), ElementsAre("1"));
}

TEST_F(StorageShelves, WriteWhatComesOnAndOnOnceASecond) {
  for (std::uint64_t ticket = 1; ticket <= StorageShelf::burst; ++ticket) {
    handle(sets(ticket, "s", "a", std::to_string(ticket)));
    EXPECT_EQ(due(), -1);
  }
  EXPECT_THAT(said(), SizeIs(StorageShelf::burst));
  handle(sets(100, "s", "a", "100"));
  EXPECT_EQ(due(), 1);
  now_ += 400ms;
  handle(sets(101, "s", "a", "101"));
  EXPECT_NEAR(due(), 0.6, 0.001);
  EXPECT_THAT(said(), IsEmpty());
  handle(sets(102, "other", "a", "1"));
  due();
  EXPECT_THAT(said(), ElementsAre("102")) << "one store does not wait for another";
  now_ += 601ms;
  EXPECT_EQ(due(), -1);
  EXPECT_THAT(said(), ElementsAre("100", "101"));
}

TEST_F(StorageShelves, FlushWithoutWaitingForMore) {
  for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
    handle(sets(ticket, "s", "a", "1"));
    due();
  }
  said();
  handle(sets(21, "s", "a", "2"));
  handle(asks(StorageRequest::Kind::flush, 22, "s"));
  EXPECT_EQ(due(), -1);
  EXPECT_THAT(said(), ElementsAre("21", "22"));
  handle(asks(StorageRequest::Kind::flush, 23, "s"));
  EXPECT_THAT(said(), ElementsAre("23")) << "nothing to wait for";
}

TEST_F(StorageShelves, CloseWithEverythingOnTheDisk) {
  for (std::uint64_t ticket = 1; ticket <= 21; ++ticket) {
    handle(sets(ticket, "s", "a", std::to_string(ticket)));
    due();
  }
  said();
  handle(asks(StorageRequest::Kind::close, 0, "s"));
  EXPECT_THAT(said(), ElementsAre("21", "0"));
  StorageFile file(directory_.path("storage/s.db"), plenty);
  EXPECT_EQ(file.get("a"), "21");
}

TEST_F(StorageShelves, ListKeysInParts) {
  StorageRequest many = asks(StorageRequest::Kind::apply, 1, "s");
  for (int n = 0; n < 300; ++n)
    many.batch.changes.push_back({"k" + std::to_string(1000 + n), "1"});
  handle(many);
  handle(asks(StorageRequest::Kind::keys, 2, "s", "k"));
  const auto first = said();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(first[0], HasSubstr("k1255 ..."));
  StorageRequest rest = asks(StorageRequest::Kind::keys, 3, "s", "k");
  rest.after = "k1255";
  handle(rest);
  EXPECT_THAT(said()[0],
              testing::AllOf(HasSubstr("3 k1256 k1257"), HasSubstr("k1299"), testing::Not(HasSubstr("..."))));
}

TEST_F(StorageShelves, SetADamagedFileAsideAndBeginEmpty) {
  directory_.write("storage/s.db", std::string(8192, 'x'));
  directory_.write("storage/s.db.damaged-1", "an earlier one");
  handle(sets(1, "s", "a", "1"));
  due();
  EXPECT_THAT(said(), ElementsAre("1"));
  ASSERT_THAT(damaged_, SizeIs(1));
  EXPECT_THAT(damaged_[0], HasSubstr("s.db.damaged-2, and the store begins empty"));
  EXPECT_EQ(directory_.read("storage/s.db.damaged-2"), std::string(8192, 'x'));
  EXPECT_EQ(directory_.read("storage/s.db.damaged-1"), "an earlier one");
}

TEST_F(StorageShelves, FailWhatWaitedForAFileThatBreaks) {
  test::LossyDisk disk(3);
  makeShelf();
  StorageRequest much = sets(1, "s", "a", "1");
  for (int n = 0; n < 200; ++n)
    much.batch.changes.push_back({"key" + std::to_string(n), std::string(1000, '1')});
  handle(much);
  handle(asks(StorageRequest::Kind::close, 2, "s"));
  EXPECT_THAT(said(), ElementsAre("1", "2"));
  const std::string path = directory_.path("storage/s.db");
  handle(sets(3, "s", "b", "1"));
  disk.damage(path, 4096, std::string(200'000, '\xff'));
  // Some of it is in memory still.
  for (int n = 0; n < 200 && damaged_.empty(); ++n)
    handle(asks(StorageRequest::Kind::get, 4, "s", "key" + std::to_string(n)));
  EXPECT_THAT(damaged_, SizeIs(1));
  const auto all = said();
  EXPECT_THAT(all, testing::Contains("3 ERR_STORAGE_DAMAGED"));
  EXPECT_EQ(all.back(), "4 ERR_STORAGE_DAMAGED");
  shelf_.reset();  // it uses the disk
}

TEST_F(StorageShelves, ReportAFullDiskToAllThatWait) {
  test::LossyDisk disk(4);
  makeShelf();
  handle(sets(1, "s", "a", "1"));
  due();
  handle(sets(2, "s", "a", "2"));
  handle(sets(3, "s", "b", "2"));
  disk.fill(1000);
  due();
  disk.fill(0);
  EXPECT_THAT(said(), ElementsAre("1", "2 ENOSPC", "3 ENOSPC"));
  handle(asks(StorageRequest::Kind::get, 4, "s", "a"));
  EXPECT_THAT(said(), ElementsAre("4 1"));
  shelf_.reset();  // it uses the disk
}

TEST(Storages, AnswerOnTheLoopAndHaveEverythingOnTheDiskInTheEnd) {
  TempDirectory directory;
  Loop loop;
  std::vector<std::string> said;
  const auto note = [&said](StorageAnswer answer) {
    said.push_back(answer.code + (answer.values.empty() ? "-" : answer.values[0]));
  };
  {
    Storage storage(loop, directory.path(), [](const std::string&, const std::string&) {});
    storage.request(1, sets(0, "s", "a", "1"), note);
    storage.request(1, asks(StorageRequest::Kind::get, 0, "s", "a"), note);
    EXPECT_THAT(said, IsEmpty());
    ASSERT_TRUE(runUntil(loop, [&] { return said.size() == 2; }));
    EXPECT_THAT(said, testing::UnorderedElementsAre("1", "-"));
    for (int n = 0; n < 50; ++n)
      storage.request(1, sets(0, "s", "a", std::to_string(n)), note);
    storage.dropOwner(1);
  }
  EXPECT_THAT(said, SizeIs(2)) << "nobody waits for the others any more";
  StorageFile file(directory.path("s.db"), plenty);
  EXPECT_EQ(file.get("a"), "49");
}

TEST(Storages, BoundWhatOneOwnerAsksFor) {
  TempDirectory directory;
  Loop loop;
  std::vector<std::string> codes;
  const auto note = [&codes](const StorageAnswer& answer) { codes.push_back(answer.code); };
  Storage storage(loop, directory.path(), [](const std::string&, const std::string&) {});
  for (std::size_t n = 0; n <= Storage::mostRequests; ++n)
    storage.request(1, asks(StorageRequest::Kind::get, 0, "s", "a"), note);
  storage.request(2, sets(0, "s", "a", std::string(Storage::mostBytes, '1')), note);
  storage.request(3, sets(0, "s", "a", "1"), note);
  ASSERT_TRUE(runUntil(loop, [&] { return codes.size() == Storage::mostRequests + 3; }));
  EXPECT_EQ(std::count(codes.begin(), codes.end(), "ERR_QUEUE_FULL"), 2);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), ""),
            static_cast<std::ptrdiff_t>(Storage::mostRequests) + 1);
}

TEST(Storages, WithoutADirectorySayWhatIsMissing) {
  Loop loop;
  std::string message;
  Storage storage(loop, "", [](const std::string&, const std::string&) {});
  storage.request(1, asks(StorageRequest::Kind::get, 0, "s", "a"),
                  [&](const StorageAnswer& answer) { message = answer.code + " " + answer.message; });
  ASSERT_TRUE(runUntil(loop, [&] { return !message.empty(); }));
  EXPECT_THAT(message, HasSubstr("ERR_NOT_SUPPORTED storage: expected a state directory, found none"));
}

}  // namespace
}  // namespace deskd
