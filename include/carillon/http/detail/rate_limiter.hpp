// SPDX-License-Identifier: MIT
// http/detail/rate_limiter.hpp - how often may somebody ask?
#pragma once

#include "carillon/clock.hpp"
#include "carillon/http/rest_api_options.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace carillon::detail {

/// A bucket of tokens for each key, on steady time. Thread-safe. Keeps at most 10,000 buckets: those that are full
/// again are forgotten, and, where that does not suffice, any.
class RateLimiter {
public:
    struct Answer {
        bool allowed = true;
        std::size_t left = 0;
        /// Until the bucket is full again, and until it holds one token.
        std::chrono::seconds full_in{0};
        std::chrono::seconds retry_in{0};
    };

    RateLimiter(std::shared_ptr<Clock> clock, HttpRate rate)
        : clock_(std::move(clock))
        , rate_(rate) {}

    [[nodiscard]] const HttpRate& rate() const noexcept { return rate_; }
    [[nodiscard]] bool is_on() const noexcept { return rate_.requests != 0; }

    /// Takes a token where there is one.
    Answer take(const std::string& key) { return ask(key, 1.0); }
    /// Whether there is one.
    Answer peek(const std::string& key) { return ask(key, 0.0); }

private:
    struct Bucket {
        double tokens;
        SteadyTime at;
    };
    static constexpr std::size_t most_buckets = 10'000;

    Answer ask(const std::string& key, double price) {
        if (!is_on()) return {};
        const std::lock_guard lock(mutex_);
        const SteadyTime now = clock_->steady_now();
        if (buckets_.size() >= most_buckets && !buckets_.contains(key)) forget_some(now);
        Bucket& bucket = buckets_.try_emplace(key, Bucket{size(), now}).first->second;
        bucket.tokens = filled(bucket, now);
        bucket.at = now;
        Answer answer;
        answer.allowed = bucket.tokens >= 1.0;
        if (answer.allowed) bucket.tokens -= price;
        answer.left = static_cast<std::size_t>(bucket.tokens);
        answer.full_in = time_for(size() - bucket.tokens);
        answer.retry_in = time_for(1.0 - bucket.tokens);
        return answer;
    }

    [[nodiscard]] double size() const noexcept { return static_cast<double>(rate_.requests); }
    [[nodiscard]] double filled(const Bucket& bucket, SteadyTime now) const noexcept {
        const auto passed = static_cast<double>((now - bucket.at).count());
        return std::min(size(), bucket.tokens + passed * size() / static_cast<double>(rate_.per.count()));
    }
    [[nodiscard]] std::chrono::seconds time_for(double tokens) const noexcept {
        const double us = std::max(tokens, 0.0) * static_cast<double>(rate_.per.count()) / size();
        return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(us / 1e6))};
    }
    void forget_some(SteadyTime now) {
        std::erase_if(buckets_, [&](const auto& item) { return filled(item.second, now) >= size(); });
        if (buckets_.size() >= most_buckets) buckets_.erase(buckets_.begin());
    }

    std::shared_ptr<Clock> clock_;
    HttpRate rate_;
    std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
};

} // namespace carillon::detail
