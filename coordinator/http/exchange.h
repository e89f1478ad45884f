// One request's answer on its way from a handler, on any thread, to the connection that sends it.
#pragma once

#include <utility>  // first, as Asio's awaitable.hpp forgets it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coordinator/http/message.h"

namespace convoy::http {

// The Reply's functions may be called on any thread; they pass to the connection's strand, on which
// all others must be called.
class Exchange final : public Reply, public std::enable_shared_from_this<Exchange> {
 public:
  struct Piece {
    std::string bytes;
    std::function<void(bool)> done;
  };

  explicit Exchange(boost::asio::any_io_executor strand) : strand_(strand), changed_(strand) {}

  void Send(Response response) override;
  void Start(Response head) override;
  void Write(std::string bytes, std::function<void(bool)> done) override;
  void Finish() override;
  void OnGone(std::function<void()> gone) override;

  // Returns when something was given, or after a second, so that the caller can look whether the
  // client is still there.
  boost::asio::awaitable<void> Wait();

  // The answer's head once there is one; with its body unless it is a stream.
  const std::optional<Response>& head() const { return head_; }
  bool is_stream() const { return is_stream_; }
  bool finished() const { return finished_; }
  // The next piece of a stream, nothing if there is none yet.
  std::optional<Piece> TakePiece();

  // Nothing more will be sent: tells the handler, unless its answer was complete.
  void Close(bool complete);

 private:
  void OnStrand(std::function<void()> action);

  const boost::asio::any_io_executor strand_;
  boost::asio::steady_timer changed_;
  std::optional<Response> head_;
  std::deque<Piece> pieces_;
  std::function<void()> gone_;
  bool is_stream_ = false;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace convoy::http
