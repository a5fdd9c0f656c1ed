// SPDX-License-Identifier: MIT
// http/dashboard_sources_test.cpp - that people can read the page's colours, and that its scripts keep to what the
// policy of the page allows.
#include "support/documents.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

const std::string dashboard_folder = "include/carillon/http/dashboard";

/// The colours of `--name: #rrggbb` in the first block that `selector` opens.
std::map<std::string, std::string> colours_of(const std::string& css, std::string_view selector) {
    const std::size_t begin = css.find(selector), end = css.find('}', begin);
    REQUIRE(begin != css.npos);
    std::map<std::string, std::string> colours;
    for (std::size_t at = css.find("--", begin); at < end; at = css.find("--", at + 2)) {
        const std::size_t colon = css.find(':', at);
        if (css.compare(colon, 3, ": #") == 0) colours[css.substr(at + 2, colon - at - 2)] = css.substr(colon + 3, 6);
    }
    return colours;
}

/// Relative luminance as WCAG 2 has it.
double luminance(const std::string& colour) {
    const double weights[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const double value = std::stoi(colour.substr(2 * i, 2), nullptr, 16) / 255.0;
        sum += weights[i] * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double contrast(const std::string& one, const std::string& other) {
    const auto [low, high] = std::minmax({luminance(one), luminance(other)});
    return (high + 0.05) / (low + 0.05);
}

struct ColourPair {
    std::string front;
    std::string ground;
    double least;
};

std::vector<ColourPair> colour_pairs() {
    std::vector<ColourPair> pairs{
        {"on-accent", "accent", 4.5}, {"surface", "failed", 4.5}, {"bg", "text", 4.5}, {"text", "line", 4.5}};
    const std::vector<std::string> statuses{
        "completed", "failed", "timed_out", "running", "skipped", "cancelled", "pending"};
    std::vector<std::string> texts{"text", "muted", "accent", "brand"};
    texts.insert(texts.end(), statuses.begin(), statuses.end());
    for (const char* ground : {"bg", "surface"}) {
        for (const std::string& text : texts)
            pairs.push_back({text, ground, 4.5});
        pairs.push_back({"control", ground, 3.0});
        pairs.push_back({"focus", ground, 3.0});
    }
    for (const std::string& status : statuses)
        pairs.push_back({status, status + "-bg", 4.5});
    for (const char* ground : {"sunken", "running-bg"}) // menus and rows that are chosen
        for (const char* text : {"text", "muted"})
            pairs.push_back({text, ground, 4.5});
    pairs.push_back({"heat3", "surface", 3.0});
    pairs.push_back({"heat4", "surface", 3.0});
    return pairs;
}

} // namespace

TEST_CASE("dashboard: texts and marks stand out from what is behind them, in the light and in the dark theme") {
    const std::string css = support::text_of(dashboard_folder + "/app.css");
    for (const std::string theme : {":root {", "[data-theme=dark] {"}) {
        const auto colours = colours_of(css, theme);
        for (const ColourPair& pair : colour_pairs()) {
            INFO(theme << " --" << pair.front << " on --" << pair.ground);
            CHECK(contrast(colours.at(pair.front), colours.at(pair.ground)) >= pair.least);
        }
    }
}

TEST_CASE("dashboard: no source makes markup or code of a text, which the policy of the page would refuse") {
    namespace fs = std::filesystem;
    std::size_t modules = 0;
    for (const auto& entry : fs::recursive_directory_iterator(support::project_root + "/" + dashboard_folder)) {
        if (!entry.is_regular_file()) continue;
        const std::string name = fs::relative(entry.path(), support::project_root).generic_string();
        const std::string text = support::text_of(name);
        INFO(name);
        for (const char* refused : {"innerHTML",
                                    "outerHTML",
                                    "insertAdjacentHTML",
                                    "document.write",
                                    "createContextualFragment",
                                    "DOMParser",
                                    "eval(",
                                    "new Function",
                                    "import(",
                                    "javascript:",
                                    "setAttribute(\"style\"",
                                    " style=\"",
                                    "localStorage.token",
                                    "data:image"})
            CHECK(text.find(refused) == text.npos);
        if (entry.path().extension() != ".js") continue;
        ++modules;
        CHECK(text.starts_with("// SPDX-License-Identifier: MIT\n// "));
        CHECK(std::count(text.begin(), text.end(), '\n') < 300);
    }
    CHECK(modules > 10);
}
