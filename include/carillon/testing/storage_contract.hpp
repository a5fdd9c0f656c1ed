// SPDX-License-Identifier: MIT
// testing/storage_contract.hpp - does a storage keep the contract that storage/storage.hpp states in prose?
//
// With any test framework, or none:
//
//   testing::StorageContract<MyStorage> contract([](std::shared_ptr<const Clock> clock) {
//       return std::make_shared<MyStorage>(empty_database(), clock);
//   });
//   for (const testing::ContractCheck& check : contract.checks())
//       DYNAMIC_SECTION(check.name) { check.run(); }               // Catch2; or:
//   for (const testing::ContractViolation& violation : contract.violations())
//       std::puts(violation.what());
#pragma once

#include "carillon/clock.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/testing/any_storage.hpp"
#include "carillon/testing/detail/contract_bench.hpp"
#include "carillon/testing/detail/contract_claims.hpp"
#include "carillon/testing/detail/contract_ends.hpp"
#include "carillon/testing/detail/contract_expiry.hpp"
#include "carillon/testing/detail/contract_jobs.hpp"
#include "carillon/testing/detail/contract_keys.hpp"
#include "carillon/testing/detail/contract_ledger.hpp"
#include "carillon/testing/detail/contract_limits.hpp"
#include "carillon/testing/detail/contract_listings.hpp"
#include "carillon/testing/detail/contract_news.hpp"
#include "carillon/testing/detail/contract_outcomes.hpp"
#include "carillon/testing/detail/contract_records.hpp"
#include "carillon/testing/detail/contract_removal.hpp"
#include "carillon/testing/detail/contract_rewinds.hpp"
#include "carillon/testing/detail/contract_run_listings.hpp"
#include "carillon/testing/detail/contract_summaries.hpp"
#include "carillon/testing/detail/contract_threads.hpp"
#include "carillon/testing/detail/contract_told.hpp"
#include "carillon/testing/detail/contract_walk.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// `what()` says which clause, which check, what was expected and what was seen.
class ContractViolation : public std::runtime_error {
public:
    ContractViolation(int clause, const std::string& check, const std::string& message)
        : std::runtime_error("clause " + std::to_string(clause) + ", " + check + ": " + message)
        , clause_(clause) {}

    /// The number of the paragraph in storage/storage.hpp.
    [[nodiscard]] int clause() const noexcept { return clause_; }

private:
    int clause_;
};

struct ContractCheck {
    /// A sentence.
    std::string name = "";
    int clause = 0;
    /// Uses threads.
    bool concurrent = false;
    /// Makes a storage and checks it. Throws ContractViolation, also for whatever else the storage throws.
    std::function<void()> run{};
};

struct ContractOptions {
    /// Random walks beside the reference storage: how many, with how many operations each. Seeds count from
    /// `first_seed`; a failure names its seed, and the same seed walks the same way.
    std::uint64_t first_seed = 1;
    std::size_t walks = 5;
    std::size_t steps = 250;
};

/// The checks for one kind of storage. `make` returns a new and empty one each time; where the storage has no clock of
/// its own for leases, it uses the steady time of the given clock. The checks pass each operation its time, move
/// the clock, and do not sleep; with a storage that has a clock of its own they wait some milliseconds in all.
template <Storage S>
class StorageContract {
public:
    using Factory = std::function<std::shared_ptr<S>(std::shared_ptr<const Clock>)>;

    explicit StorageContract(Factory make, const ContractOptions& options = {});

    [[nodiscard]] const std::vector<ContractCheck>& checks() const& noexcept { return checks_; }
    void checks() const&& = delete; // they live in the contract
    /// Runs all checks and returns what they found; empty for a storage that keeps the contract.
    [[nodiscard]] std::vector<ContractViolation> violations() const;

private:
    void add(int clause, std::string name, bool concurrent, std::function<void(const AnyFactory&)> check);

    AnyFactory make_;
    std::vector<ContractCheck> checks_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace contract {

/// All checks that are no random walks and use one thread.
[[nodiscard]] inline std::vector<Clause> plain_clauses() {
    std::vector<Clause> all;
    for (const auto* clauses : {&record_clauses(),
                                &job_clauses(),
                                &listing_clauses(),
                                &run_listing_clauses(),
                                &summary_clauses(),
                                &ledger_clauses(),
                                &rewind_clauses(),
                                &claim_clauses(),
                                &key_clauses(),
                                &end_clauses(),
                                &outcome_clauses(),
                                &removal_clauses(),
                                &limit_clauses(),
                                &expiry_clauses(),
                                &news_clauses(),
                                &told_clauses()})
        all.insert(all.end(), clauses->begin(), clauses->end());
    return all;
}

} // namespace contract

template <Storage S>
StorageContract<S>::StorageContract(Factory make, const ContractOptions& options)
    : make_(any_factory<S>(std::move(make))) {
    const auto of = [](const contract::Clause& clause) {
        return [check = clause.check](const AnyFactory& storage) {
            check(contract::Bench(storage));
        };
    };
    for (const contract::Clause& clause : contract::plain_clauses())
        add(clause.number, clause.sentence, false, of(clause));
    for (std::uint64_t seed = options.first_seed; seed < options.first_seed + options.walks; ++seed)
        add(0,
            "answers like the reference storage, seed " + std::to_string(seed),
            false,
            [seed, steps = options.steps](const AnyFactory& storage) {
                contract::RandomWalk(storage, seed).run(steps);
            });
    for (const contract::Clause& clause : contract::thread_clauses())
        add(clause.number, clause.sentence, true, of(clause));
}

template <Storage S>
void StorageContract<S>::add(int clause,
                             std::string name,
                             bool concurrent,
                             std::function<void(const AnyFactory&)> check) {
    auto run = [clause, name, check = std::move(check), make = make_] {
        try {
            check(make);
        } catch (const contract::Failed& failure) {
            throw ContractViolation(clause, name, failure.what());
        } catch (const std::exception& error) {
            throw ContractViolation(clause, name, std::string("the storage has thrown: ") + error.what());
        }
    };
    checks_.push_back({.name = std::move(name), .clause = clause, .concurrent = concurrent, .run = std::move(run)});
}

template <Storage S>
std::vector<ContractViolation> StorageContract<S>::violations() const {
    std::vector<ContractViolation> found;
    for (const ContractCheck& check : checks_) {
        try {
            check.run();
        } catch (const ContractViolation& violation) {
            found.push_back(violation);
        }
    }
    return found;
}

} // namespace carillon::testing
