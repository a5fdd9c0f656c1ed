// SPDX-License-Identifier: MIT
// http/raw_client.hpp - a client that sends the bytes that it is given, right or wrong.
#pragma once

#include "support/catch.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace support {

/// A connection to a port of this machine, for as long as it lives. What it waits for, it waits for two seconds.
class RawConnection {
public:
    explicit RawConnection(int port)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        REQUIRE(socket_ >= 0);
        const timeval patience{2, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawConnection() { ::close(socket_); }
    RawConnection(const RawConnection&) = delete;
    RawConnection& operator=(const RawConnection&) = delete;

    /// As much of it as the other end takes.
    void send(const std::string& bytes) const {
        for (std::size_t sent = 0; connected_ && sent < bytes.size();) {
            const ssize_t n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) return;
            sent += static_cast<std::size_t>(n);
        }
    }
    void shut_down_sending() const { ::shutdown(socket_, SHUT_WR); }
    /// What has come since, empty at the end of the connection and after two seconds of silence.
    [[nodiscard]] std::string receive() const {
        std::array<char, 4'096> buffer{};
        const ssize_t n = connected_ ? ::recv(socket_, buffer.data(), buffer.size(), 0) : 0;
        return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
    }
    [[nodiscard]] std::string receive_all() const {
        std::string all;
        for (std::string part = receive(); !part.empty(); part = receive())
            all += part;
        return all;
    }

private:
    int socket_;
    bool connected_ = false;
};

/// Sends the bytes to a port of this machine and returns what comes back until the other end closes the connection, or
/// is silent for two seconds.
[[nodiscard]] inline std::string raw_exchange(int port, const std::string& bytes) {
    const RawConnection connection(port);
    connection.send(bytes);
    return connection.receive_all();
}

} // namespace support
