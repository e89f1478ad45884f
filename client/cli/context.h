// What every command is given: the shared options as they are in force, and where to write.
#pragma once

#include <cstdio>
#include <string>

namespace convoy::client {

inline constexpr char kDefaultCoordinator[] = "127.0.0.1:50051";

struct Context {
  std::string coordinator = kDefaultCoordinator;  // HOST:PORT
  std::string tls_ca;                             // file with certificates to trust; empty: no TLS
  std::string tls_cert;     // file with this client's certificate, for mutual TLS; empty: none
  std::string tls_key;      // file with its key
  std::string token_file;   // file with the token; empty: none
  std::string model;        // --model; empty: not given
  bool json = false;        // print JSON instead of text
  std::FILE* out = stdout;  // results; not owned
  std::FILE* err = stderr;  // notes that are no result; not owned
};

}  // namespace convoy::client
