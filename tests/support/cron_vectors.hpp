// SPDX-License-Identifier: MIT
// support/cron_vectors.hpp - reads the cron facts of tests/data/cron; its README.md explains the format.
#pragma once

#include "carillon/schedule/cron_dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace support {

using VectorInstant = std::chrono::sys_time<std::chrono::nanoseconds>;

/// One fact. Either `error` is not empty, or `from` may be set, or the row only says that the text is accepted.
struct CronVector {
    std::string where; ///< file and line
    std::string text;
    carillon::CronDialect dialect = carillon::CronDialect::extended;
    std::string zone; ///< empty: none given, which is UTC
    std::string policy = "vixie";
    std::string key;
    std::string error; ///< the code's name
    std::size_t column = 0;
    std::optional<VectorInstant> from;          ///< exclusive
    std::vector<std::chrono::sys_seconds> next; ///< in order
    bool none = false;                          ///< nothing comes after `from`
};

namespace detail {

inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::string part;
    for (std::istringstream in(text); std::getline(in, part, separator);)
        parts.push_back(part);
    return parts;
}

inline int number(std::string_view text) {
    int value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size())
        throw std::runtime_error("expected a number, saw " + std::string(text));
    return value;
}

inline std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            result += text[i];
            continue;
        }
        switch (text.at(++i)) {
        case 't': result += '\t'; break;
        case 'n': result += '\n'; break;
        case 'x':
            result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
            break;
        default: result += text[i];
        }
    }
    return result;
}

/// Reads instants of one row; remembers date and offset for those that leave them out.
class InstantReader {
public:
    VectorInstant read(std::string_view text) {
        using namespace std::chrono;
        if (text.size() > 10 && text[10] == 'T') {
            date_ = local_days{year{number(text.substr(0, 4))} / number(text.substr(5, 2)) / number(text.substr(8, 2))};
            text.remove_prefix(11);
            const std::size_t sign = text.find_first_of("+-");
            offset_ = sign == std::string_view::npos ? seconds{0} : offset(text.substr(sign));
            text = text.substr(0, sign);
        }
        const auto local = date_ + hours{number(text.substr(0, 2))} + minutes{number(text.substr(3, 2))};
        return VectorInstant{local.time_since_epoch() - offset_ + fraction(text.substr(5))};
    }

private:
    static std::chrono::seconds offset(std::string_view text) {
        using namespace std::chrono;
        seconds value = hours{number(text.substr(1, 2))} + minutes{number(text.substr(4, 2))};
        if (text.size() > 6) value += seconds{number(text.substr(7, 2))};
        return text[0] == '-' ? -value : value;
    }
    static std::chrono::nanoseconds fraction(std::string_view text) { // ":05.25"
        if (text.empty()) return {};
        std::string digits(text.substr(std::min<std::size_t>(4, text.size())));
        digits.resize(9, '0');
        return std::chrono::seconds{number(text.substr(1, 2))} + std::chrono::nanoseconds{number(digits)};
    }

    std::chrono::local_days date_{};
    std::chrono::seconds offset_{};
};

inline CronVector context(const std::string& line) {
    CronVector shared;
    for (const auto& word : split(line, ' ')) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) continue;
        const std::string name = word.substr(0, equals);
        const std::string value = unescaped(word.substr(equals + 1));
        if (name == "dialect")
            shared.dialect = carillon::parse_cron_dialect(value).value();
        else if (name == "zone")
            shared.zone = value;
        else if (name == "policy")
            shared.policy = value;
        else if (name == "key")
            shared.key = value;
        else
            throw std::runtime_error("unknown word " + word);
    }
    return shared;
}

inline void read_row(CronVector& vector, const std::string& line) {
    const auto columns = split(line, '\t');
    vector.text = unescaped(columns.at(0));
    if (columns.size() == 1) return;
    if (columns[1] == "!") {
        const auto words = split(columns.at(2), ' ');
        vector.error = words.at(0);
        vector.column = static_cast<std::size_t>(number(words.at(1)));
        return;
    }
    InstantReader instants;
    vector.from = instants.read(columns[1]);
    vector.none = columns.at(2) == "none";
    if (vector.none) return;
    for (const auto& word : split(columns[2], ' '))
        vector.next.push_back(std::chrono::time_point_cast<std::chrono::seconds>(instants.read(word)));
}

} // namespace detail

/// The facts of one file, for example "quartz" for quartz.tsv.
inline std::vector<CronVector> cron_vectors(const std::string& file) {
    const std::string path = std::string(CARILLON_TEST_DATA_DIR) + "/cron/" + file + ".tsv";
    std::ifstream in(path);
    if (!in) throw std::runtime_error("cannot read " + path);
    std::vector<CronVector> vectors;
    CronVector shared;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line[0] == '#') continue;
        if (line[0] == ':') {
            shared = detail::context(line);
            continue;
        }
        vectors.push_back(shared);
        vectors.back().where = file + ".tsv:" + std::to_string(number);
        detail::read_row(vectors.back(), line);
    }
    return vectors;
}

inline constexpr std::array<const char*, 21> cron_vector_files{"ccronexpr",
                                                               "cron-parser",
                                                               "croncpp",
                                                               "croner",
                                                               "croniter",
                                                               "cronos",
                                                               "cronsim",
                                                               "errors",
                                                               "eventbridge",
                                                               "generated-croner",
                                                               "generated-croner-zones",
                                                               "generated-dst-ocps",
                                                               "generated-dst-vixie",
                                                               "generated-dst-wall",
                                                               "hash",
                                                               "ocps",
                                                               "quartz",
                                                               "robfig",
                                                               "supertinycron",
                                                               "syntax",
                                                               "worked-dst"};

} // namespace support
