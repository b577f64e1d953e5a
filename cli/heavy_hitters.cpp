#include "cli/heavy_hitters.h"

#include <algorithm>
#include <tuple>

namespace assay::cli {

void HeavyHitters::add(std::string_view name, std::uint64_t times) {
  std::size_t place = 0;
  if (const auto found = places_.find(name); found != places_.end()) {
    place = found->second;
    order_.erase({hits_[place].count, place});
  } else if (hits_.size() < capacity_) {
    place = hits_.size();
    hits_.push_back({std::string(name), 0, 0});
    places_.emplace(name, place);
  } else {
    place = order_.begin()->second;
    order_.erase(order_.begin());
    Hit& rarest = hits_[place];
    places_.erase(rarest.name);
    rarest.name = name;
    rarest.over = rarest.count;
    places_.emplace(name, place);
  }
  hits_[place].count += times;
  order_.emplace(hits_[place].count, place);
}

std::vector<HeavyHitters::Hit> HeavyHitters::top(std::size_t most) const {
  std::vector<Hit> hits = hits_;
  std::sort(hits.begin(), hits.end(),
            [](const Hit& a, const Hit& b) { return std::tie(b.count, a.name) < std::tie(a.count, b.name); });
  hits.resize(std::min(most, hits.size()));
  return hits;
}

}  // namespace assay::cli
