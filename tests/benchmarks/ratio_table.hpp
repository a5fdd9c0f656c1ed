// SPDX-License-Identifier: MIT
// ratio_table.hpp - prints benchmarks as one table: a row per subject, a column per measure, and ratios of one run.
//
// A benchmark's name is "measure/subject". Repetitions of all benchmarks take turns, so that a busy machine slows all
// of them; a figure is the median of a benchmark's repetitions.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// A measure, in nanoseconds an item. With `over`, a second column says how many times that measure of its row it is,
/// with `also_over` a third one.
struct TableColumn {
    std::string measure;
    std::string over = "";
    std::string also_over = "";
};

class RatioTable final : public benchmark::BenchmarkReporter {
public:
    explicit RatioTable(std::vector<TableColumn> columns)
        : columns_(std::move(columns)) {}

    bool ReportContext(const Context& context) override {
        PrintBasicContext(&GetErrorStream(), context);
        return true;
    }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.error_occurred) failures_.push_back(run.benchmark_name() + ": " + run.error_message);
            if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
            const std::string& name = run.run_name.function_name;
            const std::size_t slash = name.find('/');
            Row& row = row_of(name.substr(slash + 1));
            row.family = std::min(row.family, run.family_index);
            const bool by_hand = run.run_name.time_type == "manual_time";
            row.figures[name.substr(0, slash)].push_back(by_hand ? run.GetAdjustedRealTime()
                                                                 : run.GetAdjustedCPUTime());
        }
    }

    void Finalize() override {
        std::printf("| ns |");
        std::string line = "|---|";
        for (const TableColumn& column : columns_) {
            std::printf(" %s |", column.measure.c_str());
            line += "---:|";
            for (const std::string& base : bases_of(column)) {
                std::printf(" / %s |", base.c_str());
                line += "---:|";
            }
        }
        std::printf("\n%s", line.c_str());
        std::printf("\n");
        std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.family < b.family; });
        for (Row& row : rows_)
            print(row);
        for (const std::string& failure : failures_)
            std::fprintf(stderr, "%s\n", failure.c_str());
    }

    [[nodiscard]] bool failed() const noexcept { return !failures_.empty(); }

private:
    struct Row {
        std::string subject;
        std::int64_t family = INT64_MAX; ///< in the order of registration
        std::map<std::string, std::vector<double>> figures{};
    };

    Row& row_of(const std::string& subject) {
        const auto known =
            std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.subject == subject; });
        return known != rows_.end() ? *known : rows_.emplace_back(Row{subject});
    }

    static std::vector<std::string> bases_of(const TableColumn& column) {
        std::vector<std::string> bases;
        for (const std::string& base : {column.over, column.also_over})
            if (!base.empty()) bases.push_back(base);
        return bases;
    }

    void print(Row& row) const {
        std::printf("| %s |", row.subject.c_str());
        for (const TableColumn& column : columns_) {
            const double figure = median(row.figures[column.measure]);
            std::printf(figure > 0 ? " %.1f |" : " |", figure);
            for (const std::string& over : bases_of(column)) {
                const double base = median(row.figures[over]);
                std::printf(figure > 0 && base > 0 ? " %.2f |" : " |", figure / base);
            }
        }
        std::printf("\n");
    }

    /// 0 where there is none.
    static double median(std::vector<double>& figures) {
        if (figures.empty()) return 0;
        const auto middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
        std::nth_element(figures.begin(), middle, figures.end());
        return *middle;
    }

    std::vector<TableColumn> columns_;
    std::vector<Row> rows_;
    std::vector<std::string> failures_;
};

/// Runs what is registered, seven times unless the arguments say otherwise; they are Google Benchmark's. Fails where a
/// benchmark reports an error.
inline int run_as_table(int argc, char** argv, std::vector<TableColumn> columns) {
    std::vector<std::string> words{
        "--benchmark_repetitions=7", "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.02"};
    std::vector<char*> arguments{argv[0]};
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    RatioTable table(std::move(columns));
    return benchmark::RunSpecifiedBenchmarks(&table) == 0 || table.failed() ? 1 : 0;
}
