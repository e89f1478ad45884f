// Every word of a report, English beside French, as common/figures/texts.cc has those of figures.
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
    .training_lead = "%s in %s seconds, %s images a second (median epoch), on %s.",
    .one_epoch = "1 epoch",
    .epochs = "%s epochs",
    .one_rank = "1 rank",
    .several_ranks = "%s ranks",
    .generated = "generated digits",
    .recipe = "The recipe: trainer --recipe trains with it again, to the same weights.",
    .evaluation_heading = "5. Evaluation",
    .evaluation_lead = "%s of %s test images are read right (loss %s): %s mistakes.",
    .features_heading = "6. Filters and feature maps",
    .features_lead =
        "The filters that the training found, and what the layers make of test image "
        "%s.",
    .answer_heading = "6. What an answer hangs on",
    .answer_lead = "This network has no filters to show; what it looks at in test image %s:",
    .noise_heading = "7. Noisy images",
    .noise_lead = "The first %s test images with gaussian noise of %s, clipped to black and white:",
    .improve_heading = "8. A better network",
    .improve_lead =
        "Write a network of your own in a file, or change the recipe, and compare the reports:",
    .save_heading = "9. Taking the model along",
    .save_lead =
        "model.convoy, in this run's directory, holds the trained network. Take it to Keras, "
        "or read your own digits with it:",
    .see_samples =
        "Would you read each of them at once? What a person hesitates at, the network will, too.",
    .see_curves =
        "The loss should fall and flatten. Validation above training is usual where dropout "
        "hampers "
        "the network in training only. Where validation gets worse while training gets better, the "
        "network learns its images by heart.",
    .see_confusion =
        "The diagonal is right, every number beside it counts a mistake. Look for the darkest cell "
        "beside the diagonal: these two classes are alike for the network.",
    .see_mistakes =
        "Of these mistakes the network was surest. Some of the images a person would misread, too; "
        "the others tell what it has not learnt.",
    .see_filters =
        "Blue weights are negative, orange ones positive. A filter that is orange on one side and "
        "blue on the other answers to an edge in that direction.",
    .see_maps =
        "Each map shows where one filter answers. Maps that stay dark found nothing here; the "
        "deeper the layer, the coarser and the fewer the answers.",
    .see_occlusion =
        "A square of the image is covered, and the network asked again: where the map is orange, "
        "the "
        "answer hangs on what is there; where it is blue, the network is surer without it. Look "
        "whether it is the strokes that count, or something that a person would not look at.",
    .see_noise =
        "Compare how sure the network is with and without noise: certainty goes before the "
        "answer is wrong.",
    .see_noise_curve =
        "The further right the curve stays high, the more robust the network. Training with noise "
        "moves it.",
    .name = "name",
    .tags = "tags",
    .note = "note",
    .epoch = "epoch",
    .image = "image",
    .actual = "true",
    .predicted = "original read as",
    .noisy = "noisy read as",
    .worst_classes = "The %s of %s classes that the network tells apart worst (lowest F1):",
    .all_classes = "All %s classes",
    .class_name = "class",
    .precision = "precision",
    .recall = "recall",
    .images = "images",
    .noise_level = "noise",
    .accuracy = "accuracy",
    .seed = "seed",
    .ranks = "ranks",
    .threads = "threads of each rank",
    .hosts = "hosts",
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
    .training_lead = "%s en %s secondes, %s images par seconde (époque médiane), sur %s.",
    .one_epoch = "1 époque",
    .epochs = "%s époques",
    .one_rank = "1 rang",
    .several_ranks = "%s rangs",
    .generated = "des chiffres générés",
    .recipe = "La recette : trainer --recipe refait cet entraînement et obtient les mêmes poids.",
    .evaluation_heading = "5. L'évaluation",
    .evaluation_lead = "%s des %s images de test sont bien lues (perte %s) : %s erreurs.",
    .features_heading = "6. Filtres et cartes de caractéristiques",
    .features_lead =
        "Les filtres que l'entraînement a trouvés, et ce que les couches font de "
        "l'image de test %s.",
    .answer_heading = "6. De quoi dépend une réponse",
    .answer_lead =
        "Ce réseau n'a pas de filtres à montrer ; ce qu'il regarde dans l'image de test %s :",
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
    .see_samples =
        "Les liriez-vous toutes du premier coup ? Là où une personne hésite, le réseau hésitera "
        "aussi.",
    .see_curves =
        "La perte doit baisser, puis se stabiliser. Une validation meilleure que l'entraînement "
        "est "
        "normale quand le dropout ne gêne le réseau qu'à l'entraînement. Si la validation se "
        "dégrade tandis que l'entraînement progresse, le réseau apprend ses images par cœur.",
    .see_confusion =
        "La diagonale est juste, chaque nombre à côté compte des erreurs. Cherchez la case la plus "
        "foncée hors de la diagonale : pour le réseau, ces deux classes se ressemblent.",
    .see_mistakes =
        "Ce sont les erreurs dont le réseau était le plus sûr. Une personne se tromperait aussi "
        "sur "
        "certaines ; les autres disent ce qu'il n'a pas appris.",
    .see_filters =
        "Les poids bleus sont négatifs, les orange positifs. Un filtre orange d'un côté et bleu de "
        "l'autre répond à un bord de cette direction.",
    .see_maps =
        "Chaque carte montre où un filtre répond. Celles qui restent sombres n'ont rien trouvé ici "
        "; "
        "plus la couche est profonde, plus les réponses sont grossières et rares.",
    .see_occlusion =
        "On couvre un carré de l'image et on interroge de nouveau le réseau : là où la carte est "
        "orange, la réponse dépend de ce qui s'y trouve ; là où elle est bleue, le réseau est plus "
        "sûr sans cela. Regardez si ce sont bien les traits qui comptent, ou quelque chose qu'une "
        "personne ne regarderait pas.",
    .see_noise =
        "Comparez combien le réseau est sûr avec et sans bruit : la certitude s'en va avant que la "
        "réponse soit fausse.",
    .see_noise_curve =
        "Plus la courbe reste haute vers la droite, plus le réseau est robuste. S'entraîner avec "
        "du "
        "bruit la déplace.",
    .name = "nom",
    .tags = "étiquettes",
    .note = "note",
    .epoch = "époque",
    .image = "image",
    .actual = "réel",
    .predicted = "original lu comme",
    .noisy = "bruitée lue comme",
    .worst_classes =
        "Les %s classes sur %s que le réseau distingue le moins bien (F1 le plus bas) :",
    .all_classes = "Les %s classes",
    .class_name = "classe",
    .precision = "fiabilité (precision)",
    .recall = "rappel",
    .images = "images",
    .noise_level = "bruit",
    .accuracy = "précision",
    .seed = "graine",
    .ranks = "rangs",
    .threads = "threads de chaque rang",
    .hosts = "machines",
    .kernels = "jeu d'instructions, cœur d'OpenBLAS",
    .weights = "SHA-256 des poids",
    .version = "Convoy",
};

}  // namespace

const ReportTexts& ReportTextsIn(figures::Language language) {
  return language == figures::Language::kFrench ? kFrench : kEnglish;
}

}  // namespace convoy::gallery
