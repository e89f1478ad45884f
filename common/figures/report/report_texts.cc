#include "common/figures/report/report_texts.h"

namespace convoy::gallery {
namespace {

constexpr ReportTexts kEnglish = {
    .title = "Report of the run %s",
    .lead = "The network '%s', trained on %s, reads %s of the test images right.",
    .run_heading = "1. The run",
    .data_heading = "2. The data",
    .data_lead =
        "%s images to train on, %s held out to validate, %s to test. Pixels are divided by 255.",
    .network_heading = "3. The network",
    .network_lead = "Its layers, the shapes of their outputs and their parameters:",
    .training_heading = "4. Training",
    .training_lead = "%s epochs in %s seconds, %s images a second (median epoch), on %s ranks.",
    .recipe = "The recipe: trainer --recipe trains with it again, to the same weights.",
    .evaluation_heading = "5. Evaluation",
    .evaluation_lead = "%s of %s test images are read right (loss %s): %s mistakes.",
    .features_heading = "6. Filters and feature maps",
    .features_lead =
        "The filters that the training found, and what the layers make of test image "
        "%s.",
    .noise_heading = "7. Noisy images",
    .noise_lead = "The first %s test images with gaussian noise of %s, clipped to black and white:",
    .improve_heading = "8. A better network",
    .improve_lead =
        "Write a network of your own in a file, or change the recipe, and compare the reports:",
    .save_heading = "9. Taking the model along",
    .save_lead =
        "model.convoy, in this run's directory, holds the trained network. Take it to Keras, "
        "or read your own digits with it:",
    .epoch = "epoch",
    .image = "image",
    .actual = "true",
    .predicted = "original read as",
    .noisy = "noisy read as",
    .class_name = "class",
    .precision = "precision",
    .recall = "recall",
    .images = "images",
    .noise_level = "noise",
    .accuracy = "accuracy",
    .seed = "seed",
    .ranks = "ranks",
    .threads = "threads of each rank",
    .hosts = "computers",
    .kernels = "instruction set, OpenBLAS core",
    .weights = "SHA-256 of the weights",
    .version = "Convoy",
};

constexpr ReportTexts kFrench = {
    .title = "Rapport de l'entraînement %s",
    .lead = "Le réseau « %s », entraîné sur %s, lit correctement %s des images de test.",
    .run_heading = "1. L'exécution",
    .data_heading = "2. Les données",
    .data_lead =
        "%s images d'entraînement, %s de validation, %s de test. Les pixels sont divisés "
        "par 255.",
    .network_heading = "3. Le réseau",
    .network_lead = "Ses couches, la forme de leurs sorties et leurs paramètres :",
    .training_heading = "4. L'entraînement",
    .training_lead =
        "%s époques en %s secondes, %s images par seconde (époque médiane), sur %s rangs.",
    .recipe = "La recette : trainer --recipe refait cet entraînement et obtient les mêmes poids.",
    .evaluation_heading = "5. L'évaluation",
    .evaluation_lead = "%s des %s images de test sont bien lues (perte %s) : %s erreurs.",
    .features_heading = "6. Filtres et cartes de caractéristiques",
    .features_lead =
        "Les filtres que l'entraînement a trouvés, et ce que les couches font de "
        "l'image de test %s.",
    .noise_heading = "7. Images bruitées",
    .noise_lead =
        "Les %s premières images de test avec un bruit gaussien de %s, bornées au noir et "
        "au blanc :",
    .improve_heading = "8. Un meilleur réseau",
    .improve_lead =
        "Décrivez votre propre réseau dans un fichier, ou changez la recette, et "
        "comparez les rapports :",
    .save_heading = "9. Emporter le modèle",
    .save_lead =
        "model.convoy, dans le répertoire de cet entraînement, contient le réseau "
        "entraîné. Emportez-le vers Keras, ou lisez vos propres chiffres avec lui :",
    .epoch = "époque",
    .image = "image",
    .actual = "réel",
    .predicted = "original lu comme",
    .noisy = "bruitée lue comme",
    .class_name = "classe",
    .precision = "précision",
    .recall = "rappel",
    .images = "images",
    .noise_level = "bruit",
    .accuracy = "précision",
    .seed = "graine",
    .ranks = "rangs",
    .threads = "threads de chaque rang",
    .hosts = "ordinateurs",
    .kernels = "jeu d'instructions, cœur d'OpenBLAS",
    .weights = "SHA-256 des poids",
    .version = "Convoy",
};

}  // namespace

const ReportTexts& ReportTextsIn(figures::Language language) {
  return language == figures::Language::kFrench ? kFrench : kEnglish;
}

}  // namespace convoy::gallery
