// One network that reads what is drawn: its probabilities, and for the first network the prepared image and the maps.
import { type FeatureMaps, ModelService, type Prediction, type Preparation, type RawImage, type TrainedModel } from "../api/api";
import { call } from "../rpc/client";
import { withNoise } from "./pictures";

export interface Reading {
  prediction: Prediction;
  image: RawImage;  // as the network saw it, with its noise
}

// What there is to read, and how the coordinator brings it to the network's form: of a drawing everything is the digit,
// in a picture it has to be found.
export interface Sheet {
  image: RawImage;
  preparation: "DRAWING" | "AUTOMATIC";
}

// Noise is laid over the prepared image, so that is asked for first.
export async function readImage(model: TrainedModel, sheet: Sheet, noise: number, signal: AbortSignal): Promise<Reading> {
  const plain = await predict(model, sheet.image, sheet.preparation, signal);
  const prepared = plain.preparedImage!;
  if (noise === 0) return { prediction: plain, image: prepared };
  const noisy = withNoise(prepared, noise);
  return { prediction: { ...(await predict(model, noisy, "NONE", signal)), preparation: plain.preparation }, image: noisy };
}

async function predict(model: TrainedModel, image: RawImage, preparation: Preparation, signal: AbortSignal): Promise<Prediction> {
  const answer = await call(ModelService.predict,
    { name: model.name, images: [{ raw: image }], preparation, includePreparedImages: true }, { signal });
  return answer.predictions[0]!;
}

export async function readMaps(model: TrainedModel, prepared: RawImage, signal: AbortSignal): Promise<FeatureMaps[]> {
  return (await call(ModelService.getFeatureMaps, { name: model.name, image: { raw: prepared }, preparation: "NONE" }, { signal })).layers;
}
