// Every word that the page says, in English and in French. A text without its translation does not compile.
import { drawTexts } from "./draw";
import { frameTexts } from "./frame";
import { jobTexts } from "./jobs";
import { lessonTexts } from "./lesson";

export const texts = { ...frameTexts, ...jobTexts, ...drawTexts, ...lessonTexts };
