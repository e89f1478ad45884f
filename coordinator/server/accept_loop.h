// How connections come to the gRPC server: through a loop of our own, as gRPC's gives up its port
// at the first accept that fails (CVE-2023-4785), and takes any number of connections.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "common/rpc/connection_counts.h"
#include "common/rpc/listening_socket.h"

namespace convoy::coordinator {

struct ConnectionLimits {
  int in_all = 1024;
  int per_address = 512;  // not for Unix sockets, whose other end has none
};

// Accepts from its beginning to its end, on a thread of its own. Connections beyond the limits are
// closed at once; while the process has no descriptor left, those that come wait.
class AcceptLoop {
 public:
  // `take` owns the descriptor that it is given, which must stay this connection's until it is
  // closed. It is called on the loop's thread.
  AcceptLoop(rpc::ListeningSockets listening, const ConnectionLimits& limits,
             std::function<void(int fd)> take);
  // Connections that were taken go on. Removes the Unix socket, if it is one.
  ~AcceptLoop();
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

 private:
  // What a descriptor that was handed on means while the connection lives.
  struct Connection {
    ino_t inode;
    std::string address;
  };

  void Run();
  void AcceptAll(int listener);
  void Admit(rpc::Descriptor socket, const std::string& address);
  bool EnterAfterSweep(const std::string& address);
  void ForgetClosed();

  const rpc::ListeningSockets listening_;
  const std::function<void(int fd)> take_;
  const rpc::Descriptor end_;  // an eventfd
  // The members below are used by the loop's thread alone.
  rpc::ConnectionCounts counts_;
  std::map<int, Connection> open_;  // by descriptor
  std::chrono::steady_clock::time_point swept_{};
  bool starved_ = false;  // of descriptors or memory
  std::thread thread_;    // last: it uses all of the above
};

}  // namespace convoy::coordinator
