#include "tests/bench/load_session.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "verify/base/text.h"

namespace assay::bench {
namespace {

/// Octets without an answer to come are written at the latest when so many wait.
constexpr std::size_t kWriteOctets = 65536;

}  // namespace

Filters::Filters(const std::vector<std::string>& sockets, std::size_t chunk_octets)
    : offer_(offer_leg(mta::actions::kAll, mta::steps::kAll)), chunk_octets_(chunk_octets) {
  for (const std::string& socket : sockets) {
    auto addresses = mta::resolve_address(socket);
    if (!addresses) {
      throw std::runtime_error(socket + ": " + addresses.error().what);
    }
    filters_.push_back({addresses->front(), {}, {}});
  }
}

bool Filters::agree(std::size_t filter, const mta::Negotiated& negotiated) {
  auto& known = filters_[filter].negotiated;
  if (!known) {
    known = negotiated;
    return true;
  }
  return known->version == negotiated.version && known->actions == negotiated.actions &&
         known->steps == negotiated.steps && known->macro_lists == negotiated.macro_lists;
}

const SampleLegs& Filters::legs(std::size_t filter, const Sample& sample) {
  Filter& entry = filters_[filter];
  const auto found = entry.legs.find(&sample);
  return found != entry.legs.end()
             ? found->second
             : entry.legs.emplace(&sample, encode(*entry.negotiated, sample, chunk_octets_)).first->second;
}

Session::Session(Filters& filters) : filters_(filters) {}

mta::Result<void> Session::open(const Sample& sample) {
  links_.clear();
  steps_.clear();
  at_ = 0;
  appended_ = false;
  negotiated_ = false;
  client_ = &sample;
  sample_ = nullptr;
  for (std::size_t i = 0; i < filters_.count(); ++i) {
    auto channel = mta::Channel::begin(filters_.address(i));
    if (!channel) {
      links_.clear();
      return assay::failure(std::move(channel.error()));
    }
    links_.push_back({std::move(*channel), {}, 0, false, false, false});
    steps_.push_back({i, &filters_.offer()});
  }
  return {};
}

std::vector<int> Session::descriptors() const {
  std::vector<int> result;
  for (const Link& link : links_) {
    result.push_back(link.channel.descriptor());
  }
  return result;
}

void Session::plan(std::size_t filter, const Legs& legs) {
  if (links_[filter].is_out) {
    return;
  }
  for (const Leg& leg : legs) {
    steps_.push_back({filter, &leg});
  }
}

void Session::give(const Sample& sample, const std::string& queue_id) {
  steps_.clear();
  at_ = 0;
  appended_ = false;
  sample_ = &sample;
  queue_id_ = queue_id;
  content_filter_ = 0;
  header_changed_ = false;
  edits_.clear();
  changed_legs_.clear();
  changed_legs_.reserve(filters_.count());  // Steps point into it.
  outcome_ = {};
  mail_at_ = {};
  const std::size_t count = filters_.count();
  for (Link& link : links_) {
    link.is_out = false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    plan(i, filters_.legs(i, sample).mail);
  }
  for (std::size_t r = 0; r < sample.envelope.rcpt.size(); ++r) {
    for (std::size_t i = 0; i < count; ++i) {
      plan(i, filters_.legs(i, sample).rcpt[r]);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    plan(i, filters_.legs(i, sample).data);
  }
  plan(0, filters_.legs(0, sample).content);
}

/// The content goes to one filter after the other, each seeing what those before it changed.
bool Session::plan_more() {
  const std::size_t count = filters_.count();
  if (sample_ == nullptr || content_filter_ + 1 >= count) {
    return false;
  }
  ++content_filter_;
  if (!edits_.empty()) {
    if (!header_changed_) {
      header_ = sample_->message.header;
      header_changed_ = true;
    }
    mta::apply_header_edits(header_, edits_,
                            filters_.negotiated(content_filter_ - 1).has_step(mta::steps::kHeaderLeadingSpace));
    edits_.clear();
  }
  if (!header_changed_) {
    plan(content_filter_, filters_.legs(content_filter_, *sample_).content);
    return true;
  }
  changed_legs_.push_back(encode_content(filters_.negotiated(content_filter_), header_, sample_->message.body, *sample_,
                                         filters_.chunk_octets()));
  plan(content_filter_, changed_legs_.back());
  return true;
}

void Session::wake(std::size_t filter, bool hung_up) {
  if (filter < links_.size()) {
    links_[filter].readable = true;
    links_[filter].hung_up |= hung_up;
  }
}

void Session::append(Link& link, const Leg& leg) {
  if (link.sent == link.outgoing.size()) {
    link.outgoing.clear();
    link.sent = 0;
  }
  const std::size_t start = link.outgoing.size();
  link.outgoing += leg.head;
  for (const std::size_t place : leg.queue_id_at) {
    link.outgoing.replace(start + place, kQueueIdOctets, queue_id_);
  }
  link.outgoing += leg.tail;
}

mta::Result<bool> Session::flush(Link& link) {
  while (link.sent < link.outgoing.size()) {
    const auto sent = link.channel.send_some(std::string_view(link.outgoing).substr(link.sent));
    if (!sent) {
      return assay::failure(sent.error());
    }
    if (*sent == 0) {
      return false;
    }
    link.sent += *sent;
  }
  return true;
}

mta::Result<void> Session::flush_all() {
  for (Link& link : links_) {
    if (const auto done = flush(link); !done) {
      return assay::failure(done.error());
    }
  }
  return {};
}

mta::Result<std::optional<mta::Packet>> Session::next_packet(Link& link) {
  while (true) {
    auto packet = link.channel.next_packet();
    if (!packet || *packet || !link.readable) {
      return packet;
    }
    const auto got = link.channel.receive_some();
    if (!got) {
      return assay::failure(got.error());
    }
    // The kernel tells once of what has arrived: there is more only if all that was asked for came, or the end.
    link.readable = *got == mta::kReadOctets || (*got > 0 && link.hung_up);
  }
}

Session::Next Session::broken(mta::Failure failure) {
  failure_ = std::move(failure);
  return Next::Broken;
}

void Session::skip_body(std::size_t filter) {
  while (at_ + 1 < steps_.size() && steps_[at_ + 1].filter == filter && steps_[at_ + 1].leg->kind == Leg::Kind::Body) {
    ++at_;
  }
}

Session::Next Session::take_answer(const Step& step, const mta::Answer& answer) {
  using Kind = mta::Answer::Kind;
  if (answer.kind == Kind::Skip && step.leg->kind == Leg::Kind::Body) {
    skip_body(step.filter);
  }
  if (sample_ == nullptr && answer.kind != Kind::Continue) {
    return broken({mta::Failure::Kind::Lost, "the filter wants nothing of this session: " + answer.reply});
  }
  if (answer.kind == Kind::Accept) {
    links_[step.filter].is_out = true;
    const auto later = steps_.begin() + static_cast<std::ptrdiff_t>(at_) + 1;
    steps_.erase(std::remove_if(later, steps_.end(), [&](const Step& s) { return s.filter == step.filter; }),
                 steps_.end());
  }
  switch (answer.kind) {
    case Kind::Continue:
    case Kind::Skip:
    case Kind::Accept: return Next::NextLeg;
    case Kind::Discard: outcome_.kind = Outcome::Kind::Discarded; break;
    case Kind::Reject: outcome_.kind = Outcome::Kind::Rejected; break;
    case Kind::TempFail:
    case Kind::Shutdown: outcome_.kind = Outcome::Kind::Deferred; break;
  }
  return Next::MessageOver;
}

Session::Next Session::take_edit(const Step& step, const mta::Packet& packet) {
  auto edit = mta::parse_edit(packet, filters_.negotiated(step.filter).actions);
  if (!edit) {
    return broken(std::move(edit.error()));
  }
  const bool adds = edit->kind == mta::Edit::Kind::AddHeader || edit->kind == mta::Edit::Kind::InsertHeader;
  if (adds && iequals(edit->name, "Authentication-Results")) {
    outcome_.results.push_back(edit->value);
  }
  if (filters_.count() > 1) {
    edits_.push_back(*std::move(edit));
  }
  return Next::SameLeg;
}

Session::Next Session::take(const Step& step, const mta::Packet& packet) {
  if (step.leg->kind == Leg::Kind::Offer) {
    const auto negotiated = mta::parse_negotiation(packet, mta::kProtocolVersion, mta::actions::kAll, mta::steps::kAll);
    if (!negotiated) {
      return broken(negotiated.error());
    }
    return filters_.agree(step.filter, *negotiated)
               ? Next::NextLeg
               : broken({mta::Failure::Kind::Protocol, "the filter negotiates otherwise than before"});
  }
  const auto kind = static_cast<mta::ReplyKind>(packet.command);
  if (kind == mta::ReplyKind::Progress || (kind == mta::ReplyKind::Quarantine && step.leg->kind == Leg::Kind::End)) {
    return Next::SameLeg;
  }
  if (const auto answer = mta::parse_answer(packet)) {
    const Next next = take_answer(step, *answer);
    if (step.leg->kind == Leg::Kind::End) {
      outcome_.from_end += Clock::now() - end_at_;
    }
    return next;
  }
  if (step.leg->kind != Leg::Kind::End) {
    return broken({mta::Failure::Kind::Protocol, "a change out of turn: " + mta::name_of(packet.command)});
  }
  return take_edit(step, packet);
}

/// As Postfix: each mail transaction ends with an abort, which travels with what comes next.
void Session::end_message() {
  outcome_.from_mail = Clock::now() - mail_at_;
  for (Link& link : links_) {
    if (link.sent == link.outgoing.size()) {
      link.outgoing.clear();
      link.sent = 0;
    }
    mta::append_packet(link.outgoing, mta::Command::Abort, {});
  }
  sample_ = nullptr;
}

Session::Progress Session::advance() {
  const auto fails = [this](const mta::Failure& failure) {
    failure_ = failure;
    return Progress::Failed;
  };
  while (true) {
    if (at_ == steps_.size()) {
      if (!negotiated_) {
        negotiated_ = true;
        for (std::size_t i = 0; i < links_.size(); ++i) {
          plan(i, filters_.legs(i, *client_).greeting);
        }
        continue;
      }
      if (plan_more()) {
        continue;
      }
      if (sample_ == nullptr) {
        return Progress::WantsMessage;
      }
      end_message();
      return Progress::Done;
    }
    const Step step = steps_[at_];
    Link& link = links_[step.filter];
    if (!appended_) {
      if (sample_ != nullptr && mail_at_ == Clock::time_point{}) {
        mail_at_ = Clock::now();
      }
      if (step.leg->kind == Leg::Kind::End) {
        end_at_ = Clock::now();
      }
      append(link, *step.leg);
      appended_ = true;
    }
    if (step.leg->answered || link.outgoing.size() - link.sent >= kWriteOctets) {
      const auto flushed = flush(link);
      if (!flushed) {
        return fails(flushed.error());
      }
      if (!*flushed) {
        return Progress::Waits;
      }
    }
    Next next = step.leg->answered ? Next::SameLeg : Next::NextLeg;
    while (next == Next::SameLeg) {
      auto packet = next_packet(link);
      if (!packet) {
        return fails(packet.error());
      }
      if (!*packet) {
        return Progress::Waits;
      }
      next = take(step, **packet);
    }
    if (next == Next::Broken) {
      return Progress::Failed;
    }
    if (next == Next::MessageOver) {
      end_message();
      steps_.clear();
      at_ = 0;
      appended_ = false;
      return Progress::Done;
    }
    ++at_;
    appended_ = false;
  }
}

void Session::close() {
  for (Link& link : links_) {
    if (!in_message()) {
      mta::append_packet(link.outgoing, mta::Command::Quit, {});
      (void)flush(link);
    }
  }
  links_.clear();
}

}  // namespace assay::bench
