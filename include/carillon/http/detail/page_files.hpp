// SPDX-License-Identifier: MIT
// http/detail/page_files.hpp - the dashboard's files as they are served.
//
// The document names the others below "a/VERSION/", where the version is a digest of all of them: what a browser has
// kept of another version never meets this one, and each may be kept for good.
#pragma once

#include "carillon/http/detail/dashboard_files.hpp"
#include "carillon/http/detail/sha256.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

struct PageFile {
    std::string name;
    std::string_view type;
    std::string body;
    /// In quotation marks.
    std::string etag;
};

[[nodiscard]] constexpr std::string_view page_file_type(std::string_view name) noexcept {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> types{
        {{".css", "text/css; charset=utf-8"},
         {".js", "text/javascript; charset=utf-8"},
         {".svg", "image/svg+xml; charset=utf-8"}}};
    for (const auto& [ending, type] : types)
        if (name.ends_with(ending)) return type;
    return "text/html; charset=utf-8";
}

[[nodiscard]] inline PageFile page_file(std::string name, std::string body) {
    const std::string_view type = page_file_type(name);
    std::string etag = '"' + sha256_hex(body) + '"';
    return {std::move(name), type, std::move(body), std::move(etag)};
}

class PageFiles {
public:
    /// Of the process; made at the first call.
    [[nodiscard]] static const PageFiles& get() {
        static const PageFiles files;
        return files;
    }

    [[nodiscard]] const PageFile& document() const noexcept { return document_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    /// "js/main.js"; null where there is no such file.
    [[nodiscard]] const PageFile* find(std::string_view name) const noexcept {
        const auto found =
            std::find_if(assets_.begin(), assets_.end(), [&](const PageFile& file) { return file.name == name; });
        return found == assets_.end() ? nullptr : &*found;
    }
    [[nodiscard]] const std::vector<PageFile>& assets() const noexcept { return assets_; }

private:
    PageFiles() {
        std::string all;
        std::string document;
        for (const DashboardFile& file : dashboard_files) {
            std::string body;
            for (const std::string_view piece : file.pieces)
                body += piece;
            all.append(file.name).append("\0", 1).append(body).append("\0", 1);
            if (file.name == "index.html")
                document = std::move(body);
            else
                assets_.push_back(page_file(std::string(file.name), std::move(body)));
        }
        version_ = sha256_hex(all).substr(0, 16);
        for (const PageFile& asset : assets_)
            name_version(document, '"' + asset.name + '"');
        document_ = page_file("index.html", std::move(document));
    }
    /// Writes "a/VERSION/" before the quoted name wherever the document has it.
    void name_version(std::string& document, const std::string& quoted) const {
        const std::string place = "a/" + version_ + "/";
        for (std::size_t at = document.find(quoted); at != document.npos; at = document.find(quoted, at + 1))
            document.insert(at + 1, place);
    }

    std::vector<PageFile> assets_;
    PageFile document_{};
    std::string version_;
};

} // namespace carillon::detail
