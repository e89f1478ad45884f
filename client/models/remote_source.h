// A model that a coordinator has.
#pragma once

#include <memory>
#include <string>

#include "client/models/model_source.h"
#include "client/remote/coordinator.h"

namespace convoy::client {

// `name` is whole: "models/first".
std::unique_ptr<ModelSource> OpenRemoteModel(std::unique_ptr<Coordinator> coordinator,
                                             const std::string& name);

}  // namespace convoy::client
