#include "coordinator/http/exchange.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace convoy::http {

namespace asio = boost::asio;

void Exchange::OnStrand(std::function<void()> action) {
  asio::post(strand_, [self = shared_from_this(), action = std::move(action)] {
    action();
    self->changed_.cancel();
  });
}

void Exchange::Send(Response response) {
  OnStrand([this, response = std::move(response)]() mutable {
    if (!closed_) head_ = std::move(response);
  });
}

void Exchange::Start(Response head) {
  OnStrand([this, head = std::move(head)]() mutable {
    is_stream_ = true;
    if (!closed_) head_ = std::move(head);
  });
}

void Exchange::Write(std::string bytes, std::function<void(bool)> done) {
  OnStrand([this, bytes = std::move(bytes), done = std::move(done)]() mutable {
    if (closed_) return done(false);
    pieces_.push_back({std::move(bytes), std::move(done)});
  });
}

void Exchange::Finish() {
  OnStrand([this] { finished_ = true; });
}

void Exchange::OnGone(std::function<void()> gone) {
  OnStrand([this, gone = std::move(gone)]() mutable {
    if (closed_) return gone();
    gone_ = std::move(gone);
  });
}

asio::awaitable<void> Exchange::Wait() {
  boost::system::error_code cancelled;
  changed_.expires_after(std::chrono::seconds(1));
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

std::optional<Exchange::Piece> Exchange::TakePiece() {
  if (pieces_.empty()) return std::nullopt;
  Piece piece = std::move(pieces_.front());
  pieces_.pop_front();
  return piece;
}

void Exchange::Close(bool complete) {
  closed_ = true;
  for (Piece& piece : std::exchange(pieces_, {})) piece.done(false);
  // Also when complete, as the handler's function may keep this object alive.
  const std::function<void()> gone = std::exchange(gone_, nullptr);
  if (!complete && gone) gone();
}

}  // namespace convoy::http
