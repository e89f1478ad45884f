// The words of report.html in English and French.
#pragma once

#include "common/figures/texts.h"

namespace convoy::gallery {

// Words with "%s" are completed by figures::Fill.
struct ReportTexts {
  const char* title;  // run
  const char* lead;   // model, data, accuracy
  const char* run_heading;
  const char* data_heading;
  const char* data_lead;  // training, validation, test images
  const char* network_heading;
  const char* network_lead;
  const char* training_heading;
  const char* training_lead;  // epochs, seconds, images a second, ranks
  const char* one_epoch;
  const char* epochs;  // number
  const char* one_rank;
  const char* several_ranks;  // number
  const char* generated;      // data that are no MNIST
  const char* recipe;
  const char* evaluation_heading;
  const char* evaluation_lead;  // accuracy, images, loss, mistakes
  const char* features_heading;
  const char* features_lead;   // image
  const char* answer_heading;  // where the network has no filters to show
  const char* answer_lead;     // image
  const char* noise_heading;
  const char* noise_lead;  // images, level
  const char* improve_heading;
  const char* improve_lead;
  const char* save_heading;
  const char* save_lead;
  const char* see_samples;  // what to see in each figure
  const char* see_curves;
  const char* see_confusion;
  const char* see_mistakes;
  const char* see_filters;
  const char* see_maps;
  const char* see_occlusion;
  const char* see_noise;
  const char* see_noise_curve;
  const char* name;
  const char* tags;
  const char* note;
  const char* epoch;
  const char* image;
  const char* actual;
  const char* predicted;
  const char* noisy;
  const char* worst_classes;  // shown, of
  const char* all_classes;    // classes
  const char* class_name;
  const char* precision;
  const char* recall;
  const char* images;
  const char* noise_level;
  const char* accuracy;
  const char* seed;
  const char* ranks;
  const char* threads;
  const char* hosts;
  const char* kernels;
  const char* weights;
  const char* version;
};

const ReportTexts& ReportTextsIn(figures::Language language);

}  // namespace convoy::gallery
