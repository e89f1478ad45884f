// A request and its answer, as handlers see them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace convoy::http {

// ASCII alone.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

using Headers = std::vector<std::pair<std::string, std::string>>;

// Returns the first header of that name, "" if there is none; names do not differ by case.
std::string_view Find(const Headers& headers, std::string_view name);

struct Request {
  std::string method;  // HEAD arrives as GET; the server leaves the body of the answer out
  std::string path;    // decoded and plain: begins with '/', no empty, "." or ".." segment
  std::string query;   // as sent, without '?'
  Headers headers;
  std::string body;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  Headers headers = {};
};

// Where a handler puts the answer of one request: either Send, or Start, any number of Writes and
// Finish. Thread-safe; may be kept beyond the handler's return. What is given after the client has
// left is dropped.
class Reply {
 public:
  virtual ~Reply() = default;

  virtual void Send(Response response) = 0;

  // `head.body` is not sent.
  virtual void Start(Response head) = 0;

  // Calls `done` once, on any thread: with true when the bytes were handed to the network, with
  // false when the client has left. A caller that waits for it holds one piece in memory at most.
  virtual void Write(std::string bytes, std::function<void(bool)> done) = 0;

  virtual void Finish() = 0;

  // Calls `gone` once if the client leaves before its answer is complete.
  virtual void OnGone(std::function<void()> gone) = 0;
};

// Called on one of the server's threads, so it must not block. It answers now or later.
using Handler = std::function<void(Request request, std::shared_ptr<Reply> reply)>;

}  // namespace convoy::http
