#include "common/recipes/default_recipe.h"

#include "common/optim/optimizer.h"

namespace convoy::recipes {

v1::Recipe DefaultRecipe() {
  const optim::OptimizerConfig optimizer;
  v1::Recipe recipe;
  recipe.set_model_name("notebook");
  recipe.set_batch_size(128);
  recipe.set_micro_batch(16);
  recipe.set_epochs(5);
  recipe.set_seed(42);
  recipe.set_validation_split(0.2);
  recipe.set_train_limit(0);
  recipe.mutable_optimizer()->set_name("adam");
  recipe.mutable_optimizer()->set_learning_rate(optimizer.learning_rate);
  recipe.mutable_optimizer()->set_momentum(optimizer.momentum);
  recipe.mutable_optimizer()->set_nesterov(optimizer.nesterov);
  recipe.mutable_optimizer()->set_beta_1(optimizer.beta_1);
  recipe.mutable_optimizer()->set_beta_2(optimizer.beta_2);
  recipe.mutable_optimizer()->set_epsilon(optimizer.epsilon);
  recipe.set_reduce("exact");
  return recipe;
}

}  // namespace convoy::recipes
