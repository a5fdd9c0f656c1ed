// SPDX-License-Identifier: MIT
// detail/watch_list.hpp - who wants to hear about changes of a storage.
#pragma once

#include "carillon/storage/storage.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace carillon::detail {

/// Callbacks that come and go while others are told. Thread-safe.
class WatchList {
public:
    [[nodiscard]] WatchHandle add(std::function<void(StorageNews)> callback) {
        auto watcher = std::make_shared<Watcher>();
        watcher->callback = std::make_shared<const Callback>(std::move(callback));
        {
            const std::lock_guard lock(mutex_);
            std::erase_if(watchers_, [](const auto& other) { return other.expired(); });
            watchers_.push_back(watcher);
        }
        Watcher* raw = watcher.get();
        return WatchHandle(raw, [watcher = std::move(watcher)](void*) {
            const std::lock_guard lock(watcher->mutex);
            watcher->callback = nullptr;
        });
    }

    void tell(StorageNews news) {
        std::vector<std::shared_ptr<Watcher>> watchers;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& watcher : watchers_)
                if (auto alive = watcher.lock()) watchers.push_back(std::move(alive));
        }
        for (const auto& watcher : watchers) {
            const std::lock_guard lock(watcher->mutex);
            const auto callback = watcher->callback; // lives on while it runs, also where it ends its own watch
            if (callback) (*callback)(news);
        }
    }

private:
    using Callback = std::function<void(StorageNews)>;
    struct Watcher {
        std::recursive_mutex mutex; // a callback may end its own watch
        std::shared_ptr<const Callback> callback;
    };

    std::mutex mutex_;
    std::vector<std::weak_ptr<Watcher>> watchers_;
};

} // namespace carillon::detail
