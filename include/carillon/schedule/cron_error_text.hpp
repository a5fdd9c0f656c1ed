// SPDX-License-Identifier: MIT
// cron_error_text.hpp - the text around a cron error, taken apart: which of its words are fields?
//
// Not those of the other parts of a union, not a zone prefix, not the wrapper `cron(...)`.
#pragma once

#include "carillon/detail/parse_error_text.hpp"
#include "carillon/parse_error.hpp"
#include "carillon/schedule/cron_dialect.hpp"
#include "carillon/schedule/cron_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

/// The excerpt of a cron error with its fields and its dialect.
class CronErrorText : public ParseErrorText {
public:
    explicit CronErrorText(const ParseError& error)
        : ParseErrorText(error)
        , error_(error) {
        const std::string_view part = part_around_place();
        split(fields_of(part));
        // Who finds too many fields in a part that has as many as it should has counted those of all parts.
        has_parts_ = part.size() < text().size();
        is_union_ = has_parts_ && code() == Errc::wrong_field_count && fits(count_);
        if (is_union_) split(text());
    }

    [[nodiscard]] const ParseError& error() const { return error_; }
    [[nodiscard]] Errc code() const { return error_.code; }
    [[nodiscard]] TextField field() const { return error_.field; }
    [[nodiscard]] const DialectRules& rules() const { return rules_of(static_cast<CronDialect>(error_.dialect)); }
    [[nodiscard]] bool whole() const { return error_.excerpt_is_whole(); }

    [[nodiscard]] std::size_t count() const { return count_; }
    /// Precondition: i < count() and i < 8.
    [[nodiscard]] std::string_view field_at(std::size_t i) const { return fields_[i]; }
    [[nodiscard]] std::string count_seen() const { return whole() ? std::to_string(count_) : "more"; }
    /// The item up to the place, and the letters from there on.
    [[nodiscard]] std::string_view item_before() const { return item().substr(0, at() - offset_of(item())); }
    [[nodiscard]] std::string_view letters() const {
        std::size_t size = 0;
        while (size < rest().size() && is_letter(rest()[size]))
            ++size;
        return rest().substr(0, size);
    }
    [[nodiscard]] bool has_parts() const { return has_parts_; }
    /// The text is a union, and the parser that read it knows none.
    [[nodiscard]] bool is_union() const { return is_union_; }

    /// The first n fields; precondition: 0 < n <= count() and n <= 8.
    [[nodiscard]] std::string first_fields(std::size_t n) const {
        std::string result;
        for (std::size_t i = 0; i < n; ++i)
            (result += i == 0 ? "" : " ").append(fields_[i]);
        return result;
    }
    /// The same, behind what stands before the fields.
    [[nodiscard]] std::string up_to_field(std::size_t n) const {
        return std::string(text().substr(0, offset_of(fields_[0]))) + first_fields(n);
    }
    /// The text with another word in the place of a field.
    [[nodiscard]] std::string with_field(std::size_t i, std::string_view replacement) const {
        return std::string(text()).replace(offset_of(fields_[i]), fields_[i].size(), replacement);
    }

private:
    [[nodiscard]] std::size_t offset_of(std::string_view word) const {
        return static_cast<std::size_t>(word.data() - text().data());
    }
    [[nodiscard]] bool fits(std::size_t count) const {
        return count >= rules().fewest_fields && count <= rules().most_fields;
    }
    [[nodiscard]] bool is_blank_or_end(std::size_t i) const {
        return i >= text().size() || text()[i] == ' ' || text()[i] == '\t';
    }

    /// Up to the next bar that stands between blanks, in either direction.
    [[nodiscard]] std::string_view part_around_place() const {
        std::size_t begin = 0;
        for (std::size_t i = 0; i < text().size(); ++i) {
            if (text()[i] != '|' || !is_blank_or_end(i + 1) || (i != 0 && !is_blank_or_end(i - 1))) continue;
            if (i >= at()) return text().substr(begin, i - begin);
            begin = i + 1;
        }
        return text().substr(begin);
    }

    /// Without the wrapper, or without the zone prefix, where the dialect has one.
    [[nodiscard]] std::string_view fields_of(std::string_view part) const {
        if (rules().wrapper) {
            part.remove_prefix(std::min(part.find('(') + 1, part.size()));
            return part.substr(0, part.find(')'));
        }
        const std::size_t word = part.find_first_not_of(" \t");
        const std::size_t end = std::min(part.find_first_of(" \t", word), part.size());
        const bool has_prefix = rules().zone_prefix && part.substr(0, end).find('=') != std::string_view::npos;
        return has_prefix ? part.substr(end) : part;
    }

    void split(std::string_view text) {
        count_ = 0;
        for (std::size_t begin = text.find_first_not_of(" \t"); begin != std::string_view::npos; ++count_) {
            const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
            if (count_ < fields_.size()) fields_[count_] = text.substr(begin, end - begin);
            begin = text.find_first_not_of(" \t", end);
        }
    }

    const ParseError& error_;
    std::array<std::string_view, 8> fields_{};
    std::size_t count_ = 0;
    bool has_parts_ = false;
    bool is_union_ = false;
};

} // namespace carillon::detail
