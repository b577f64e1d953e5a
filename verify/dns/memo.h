#pragma once

#include <atomic>
#include <memory>
#include <typeinfo>
#include <utility>

namespace assay::dns {

/// What was read from a value that does not change, kept with it: at most one object of each type, made by whoever asks
/// first. It lives exactly as long as the value, so nobody looks it up, ages it or throws it away.
///
/// Thread-safe: several threads may ask at once and may then all make the object; one of them is kept and is what all
/// of them get. Who finds it made takes no lock. A copy starts empty, for a copy may be changed.
class Memo {
 public:
  Memo() noexcept = default;
  Memo(const Memo& /*other*/) noexcept {}
  Memo& operator=(const Memo& other) noexcept {
    if (this != &other) {
      forget();
    }
    return *this;
  }
  ~Memo() { forget(); }

  /// The object of type T; `make()` gives it if there is none. What it gives must follow from the value that this
  /// belongs to and from constants alone: who asks later may have other limits. Valid as long as the memo. If `make`
  /// throws, nothing is kept.
  template <class T, class Make>
  const T& get(const Make& make) const {
    const Node* const first = first_.load(std::memory_order_acquire);
    if (const T* const made = find<T>(first)) {
      return *made;
    }
    auto node = std::make_unique<Holder<T>>(make());
    node->next = first;
    while (
        !first_.compare_exchange_weak(node->next, node.get(), std::memory_order_release, std::memory_order_acquire)) {
      if (const T* const made = find<T>(node->next)) {
        return *made;  // Another thread was faster.
      }
    }
    return node.release()->value;
  }

 private:
  struct Node {
    explicit Node(const std::type_info& its_type) noexcept : type(&its_type) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    virtual ~Node() = default;

    const std::type_info* type;
    const Node* next = nullptr;
  };
  template <class T>
  struct Holder final : Node {
    explicit Holder(T&& its_value) : Node(typeid(T)), value(std::move(its_value)) {}
    T value;
  };

  template <class T>
  static const T* find(const Node* node) noexcept {
    for (; node != nullptr; node = node->next) {
      if (*node->type == typeid(T)) {
        return &static_cast<const Holder<T>*>(node)->value;
      }
    }
    return nullptr;
  }

  /// Only while nobody else can reach this object.
  void forget() noexcept {
    const Node* node = first_.exchange(nullptr, std::memory_order_acquire);
    while (node != nullptr) {
      const std::unique_ptr<const Node> owner(node);
      node = node->next;
    }
  }

  mutable std::atomic<const Node*> first_{nullptr};
};

}  // namespace assay::dns
