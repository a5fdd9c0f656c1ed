// SPDX-License-Identifier: MIT
// detail/indexed_heap.hpp - a priority queue of rows that live elsewhere, each of which can be taken out or moved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace carillon::detail {

inline constexpr std::size_t not_in_heap = static_cast<std::size_t>(-1);

/// A 4-ary heap of `Row*`. `Row::*Position` remembers where the row is, so that `erase` and `update` find it at once; a
/// row is in one heap at a time per position member. `Before` orders; the top is before all others.
template <class Row, std::size_t Row::*Position, class Before>
class IndexedHeap {
public:
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] Row* top() const noexcept { return rows_.front(); }

    /// The first row in order that `wanted` accepts, null where it accepts none. Looks at the rows that it rejects, and
    /// at those directly behind them.
    template <class Wanted>
    [[nodiscard]] Row* first(Wanted wanted) const {
        Row* best = nullptr;
        if (!empty()) look_for(wanted, 0, best);
        return best;
    }

    void push(Row* row) {
        rows_.push_back(row);
        sift_up(rows_.size() - 1);
    }

    void erase(Row* row) noexcept {
        const std::size_t at = row->*Position;
        row->*Position = not_in_heap;
        Row* last = rows_.back();
        rows_.pop_back();
        if (last == row) return;
        place(last, at);
        update(last);
    }

    /// Restores the order after the row's key has changed.
    void update(Row* row) noexcept {
        const std::size_t at = row->*Position;
        sift_up(at);
        sift_down(row->*Position);
    }

private:
    static constexpr std::size_t arity = 4;

    template <class Wanted>
    void look_for(const Wanted& wanted, std::size_t at, Row*& best) const {
        Row* row = rows_[at];
        if (best && !Before{}(*row, *best)) return;
        if (wanted(*row)) {
            best = row;
            return;
        }
        const std::size_t end = std::min(at * arity + 1 + arity, rows_.size());
        for (std::size_t child = at * arity + 1; child < end; ++child)
            look_for(wanted, child, best);
    }

    void place(Row* row, std::size_t at) noexcept {
        rows_[at] = row;
        row->*Position = at;
    }

    void sift_up(std::size_t at) noexcept {
        Row* row = rows_[at];
        while (at > 0) {
            const std::size_t parent = (at - 1) / arity;
            if (!Before{}(*row, *rows_[parent])) break;
            place(rows_[parent], at);
            at = parent;
        }
        place(row, at);
    }

    void sift_down(std::size_t at) noexcept {
        Row* row = rows_[at];
        for (;;) {
            const std::size_t first = at * arity + 1;
            if (first >= rows_.size()) break;
            const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first);
            const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(std::min(first + arity, rows_.size()));
            const auto least = std::min_element(begin, end, [](Row* a, Row* b) { return Before{}(*a, *b); });
            if (!Before{}(**least, *row)) break;
            const auto child = static_cast<std::size_t>(least - rows_.begin());
            place(*least, at);
            at = child;
        }
        place(row, at);
    }

    std::vector<Row*> rows_;
};

} // namespace carillon::detail
