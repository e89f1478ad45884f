// Every word that figures and reports show, in English and French: one table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace convoy::figures {

enum class Language { kEnglish, kFrench };

// Returns the language of "en" or "fr"; with "" the user's (i18n::UserLanguage).
// Returns INVALID_ARGUMENT, naming --lang, for any other.
absl::StatusOr<Language> LanguageOf(std::string_view name);

// Returns "en" or "fr".
std::string_view LanguageCode(Language language);

// Words with "%s" are completed by Fill.
struct Texts {
  const char* samples_title;
  const char* curves_accuracy;
  const char* curves_loss;
  const char* loss_axis;
  const char* training;
  const char* validation;
  const char* epoch;
  const char* confusion_title;
  const char* confusion_subtitle;  // images, accuracy, mistakes
  const char* confusion_by_row;
  const char* confusion_shown;  // shown classes, of
  const char* predicted;
  const char* actual;
  const char* images;
  const char* mistakes_title;
  const char* mistakes_subtitle;  // mistakes, shown
  const char* no_mistakes;
  const char* mistake_caption;      // actual, predicted
  const char* mistake_actual;       // of two lines the first
  const char* mistake_predicted;    // and the second
  const char* confidence;           // percentage
  const char* filters_title;        // layer
  const char* filters_subtitle;     // filters, height, width, channels
  const char* filters_shown;        // shown filters
  const char* filters_strongest;    // filters, channels
  const char* one_filter_title;     // number, layer
  const char* one_filter_subtitle;  // shown channels, of
  const char* filter_axis;
  const char* channel_axis;
  const char* maps_title;      // layer
  const char* maps_subtitle;   // layer's type, shape
  const char* maps_shown;      // shown, of
  const char* maps_strongest;  // shown, of
  const char* one_map_title;   // number, layer
  const char* input;
  const char* input_caption;  // label
  const char* noise_title;    // level
  const char* noise_original;
  const char* noise_noisy;
  const char* noise_curve_title;
  const char* noise_level;
  const char* accuracy_axis;
  const char* generated_note;
  const char* other_images_note;
  const char* preview_title;
  const char* preview_original;
  const char* occlusion_title;      // answer
  const char* occlusion_subtitle;   // answer, percentage, height, width of a square
  const char* occlusion_map;        // what its scale says
  const char* occlusion_less_sure;  // percentage
  const char* occlusion_read_as;    // another answer
  const char* prediction_title;     // class, percentage
  const char* prediction_image;
  const char* prediction_photo;
  const char* prepared_inverted;
  const char* prepared_unchanged;
  const char* prepared_steps;  // width, height, scaled width, scaled height, shift right, down
  const char* prepared_thickened;
};

const Texts& TextsIn(Language language);

// Returns `pattern` with its "%s" replaced, in order. REQUIRES: as many values as "%s".
std::string Fill(std::string_view pattern, std::initializer_list<std::string_view> values);

// Returns the number with so many decimals: "0.25", "0,25".
std::string Number(Language language, double value, int decimals);

// Returns the number rounded to two decimals, without zeros at the end: "0.3".
std::string ShortNumber(Language language, double value);

// Returns the share as a percentage: "99.02%", "99,02 %".
std::string Percent(Language language, double share, int decimals);

// Returns the number with its thousands apart: "10,000", "10 000".
std::string Count(Language language, int64_t value);

}  // namespace convoy::figures
