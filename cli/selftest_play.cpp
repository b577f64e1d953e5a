#include "cli/selftest_play.h"

#include <utility>

namespace assay::cli {
namespace {

constexpr const char* kLogin = "{auth_authen}";
constexpr const char* kBody = "This message is one of assay selftest. It is delivered to nobody.\r\n";

mta::Message message_of(const AttackMessage& attack) {
  mta::Message message;
  message.header.reserve(attack.header.size());
  for (const AttackField& field : attack.header) {
    message.header.push_back({field.name, field.value});
  }
  message.body = kBody;
  return message;
}

mta::Envelope envelope_of(const AttackMessage& attack) {
  return {attack.mail_from,
          attack.mail_parameters,
          {std::string("postmaster@") + kSelftestName},
          " from " + std::string(kSelftestName) + " by selftest; Thu, 1 Jan 2026 00:00:00 +0000"};
}

class Player {
 public:
  Player(const Attack& attack, const Target& target)
      : attack_(attack), target_(target), deadline_(std::chrono::steady_clock::now() + target.limit) {}

  [[nodiscard]] Conversation play() && {
    bool goes_on = true;
    for (const AttackMessage& message : attack_.messages) {
      goes_on = goes_on && send(message);
    }
    if (goes_on && !session_is_over_) {
      conversation_.after = deliver(harmless());
    }
    if (client_) {
      (void)client_->quit();
    }
    return std::move(conversation_);
  }

 private:
  /// Notes the failure; false.
  bool fail(mta::Failure failure) {
    conversation_.failure = std::move(failure);
    client_.reset();
    return false;
  }

  bool open() {
    mta::Options options;
    options.timeouts = {target_.limit, target_.limit, target_.limit};
    options.deadline = deadline_;
    options.sends_empty_macros = true;
    auto client = mta::MilterClient::open(target_.socket, options);
    if (!client) {
      return fail(std::move(client.error()));
    }
    client_ = std::move(*client);
    if (auto answer = client_->connect({kSelftestName, attack_.client_ip, 25}); !answer) {
      return fail(std::move(answer.error()));
    }
    if (attack_.helo) {
      if (auto answer = client_->helo(*attack_.helo); !answer) {
        return fail(std::move(answer.error()));
      }
    }
    return true;
  }

  bool begin(const AttackMessage& message) {
    if (!client_ && !open()) {
      return false;
    }
    client_->define("i", queue_id_of(attack_) + (sent_ == 0 ? "" : "." + std::to_string(sent_)));
    ++sent_;
    if (message.login) {
      client_->define(kLogin, *message.login);
    } else {
      client_->undefine(kLogin);
    }
    return true;
  }

  std::optional<mta::Delivery> deliver(const AttackMessage& message) {
    if (!begin(message)) {
      return std::nullopt;
    }
    auto delivery = client_->deliver(envelope_of(message), message_of(message));
    if (!delivery) {
      fail(std::move(delivery.error()));
      return std::nullopt;
    }
    session_is_over_ = delivery->reply.starts_with("421");  // RFC 5321 section 3.8
    return *std::move(delivery);
  }

  /// As far as the end of the header. An answer that decides ends nothing here: the message is given up anyway.
  bool begin_only(const AttackMessage& message) {
    if (!begin(message)) {
      return false;
    }
    const mta::Envelope envelope = envelope_of(message);
    auto answer = client_->mail(envelope.mail_from, envelope.mail_parameters);
    if (answer) {
      answer = client_->rcpt(envelope.rcpt.front());
    }
    if (answer) {
      answer = client_->data();
    }
    for (const AttackField& field : message.header) {
      if (answer) {
        answer = client_->header({field.name, field.value});
      }
    }
    if (answer) {
      answer = client_->end_of_header();
    }
    if (!answer) {
      return fail(std::move(answer.error()));
    }
    if (message.extent == Extent::HungUp) {
      client_.reset();
    } else if (message.extent == Extent::Reset) {
      if (auto aborted = client_->abort(); !aborted) {
        return fail(std::move(aborted.error()));
      }
    }
    return true;
  }

  bool send(const AttackMessage& message) {
    if (session_is_over_) {
      return false;
    }
    if (message.extent != Extent::Whole) {
      conversation_.messages.emplace_back();
      return begin_only(message);
    }
    conversation_.messages.push_back(deliver(message));
    return conversation_.messages.back().has_value();
  }

  const Attack& attack_;
  const Target& target_;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<mta::MilterClient> client_;
  std::size_t sent_ = 0;
  bool session_is_over_ = false;
  Conversation conversation_;
};

}  // namespace

std::string queue_id_of(const Attack& attack) {
  return "selftest-" + attack.name;
}

Conversation play(const Attack& attack, const Target& target) {
  return Player(attack, target).play();
}

}  // namespace assay::cli
