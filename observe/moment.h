#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "observe/metrics.h"

namespace assay::observe {

/// The families of what is looked at when somebody asks: gauges, and counters that others keep.
[[nodiscard]] std::vector<prometheus::MetricFamily> families_of(const Moment& moment);

}  // namespace assay::observe
