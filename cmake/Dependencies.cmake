# Every library that Convoy uses, all from Debian's packages (deploy/packages.txt lists them).
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: it brings protobuf_generate
find_package(gRPC CONFIG REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
set(BLA_VENDOR OpenBLAS)
find_package(BLAS REQUIRED)  # BLAS::BLAS; OpenBLAS's own config file defines no target
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(LibArchive REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(CLI11 CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
find_package(Boost REQUIRED)  # Beast and Asio: headers only
find_package(SQLite3 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial)
find_package(ONNX CONFIG REQUIRED)  # of its targets we use onnx_proto alone: the messages
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)
find_library(UNISTRING unistring REQUIRED)
if(BUILD_TESTING)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
endif()
