// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace deskd::wire {

// Thrown for bytes that are no message: too short, too long, a count beyond what is left. The other side is
// broken.
class BadMessage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Appends values: integers little endian, text and bytes behind a 32-bit length, lists behind a 32-bit count.
class Writer {
 public:
  explicit Writer(std::size_t expectedBytes) { bytes_.reserve(expectedBytes); }

  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  void raw(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void put(T value) {
    auto wide = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i, wide >>= 8)
      bytes_.push_back(static_cast<std::uint8_t>(wide));
  }
  void put(const std::string& text) {
    put(static_cast<std::uint32_t>(text.size()));
    raw(text.data(), text.size());
  }
  void put(const std::vector<std::uint8_t>& data) {
    put(static_cast<std::uint32_t>(data.size()));
    raw(data.data(), data.size());
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const T& item : list)
      put(item);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& item) {
    (*this)(item.first, item.second);
  }

  std::vector<std::uint8_t> bytes_;
};

// Counts the bytes that Writer would append.
class Counter {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (count(values), ...);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void count(T) { bytes_ += sizeof(T); }
  void count(const std::string& text) { bytes_ += sizeof(std::uint32_t) + text.size(); }
  void count(const std::vector<std::uint8_t>& data) { bytes_ += sizeof(std::uint32_t) + data.size(); }
  template <class T>
  void count(const std::vector<T>& list) {
    bytes_ += sizeof(std::uint32_t);
    for (const T& item : list)
      count(item);
  }
  template <class A, class B>
  void count(const std::pair<A, B>& item) {
    (*this)(item.first, item.second);
  }

  std::size_t bytes_ = 0;
};

// Takes the same values out again, checking every length against what is left.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  // Every byte must have been used: a longer message is another version's.
  void finish() const {
    if (!left_.empty())
      throw BadMessage("expected the end of the message, found " + std::to_string(left_.size()) + " bytes");
  }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    if (size > left_.size())
      throw BadMessage("expected " + std::to_string(size) + " more bytes, found " +
                       std::to_string(left_.size()));
    const auto taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void get(T& value) {
    std::uint64_t wide = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : take(sizeof(T))) {
      wide |= static_cast<std::uint64_t>(byte) << shift;
      shift += 8;
    }
    if constexpr (std::is_same_v<T, bool>) {
      if (wide > 1) throw BadMessage("expected 0 or 1, found " + std::to_string(wide));
    }
    value = static_cast<T>(wide);
  }
  std::uint32_t count() {
    std::uint32_t number = 0;
    get(number);
    if (number > left_.size())
      throw BadMessage("expected at most " + std::to_string(left_.size()) + " items, found " +
                       std::to_string(number));
    return number;
  }
  void get(std::string& text) {
    const auto data = take(count());
    text.assign(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void get(std::vector<std::uint8_t>& bytes) {
    const auto data = take(count());
    bytes.assign(data.begin(), data.end());
  }
  template <class T>
  void get(std::vector<T>& list) {
    list.clear();
    for (std::uint32_t left = count(); left > 0; --left)
      get(list.emplace_back());
  }
  template <class A, class B>
  void get(std::pair<A, B>& item) {
    (*this)(item.first, item.second);
  }

  std::span<const std::uint8_t> left_;
};

}  // namespace deskd::wire
