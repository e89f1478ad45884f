// Every word of figures and reports, English beside French, so that a missing translation does not
// compile and a stale one is seen in the same diff.
#include "common/figures/texts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/check.h"
#include "common/base/text_error.h"
#include "common/i18n/language.h"

namespace convoy::figures {
namespace {

constexpr char kNoBreakSpace[] = "\xC2\xA0";

constexpr Texts kEnglish = {
    .samples_title = "Training images and their labels",
    .curves_accuracy = "Accuracy",
    .curves_loss = "Loss",
    .loss_axis = "cross-entropy",
    .training = "training",
    .validation = "validation",
    .epoch = "epoch",
    .confusion_title = "Confusion matrix",
    .confusion_subtitle = "%s test images: %s right, %s mistakes",
    .confusion_by_row = "; share of the true class (%)",
    .confusion_shown = "; shown are %s of %s classes, first those most often mixed up",
    .predicted = "predicted",
    .actual = "true",
    .images = "images",
    .mistakes_title = "Misread images, the surest mistakes first",
    .mistakes_subtitle = "%s mistakes, of which %s are shown",
    .no_mistakes = "No image was misread.",
    .mistake_caption = "true %s, read as %s",
    .mistake_actual = "true %s",
    .mistake_predicted = "read as %s",
    .confidence = "%s sure",
    .filters_title = "Filters of %s",
    .filters_subtitle = "%s filters of %s x %s weights; input channels: %s",
    .filters_shown = "; the first %s filters are shown",
    .filters_strongest = "; shown are the %s strongest filters and %s channels",
    .one_filter_title = "Filter %s of %s",
    .one_filter_subtitle = "its weights for %s of %s input channels, the strongest first",
    .filter_axis = "filter",
    .channel_axis = "input channel",
    .maps_title = "What %s makes of the image",
    .maps_subtitle = "%s, output %s",
    .maps_shown = "; the first %s of %s are shown",
    .maps_strongest = "; the %s strongest of %s are shown",
    .one_map_title = "What filter %s of %s makes of the image",
    .input = "input",
    .input_caption = "true: %s",
    .noise_title = "Images with gaussian noise of %s",
    .noise_original = "original",
    .noise_noisy = "noisy",
    .noise_curve_title = "Accuracy on noisy images",
    .noise_level = "noise (standard deviation; white is 1)",
    .accuracy_axis = "accuracy (%)",
    .generated_note = "Generated digits: this is not MNIST",
    .other_images_note = "Not the images that the network was trained on",
    .preview_title = "Images as training sees them",
    .preview_original = "as it is",
    .occlusion_title = "What the answer %s hangs on",
    .occlusion_subtitle = "Read as %s (%s sure); squares of %s x %s pixels are covered in turn",
    .occlusion_map = "drop of its probability when covered",
    .occlusion_less_sure = "framed: without it only %s sure",
    .occlusion_read_as = "framed: without it read as %s",
    .prediction_title = "Read as %s (%s sure)",
    .prediction_image = "what the network saw",
    .prediction_photo = "the picture",
    .prepared_inverted = "made light on dark; ",
    .prepared_unchanged = "in the form of MNIST already",
    .prepared_steps = "cut out %s x %s pixels; scaled to %s x %s; moved by (%s, %s)",
    .prepared_thickened = "; strokes made wider",
};

constexpr Texts kFrench = {
    .samples_title = "Images d'entraînement et leurs étiquettes",
    .curves_accuracy = "Précision",
    .curves_loss = "Perte",
    .loss_axis = "entropie croisée",
    .training = "entraînement",
    .validation = "validation",
    .epoch = "époque",
    .confusion_title = "Matrice de confusion",
    .confusion_subtitle = "%s images de test : %s justes, %s erreurs",
    .confusion_by_row = " ; part de la classe réelle (%)",
    .confusion_shown = " ; %s classes sur %s sont montrées, d'abord les plus souvent confondues",
    .predicted = "prédit",
    .actual = "réel",
    .images = "images",
    .mistakes_title = "Images mal lues, d'abord celles où le réseau était le plus sûr",
    .mistakes_subtitle = "erreurs : %s, montrées : %s",
    .no_mistakes = "Aucune image n'a été mal lue.",
    .mistake_caption = "réel %s, prédit %s",
    .mistake_actual = "réel %s",
    .mistake_predicted = "prédit %s",
    .confidence = "sûr à %s",
    .filters_title = "Filtres de %s",
    .filters_subtitle = "%s filtres de %s x %s poids ; canaux d'entrée : %s",
    .filters_shown = " ; les %s premiers filtres sont montrés",
    .filters_strongest = " ; sont montrés les %s filtres et les %s canaux les plus forts",
    .one_filter_title = "Filtre %s de %s",
    .one_filter_subtitle = "ses poids pour %s des %s canaux d'entrée, les plus forts d'abord",
    .filter_axis = "filtre",
    .channel_axis = "canal d'entrée",
    .maps_title = "Ce que %s fait de l'image",
    .maps_subtitle = "%s, sortie %s",
    .maps_shown = " ; les %s premières sur %s sont montrées",
    .maps_strongest = " ; les %s plus fortes sur %s sont montrées",
    .one_map_title = "Ce que le filtre %s de %s fait de l'image",
    .input = "entrée",
    .input_caption = "réel : %s",
    .noise_title = "Images avec un bruit gaussien de %s",
    .noise_original = "original",
    .noise_noisy = "bruité",
    .noise_curve_title = "Précision sur des images bruitées",
    .noise_level = "bruit (écart type ; le blanc vaut 1)",
    .accuracy_axis = "précision (%)",
    .generated_note = "Chiffres générés : ce n'est pas MNIST",
    .other_images_note = "Pas les images sur lesquelles le réseau a été entraîné",
    .preview_title = "Les images telles que l'entraînement les voit",
    .preview_original = "telle quelle",
    .occlusion_title = "De quoi dépend la réponse %s",
    .occlusion_subtitle =
        "Lu comme %s (sûr à %s) ; des carrés de %s x %s pixels sont couverts tour à tour",
    .occlusion_map = "baisse de sa probabilité une fois couvert",
    .occlusion_less_sure = "cadre : sans lui, sûr à %s seulement",
    .occlusion_read_as = "cadre : sans lui, lu comme %s",
    .prediction_title = "Lu comme %s (sûr à %s)",
    .prediction_image = "ce que le réseau a vu",
    .prediction_photo = "la photo",
    .prepared_inverted = "mise en clair sur foncé ; ",
    .prepared_unchanged = "déjà dans la forme de MNIST",
    .prepared_steps = "découpe de %s x %s pixels ; mise à %s x %s ; déplacée de (%s, %s)",
    .prepared_thickened = " ; traits épaissis",
};

}  // namespace

absl::StatusOr<Language> LanguageOf(std::string_view name) {
  if (name == "en") return Language::kEnglish;
  if (name == "fr") return Language::kFrench;
  if (name.empty()) {
    constexpr std::string_view kFrenchOnly[] = {"fr"};
    return i18n::UserLanguage(kFrenchOnly) == "fr" ? Language::kFrench : Language::kEnglish;
  }
  return InvalidArgumentTextError("lang: there are only en and fr, not '$0'", std::string(name));
}

std::string_view LanguageCode(Language language) {
  return language == Language::kFrench ? "fr" : "en";
}

const Texts& TextsIn(Language language) {
  return language == Language::kFrench ? kFrench : kEnglish;
}

std::string Fill(std::string_view pattern, std::initializer_list<std::string_view> values) {
  std::string result;
  for (const std::string_view value : values) {
    const size_t place = pattern.find("%s");
    CONVOY_CHECK(place != std::string_view::npos);
    result += pattern.substr(0, place);
    result += value;
    pattern.remove_prefix(place + 2);
  }
  CONVOY_CHECK(pattern.find("%s") == std::string_view::npos);
  result += pattern;
  return result;
}

std::string Number(Language language, double value, int decimals) {
  const std::string text = absl::StrFormat("%.*f", decimals, value);
  return language == Language::kFrench ? absl::StrReplaceAll(text, {{".", ","}}) : text;
}

std::string ShortNumber(Language language, double value) {
  std::string text = Number(language, value, 2);
  while (text.back() == '0') text.pop_back();
  if (!absl::ascii_isdigit(text.back())) text.pop_back();
  return text;
}

std::string Percent(Language language, double share, int decimals) {
  return absl::StrCat(Number(language, 100 * share, decimals),
                      language == Language::kFrench ? kNoBreakSpace : "", "%");
}

std::string Count(Language language, int64_t value) {
  std::string text = absl::StrCat(value);
  const size_t first = value < 0 ? 1 : 0;
  for (size_t place = text.size(); place > first + 3;) {
    place -= 3;
    text.insert(place, language == Language::kFrench ? kNoBreakSpace : ",");
  }
  return text;
}

}  // namespace convoy::figures
