#include "common/exports/hdf5/hdf5_handle.h"

namespace convoy::exports {
namespace {

std::mutex& LibraryMutex() {
  static std::mutex mutex;
  return mutex;
}

// Keeps the innermost description: the stack is walked from there.
herr_t KeepFirst(unsigned n, const H5E_error2_t* error, void* reason) {
  if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(reason) = error->desc;
  return 0;
}

}  // namespace

Hdf5Session::Hdf5Session() : lock_(LibraryMutex()) {
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

Hdf5Session::~Hdf5Session() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }

std::string Hdf5Reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, KeepFirst, &reason);
  // Descriptions may quote the file.
  for (char& c : reason) {
    if (c < ' ' || c > '~') c = '?';
  }
  return reason.empty() ? "unknown error" : reason;
}

}  // namespace convoy::exports
