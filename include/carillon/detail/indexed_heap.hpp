// SPDX-License-Identifier: MIT
// detail/indexed_heap.hpp - a priority queue of rows that live elsewhere, each of which can be taken out or moved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace carillon::detail {

inline constexpr std::size_t not_in_heap = static_cast<std::size_t>(-1);

/// A 4-ary heap of `Row*`. `Row::*Position` remembers where the row is, so that `erase` and `update` find it at once; a
/// row is in one heap at a time per position member. The least `KeyOf{}(row)` is on top. The heap keeps the keys beside
/// the pointers, since each row that it had to look at would be another miss of the cache.
template <class Row, std::size_t Row::*Position, class KeyOf>
class IndexedHeap {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] Row* top() const noexcept { return entries_.front().row; }

    /// The first row in order that `wanted` accepts, null where it accepts none. Looks at the rows that it rejects, and
    /// at those directly behind them.
    template <class Wanted>
    [[nodiscard]] Row* first(Wanted wanted) const {
        const Entry* best = nullptr;
        if (!empty()) look_for(wanted, 0, best);
        return best ? best->row : nullptr;
    }

    /// Calls `visit` with the rows whose keys are not behind `last`, in no order, until it has enough and says false.
    template <class Key, class Visit>
    void each_until(const Key& last, const Visit& visit) const {
        if (!empty()) static_cast<void>(visit_from(0, last, visit));
    }

    void push(Row* row) {
        entries_.push_back({KeyOf{}(*row), row});
        sift_up(entries_.size() - 1, entries_.back());
    }

    void erase(Row* row) noexcept {
        const std::size_t at = row->*Position;
        row->*Position = not_in_heap;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (last.row != row) sift(at, last);
    }

    /// Restores the order after the row's key has changed.
    void update(Row* row) noexcept { sift(row->*Position, {KeyOf{}(*row), row}); }

private:
    struct Entry {
        std::invoke_result_t<KeyOf, const Row&> key;
        Row* row;
    };

    static constexpr std::size_t arity = 4;

    template <class Wanted>
    void look_for(const Wanted& wanted, std::size_t at, const Entry*& best) const {
        const Entry& entry = entries_[at];
        if (best && !(entry.key < best->key)) return;
        if (wanted(*entry.row)) {
            best = &entry;
            return;
        }
        const std::size_t end = std::min(at * arity + 1 + arity, entries_.size());
        for (std::size_t child = at * arity + 1; child < end; ++child)
            look_for(wanted, child, best);
    }

    template <class Key, class Visit>
    bool visit_from(std::size_t at, const Key& last, const Visit& visit) const {
        if (last < entries_[at].key) return true;
        if (!visit(*entries_[at].row)) return false;
        const std::size_t end = std::min(at * arity + 1 + arity, entries_.size());
        for (std::size_t child = at * arity + 1; child < end; ++child)
            if (!visit_from(child, last, visit)) return false;
        return true;
    }

    void place(const Entry& entry, std::size_t at) noexcept {
        entries_[at] = entry;
        entry.row->*Position = at;
    }

    /// Puts the entry into the gap at `at`, or where the gap has to go for that.
    void sift(std::size_t at, Entry entry) noexcept {
        if (at > 0 && entry.key < entries_[(at - 1) / arity].key)
            sift_up(at, entry);
        else
            sift_down(at, entry);
    }

    void sift_up(std::size_t at, Entry entry) noexcept {
        while (at > 0) {
            const std::size_t parent = (at - 1) / arity;
            if (!(entry.key < entries_[parent].key)) break;
            place(entries_[parent], at);
            at = parent;
        }
        place(entry, at);
    }

    void sift_down(std::size_t at, Entry entry) noexcept {
        for (;;) {
            const std::size_t first = at * arity + 1;
            if (first >= entries_.size()) break;
            const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first);
            const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(std::min(first + arity, entries_.size()));
            const auto least =
                std::min_element(begin, end, [](const Entry& a, const Entry& b) { return a.key < b.key; });
            if (!(least->key < entry.key)) break;
            const auto child = static_cast<std::size_t>(least - entries_.begin());
            place(*least, at);
            at = child;
        }
        place(entry, at);
    }

    std::vector<Entry> entries_;
};

} // namespace carillon::detail
