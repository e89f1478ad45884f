// One coroutine a connection (Boost.Asio), which reads a request, calls its handler, and sends what
// the handler gives to the Exchange, piece by piece; then the next request (HTTP/1.1 keep-alive).
// All of it runs on the connection's strand. Each step has its deadline (beast::tcp_stream), so a
// client that sends half a request or does not read holds nothing for long.
#include "coordinator/http/session.h"

#include <poll.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "coordinator/http/exchange.h"
#include "coordinator/http/origin.h"
#include "coordinator/http/target.h"

namespace convoy::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr size_t kReadBytes = 16 << 10;
constexpr std::chrono::milliseconds kLingerTime{1'000};

auto Into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

Response Refusal(int status, const std::string& message) {
  return {.status = status, .body = absl::StrCat(message, "\n")};
}

// What is known of a request before its body is read.
struct Head {
  Request request;
  const Route* route = nullptr;
  std::optional<Response> refusal;
};

std::optional<Response> CheckMethod(const Route* route, const std::string& method) {
  if (route == nullptr) return Refusal(404, "there is nothing at this path");
  const bool reads = method == "GET" || method == "HEAD";
  if (reads || (method == "POST" && !route->reads_only)) return std::nullopt;
  Response refusal = Refusal(
      405,
      absl::StrCat("method: ", route->reads_only ? "GET" : "GET or POST", " is answered here"));
  refusal.headers.emplace_back("Allow", route->reads_only ? "GET, HEAD" : "GET, HEAD, POST");
  return refusal;
}

std::optional<Response> CheckSource(const Request& request, const ServerOptions& options) {
  const Headers& headers = request.headers;
  const std::string_view host = Find(headers, "Host");
  if (host.empty()) return Refusal(400, "host: the header is missing");
  const auto hosts = std::count_if(headers.begin(), headers.end(), [](const auto& header) {
    return EqualsIgnoreCase(header.first, "Host");
  });
  if (hosts > 1) return Refusal(400, "host: there are several, which could mean different servers");
  if (!IsOwnHost(host, options.names)) {
    return Refusal(421, "host: not a name of this server; call it by its address or localhost");
  }
  // A page may link here; what it would read by itself the browser keeps from it.
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  const absl::Status origin =
      CheckOrigin(host, Find(headers, "Origin"), Find(headers, "Sec-Fetch-Site"));
  if (!origin.ok()) return Refusal(403, std::string(origin.message()));
  return std::nullopt;
}

Head ReadHead(const Parser& parser, const Shared& shared) {
  Head head;
  const auto& message = parser.get();
  head.request.method = std::string(View(message.method_string()));
  for (const auto& field : message) {
    head.request.headers.emplace_back(View(field.name_string()), View(field.value()));
  }
  head.refusal = CheckSource(head.request, shared.options);
  if (head.refusal) return head;
  absl::StatusOr<Target> target = ParseTarget(View(message.target()));
  if (!target.ok()) {
    head.refusal = Refusal(400, std::string(target.status().message()));
    return head;
  }
  head.request.path = std::move(target->path);
  head.request.query = std::move(target->query);
  head.route = shared.router.Match(head.request.path);
  head.refusal = CheckMethod(head.route, head.request.method);
  if (!head.refusal && parser.content_length().value_or(0) > head.route->max_body_bytes) {
    head.refusal = Refusal(413, absl::StrCat("body: more than ", head.route->max_body_bytes,
                                             " bytes, which is the limit here"));
  }
  return head;
}

using WireHead = beast::http::response<beast::http::empty_body>;

WireHead MakeHead(const Response& response, unsigned version, bool keep_alive) {
  WireHead head(static_cast<beast::http::status>(response.status), version);
  head.set(beast::http::field::date,
           absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
  if (!response.content_type.empty()) {
    head.set(beast::http::field::content_type, response.content_type);
  }
  head.set("X-Content-Type-Options", "nosniff");
  head.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  head.set(beast::http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) head.set(name, value);
  head.keep_alive(keep_alive);
  return head;
}

template <class Stream>
class StreamSession final : public Session,
                            public std::enable_shared_from_this<StreamSession<Stream>> {
 public:
  template <class... Arguments>
  StreamSession(Shared& shared, std::string address, Arguments&&... arguments)
      : shared_(shared),
        address_(std::move(address)),
        stream_(std::forward<Arguments>(arguments)...) {
    absl::MutexLock lock(&shared_.mutex);
    shared_.sessions.insert(this);
  }

  ~StreamSession() override {
    {
      absl::MutexLock lock(&shared_.mutex);
      shared_.sessions.erase(this);
    }
    shared_.counts.Leave(address_);
  }

  void Start() {
    asio::co_spawn(
        stream_.get_executor(), [self = this->shared_from_this()] { return self->Run(); },
        // An exception can only be one of memory; it ends this connection and no other.
        [](std::exception_ptr) {});
  }

  void Close(bool only_if_idle) override {
    asio::post(stream_.get_executor(), [weak = this->weak_from_this(), only_if_idle] {
      const auto self = weak.lock();
      if (self != nullptr && (self->idle_ || !only_if_idle)) self->CloseSocket();
    });
  }

 private:
  beast::tcp_stream& Tcp() { return beast::get_lowest_layer(stream_); }

  void CloseSocket() {
    error_code ignored;
    Tcp().socket().close(ignored);
  }

  asio::awaitable<void> Run() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      error_code error;
      Tcp().expires_after(shared_.options.header_time);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, Into(error));
      if (error) co_return;
    }
    while (!shared_.stopping) {
      const bool again = co_await ServeRequest();
      if (!again) break;
    }
    co_await EndConnection();
  }

  // Reads one request and sends its answer. Returns whether another one may follow.
  asio::awaitable<bool> ServeRequest() {
    const bool begun = co_await AwaitFirstByte();
    if (!begun) co_return false;
    Parser parser;
    parser.header_limit(shared_.options.max_header_bytes);
    parser.body_limit(std::numeric_limits<uint64_t>::max());
    error_code error;
    Tcp().expires_after(shared_.options.header_time);
    co_await beast::http::async_read_header(stream_, buffer_, parser, Into(error));
    if (error) {
      co_await RefuseHeader(error);
      co_return false;
    }
    Head head = ReadHead(parser, shared_);
    head_only_ = head.request.method == "HEAD";  // also where it is refused
    ByteBudget::Share share(shared_.bodies);
    if (!head.refusal) head.refusal = co_await ReadBody(parser, *head.route, share);
    if (head.refusal) {
      if (Tcp().socket().is_open()) co_await SendWhole(*head.refusal, parser, false);
      co_return false;
    }
    co_return co_await Answer(std::move(head), parser);
  }

  asio::awaitable<bool> AwaitFirstByte() {
    if (buffer_.size() > 0) co_return true;  // the client sent the next request early
    error_code error;
    idle_ = true;
    Tcp().expires_after(shared_.options.idle_time);
    const size_t bytes = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), Into(error));
    idle_ = false;
    buffer_.commit(bytes);
    co_return !error && !shared_.stopping;
  }

  asio::awaitable<void> RefuseHeader(error_code error) {
    if (error == beast::http::error::header_limit) {
      const Parser none;
      co_await SendWhole(Refusal(431, absl::StrCat("headers: more than ",
                                                   shared_.options.max_header_bytes, " bytes")),
                         none, false);
    } else if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
               error != beast::http::error::end_of_stream &&
               error != beast::http::error::partial_message) {
      const Parser none;
      co_await SendWhole(Refusal(400, "request: not HTTP/1.1"), none, false);
    }
  }

  // Returns the refusal if the body is too long, does not come in time, or finds no memory.
  asio::awaitable<std::optional<Response>> ReadBody(Parser& parser, const Route& route,
                                                    ByteBudget::Share& share) {
    parser.body_limit(route.max_body_bytes);
    Tcp().expires_after(shared_.options.body_time);
    error_code error;
    if (!share.GrowTo(parser.content_length().value_or(0))) co_return Busy();
    if (EqualsIgnoreCase(View(parser.get()[beast::http::field::expect]), "100-continue")) {
      WireHead go_on(beast::http::status::continue_, parser.get().version());
      co_await beast::http::async_write(stream_, go_on, Into(error));
    }
    while (!error && !parser.is_done()) {
      co_await beast::http::async_read_some(stream_, buffer_, parser, Into(error));
      if (!share.GrowTo(parser.get().body().size())) co_return Busy();
    }
    if (error == beast::http::error::body_limit) {
      co_return Refusal(413, absl::StrCat("body: more than ", route.max_body_bytes,
                                          " bytes, which is the limit here"));
    }
    if (error) co_return Refusal(400, "body: broken or incomplete");
    co_return std::nullopt;
  }

  static Response Busy() {
    Response response = Refusal(503, "body: too many requests are being read; try again");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }

  asio::awaitable<bool> Answer(Head head, Parser& parser) {
    if (head_only_) head.request.method = "GET";
    head.request.body = std::move(parser.get().body());
    const auto exchange = std::make_shared<Exchange>(stream_.get_executor());
    head.route->handler(std::move(head.request), exchange);
    // The client may take any time to be answered, but it must be there.
    Tcp().expires_never();
    while (!exchange->head() && !HasLeft()) co_await exchange->Wait();
    bool complete = false;
    const bool keep = parser.keep_alive() && !shared_.stopping;
    if (exchange->head() && !exchange->is_stream()) {
      complete = co_await SendWhole(*exchange->head(), parser, keep);
    } else if (exchange->head()) {
      complete = co_await SendStream(*exchange, parser, keep);
    }
    exchange->Close(complete);
    co_return complete&& keep && !(exchange->is_stream() && parser.get().version() < 11);
  }

  // Whether the client closed its side. Bytes that were not read yet do not hide it.
  bool HasLeft() {
    if (!Tcp().socket().is_open()) return true;
    pollfd state{.fd = Tcp().socket().native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&state, 1, 0) > 0;
  }

  asio::awaitable<bool> SendWhole(const Response& response, const Parser& parser, bool keep) {
    WireHead head = MakeHead(response, parser.get().version(), keep);
    if (response.status != 304) head.content_length(response.body.size());
    error_code error;
    Tcp().expires_after(shared_.options.write_time);
    beast::http::response_serializer<beast::http::empty_body> serializer(head);
    co_await beast::http::async_write_header(stream_, serializer, Into(error));
    if (error || head_only_) co_return !error;
    co_return co_await SendBytes(response.body);
  }

  // By pieces, as a large answer to a slow reader may take longer than one of them.
  asio::awaitable<bool> SendBytes(std::string_view bytes) {
    constexpr size_t kPiece = 64 << 10;
    while (!bytes.empty()) {
      error_code error;
      const std::string_view piece = bytes.substr(0, kPiece);
      Tcp().expires_after(shared_.options.write_time);
      co_await asio::async_write(stream_, asio::buffer(piece.data(), piece.size()), Into(error));
      if (error) co_return false;
      bytes.remove_prefix(piece.size());
    }
    co_return true;
  }

  asio::awaitable<bool> SendStream(Exchange& exchange, const Parser& parser, bool keep) {
    const bool chunked = parser.get().version() >= 11;
    WireHead head = MakeHead(*exchange.head(), parser.get().version(), keep && chunked);
    head.chunked(chunked);
    error_code error;
    Tcp().expires_after(shared_.options.write_time);
    beast::http::response_serializer<beast::http::empty_body> serializer(head);
    co_await beast::http::async_write_header(stream_, serializer, Into(error));
    while (!error && !head_only_) {
      std::optional<Exchange::Piece> piece = exchange.TakePiece();
      if (!piece && exchange.finished()) break;
      if (!piece) {
        if (HasLeft()) co_return false;
        co_await exchange.Wait();
        continue;
      }
      const bool sent = co_await SendPiece(piece->bytes, chunked);
      piece->done(sent);
      if (!sent) co_return false;
    }
    if (error || head_only_ || !chunked) co_return !error;
    co_return co_await SendBytes("0\r\n\r\n");
  }

  asio::awaitable<bool> SendPiece(const std::string& bytes, bool chunked) {
    if (bytes.empty()) co_return true;  // an empty chunk would end the stream
    if (!chunked) co_return co_await SendBytes(bytes);
    const std::string chunk = absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
    co_return co_await SendBytes(chunk);
  }

  // Reads on for a moment: closing while the client still sends would destroy the answer, which
  // may say why.
  asio::awaitable<void> EndConnection() {
    error_code error;
    Tcp().expires_after(kLingerTime);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      co_await stream_.async_shutdown(Into(error));
    }
    Tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    buffer_.clear();
    while (!error && !shared_.stopping) {
      co_await Tcp().async_read_some(buffer_.prepare(kReadBytes), Into(error));
    }
    CloseSocket();
  }

  Shared& shared_;
  const std::string address_;
  Stream stream_;
  beast::flat_buffer buffer_;
  bool idle_ = false;
  bool head_only_ = false;
};

std::string AddressOf(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

// A few bytes always fit into the socket's buffer.
void RefuseConnection(asio::ip::tcp::socket socket) {
  constexpr std::string_view kFull =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
      "Content-Length: 31\r\n\r\nserver: too many connections...";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(kFull.data(), kFull.size()), ignored);
}

}  // namespace

void Shared::CloseAll(bool only_if_idle) {
  absl::MutexLock lock(&mutex);
  for (Session* session : sessions) session->Close(only_if_idle);
}

void StartSession(asio::ip::tcp::socket socket, asio::ssl::context* tls, Shared& shared) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  std::string address = AddressOf(socket);
  if (!shared.counts.Enter(address)) return RefuseConnection(std::move(socket));
  if (tls == nullptr) {
    std::make_shared<StreamSession<beast::tcp_stream>>(shared, std::move(address),
                                                       std::move(socket))
        ->Start();
  } else {
    std::make_shared<StreamSession<TlsStream>>(shared, std::move(address),
                                               beast::tcp_stream(std::move(socket)), *tls)
        ->Start();
  }
}

}  // namespace convoy::http
