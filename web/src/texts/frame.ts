import { table } from "./table";

export const frameTexts = table({
  pages: ["Pages", "Pages"],
  skip: ["Skip to content", "Aller au contenu"],
  theme: ["Colours: {theme}", "Couleurs : {theme}"],
  theme_system: ["as the system", "celles du système"],
  theme_light: ["light", "clair"],
  theme_dark: ["dark", "sombre"],
  away: ["The coordinator does not answer. This page goes on by itself when it is back.",
    "Le coordinateur ne répond pas. Cette page continuera d’elle-même à son retour."],
  copy: ["Copy", "Copier"],
  copied: ["Copied", "Copié"],
  keep: ["Leave it", "Ne rien faire"],
  token: ["Token of the coordinator", "Jeton du coordinateur"],
  tokenHelp: ["Whoever runs the coordinator has it. It stays in this window only.", "La personne qui gère le coordinateur le connaît. Il reste dans cette fenêtre."],
  none: ["none", "aucun"],
  number: ["no. {n}", "n° {n}"],
  jobs: ["Jobs", "Entraînements"],
  job: ["Job", "Entraînement"],
  draw: ["Draw", "Dessiner"],
  compare: ["Compare", "Comparer"],
  lesson: ["Lesson", "Leçon"],
});
