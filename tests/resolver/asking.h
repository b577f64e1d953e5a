#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "resolver/backend.h"

namespace assay::test {

/// Asks a backend and waits for what comes.
class Asking {
 public:
  explicit Asking(resolver::Backend& backend) : backend_(backend) {}

  void ask(const dns::Question& question) {
    std::size_t place = 0;
    {
      const std::lock_guard lock(state_->mutex);
      place = state_->answers.size();
      state_->answers.emplace_back();
      state_->times.push_back(0);
    }
    backend_.ask(question, [state = state_, place](dns::AnswerPtr answer) {
      {
        const std::lock_guard lock(state->mutex);
        state->answers[place] = std::move(answer);
        ++state->times[place];
        ++state->done;
      }
      state->changed.notify_all();
    });
  }

  /// Whether all asked so far are answered within `patience`.
  bool wait(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    std::unique_lock lock(state_->mutex);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (state_->done < state_->answers.size()) {
      if (state_->changed.wait_until(lock, until) == std::cv_status::timeout) {
        return state_->done >= state_->answers.size();
      }
    }
    return true;
  }

  [[nodiscard]] std::vector<dns::AnswerPtr> answers() const {
    const std::lock_guard lock(state_->mutex);
    return state_->answers;
  }
  /// How often each was answered.
  [[nodiscard]] std::vector<int> times() const {
    const std::lock_guard lock(state_->mutex);
    return state_->times;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<dns::AnswerPtr> answers;
    std::vector<int> times;
    std::size_t done = 0;
  };
  resolver::Backend& backend_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// One question, answered. An answer that never came is TempFail "never answered".
inline dns::Answer ask_one(resolver::Backend& backend, const std::string& name, dns::Type type = dns::Type::TXT) {
  Asking asking(backend);
  asking.ask({name, type});
  if (!asking.wait()) {
    dns::Answer none;
    none.detail = "never answered";
    return none;
  }
  return *asking.answers().front();
}

}  // namespace assay::test
